/** Which events somebody wants to hear of. Pure. */
import type { Contact, EventEnvelope, EventName } from '../events.ts';
import type { ContactId, Jid, SessionId } from '../ids.ts';

export type ChatKinds = 'all' | 'direct' | 'groups';
export const CHAT_KINDS: readonly ChatKinds[] = ['all', 'direct', 'groups'];

export interface EventFilter {
  /** The session it listens to; null for more than one. */
  sessionId: SessionId | null;
  /** Only sessions of this tenant; null for those of every tenant. */
  tenantId: string | null;
  events: readonly EventName[];
  /** Of events in a chat: only those in chats of this kind. */
  chats: ChatKinds;
  /** Of events somebody caused: only theirs, by any of their addresses; empty for everybody's. */
  senders: readonly (Jid | ContactId)[];
}

/** Whose events: without looking at the events themselves. */
export const covers = (
  { sessionId, tenantId }: Pick<EventFilter, 'sessionId' | 'tenantId'>,
  session: SessionId,
  tenant: string | null,
): boolean => (sessionId === null || sessionId === session) && (tenantId === null || tenantId === tenant);

/** Whether an event of a session it covers is wanted. */
export function wants({ events, chats, senders }: EventFilter, { event, data }: EventEnvelope): boolean {
  if (!events.includes(event)) return false;
  const chat = 'chat' in data ? data.chat : null;
  if (chat && chats !== 'all' && chat.isGroup !== (chats === 'groups')) return false;
  const from = 'from' in data ? data.from : null;
  return from === null || senders.length === 0 || senders.some((sender) => isOf(from, sender));
}

const isOf = ({ contactId, jid, lid, phone }: Contact, sender: Jid | ContactId): boolean =>
  sender === contactId || sender === jid || sender === lid || sender === `${phone?.slice(1)}@s.whatsapp.net`;
