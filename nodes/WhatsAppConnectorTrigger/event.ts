import type { IDataObject } from 'n8n-workflow';

/** The events to choose from, as the runtime names them. */
export const EVENT_OPTIONS = [
  { name: 'Alert', value: 'alert', description: 'A session needs somebody to look at it, or no longer does' },
  {
    name: 'Connection Update',
    value: 'connection.update',
    description: 'The connection of a session changed: linked, lost, repaired, logged out',
  },
  { name: 'Message', value: 'message', description: 'A message arrived' },
  { name: 'Message Deleted', value: 'message.deleted', description: 'A message was deleted for everyone' },
  { name: 'Message Edited', value: 'message.edited', description: 'A message was changed by who wrote it' },
  {
    name: 'Message Reaction',
    value: 'message.reaction',
    description: 'Somebody reacted to a message, or took the reaction back',
  },
  {
    name: 'Message Status',
    value: 'message.ack',
    description: 'A message that was sent is on its way, was delivered or read, or could not be sent',
  },
  {
    name: 'Message Undecryptable',
    value: 'message.undecryptable',
    description: 'A message came that cannot be read yet; WhatsApp is asked for it again',
  },
  { name: 'Poll Vote', value: 'poll.vote', description: 'Somebody voted in a poll' },
  {
    name: 'Session Restriction',
    value: 'session.restriction',
    description: 'WhatsApp holds the account back from beginning new chats, or does no more',
  },
  { name: 'QR Code', value: 'qr.update', description: 'A new code is there to be scanned with the phone' },
];

/** What the runtime posts. */
export interface EventEnvelope {
  id: string;
  event: string;
  sessionId: string;
  sessionHash: string;
  sequence: number;
  timestamp: number;
  data: IDataObject;
}

/** Which events of a chosen kind start the workflow. */
export interface EventFilter {
  includeOwnMessages?: boolean;
  ignoreGroups?: boolean;
  messageStatuses?: string[];
}

/** Reads a delivery's body; null when it is not an event. */
export function readEvent(body: unknown): EventEnvelope | null {
  if (!isObject(body) || !isObject(body.data)) return null;
  const { id, event, sessionId, sessionHash, sequence, timestamp } = body;
  if (typeof id !== 'string' || typeof event !== 'string' || typeof sessionId !== 'string') return null;
  if (typeof sessionHash !== 'string' || typeof sequence !== 'number' || typeof timestamp !== 'number') return null;
  return { id, event, sessionId, sessionHash, sequence, timestamp, data: body.data };
}

/** Whether an event is one the workflow wants to run for. */
export function passes({ event, data }: EventEnvelope, filter: EventFilter): boolean {
  if (event === 'message') {
    if (data.fromMe === true && !filter.includeOwnMessages) return false;
    return !(filter.ignoreGroups && isObject(data.chat) && data.chat.isGroup === true);
  }
  const statuses = filter.messageStatuses ?? [];
  return event !== 'message.ack' || statuses.length === 0 || statuses.includes(String(data.status));
}

/** The item a workflow works with: what happened beside where and when, nothing nested that need not be. */
export const toItem = ({ id, data, ...envelope }: EventEnvelope): IDataObject => ({
  ...data,
  ...envelope,
  eventId: id,
});

const isObject = (value: unknown): value is IDataObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
