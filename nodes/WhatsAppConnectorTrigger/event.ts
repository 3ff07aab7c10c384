import type { IDataObject } from 'n8n-workflow';
import { isObject, type EventEnvelope } from '../shared/event';

/** The events to choose from, as the runtime names them. */
export const EVENT_OPTIONS = [
  { name: 'Alert', value: 'alert', description: 'A session needs somebody to look at it, or no longer does' },
  { name: 'Call', value: 'call', description: 'Somebody calls the account, or a call is over' },
  {
    name: 'Connection Update',
    value: 'connection.update',
    description: 'The connection of a session changed: linked, lost, repaired, logged out',
  },
  {
    name: 'Contact Merged',
    value: 'contact.merged',
    description: 'Two contacts turned out to be one person',
  },
  {
    name: 'Group Update',
    value: 'group.update',
    description: 'A group changed: its name, what may be done in it, or who is in it',
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
    name: 'Presence',
    value: 'presence',
    description: 'Somebody the session follows came online, went offline, or is writing',
  },
  {
    name: 'Session Restriction',
    value: 'session.restriction',
    description: 'WhatsApp holds the account back from beginning new chats, or does no more',
  },
  { name: 'QR Code', value: 'qr.update', description: 'A new code is there to be scanned with the phone' },
];

/** The kinds of messages to choose from, as the runtime names them. */
export const KIND_OPTIONS = [
  { name: 'Audio', value: 'audio' },
  { name: 'Contact Card', value: 'contacts' },
  { name: 'Document', value: 'document' },
  { name: 'Image', value: 'image' },
  { name: 'Location', value: 'location' },
  { name: 'Other', value: 'unsupported' },
  { name: 'Poll', value: 'poll' },
  { name: 'Sticker', value: 'sticker' },
  { name: 'Text', value: 'text' },
  { name: 'Video', value: 'video' },
  { name: 'Voice Message', value: 'voice' },
];

/** Which events of a chosen kind start the workflow. */
export interface EventFilter {
  includeOwnMessages?: boolean;
  ignoreGroups?: boolean;
  onlyGroups?: boolean;
  messageStatuses?: string[];
  messageKinds?: string[];
  /** In minutes. */
  ignoreOlderThan?: number;
  /** Numbers or addresses, separated by commas. */
  onlyFrom?: string;
  textContains?: string;
  /** A regular expression, in any case. */
  textMatches?: string;
}

const MINUTE_MS = 60_000;

/** Whether an event is one the workflow wants to run for. */
export function passes({ event, data }: EventEnvelope, filter: EventFilter, now: number): boolean {
  if (event === 'message') return isWanted(data, filter) && !isOld(data.sentAt, filter, now);
  return event !== 'message.ack' || isAmong(data.status, filter.messageStatuses);
}

const isOld = (sentAt: unknown, { ignoreOlderThan = Infinity }: EventFilter, now: number) =>
  Number(sentAt) < now - ignoreOlderThan * MINUTE_MS;

function isWanted(data: IDataObject, filter: EventFilter): boolean {
  if (data.fromMe === true && !filter.includeOwnMessages) return false;
  const inGroup = isObject(data.chat) && data.chat.isGroup === true;
  if (inGroup ? filter.ignoreGroups : filter.onlyGroups) return false;
  return isAmong(data.kind, filter.messageKinds) && isFromThem(data.from, filter.onlyFrom) && says(data.text, filter);
}

const isAmong = (value: unknown, wanted: string[] = []) => wanted.length === 0 || wanted.includes(String(value));

/** Numbers are compared by their digits, addresses as they are. */
function isFromThem(from: unknown, onlyFrom = ''): boolean {
  const wanted = onlyFrom.split(',').map((each) => each.trim());
  if (wanted.every((each) => each === '')) return true;
  const { phone, jid, lid } = isObject(from) ? from : ({} as IDataObject);
  const digits = String(phone ?? '').replace(/\D/g, '');
  return wanted.some((each) =>
    each.includes('@') ? each === jid || each === lid : digits !== '' && each.replace(/\D/g, '') === digits,
  );
}

function says(text: unknown, { textContains = '', textMatches = '' }: EventFilter): boolean {
  const words = String(text ?? '');
  if (!words.toLowerCase().includes(textContains.toLowerCase())) return false;
  return textMatches === '' || new RegExp(textMatches, 'iu').test(words);
}
