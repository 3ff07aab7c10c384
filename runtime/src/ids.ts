/**
 * Every identifier is branded and made or parsed only here, so that a phone number can never be passed where a JID is
 * meant, and no other file splits a JID.
 */
import { createHash, randomBytes } from 'node:crypto';
import { RuntimeError } from './errors.ts';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A session's id as its owner chose it: 1 to 64 of `A-Z a-z 0-9 _ -`. */
export type SessionId = Branded<'SessionId'>;
/** A WhatsApp message id, 22 upper-case hex digits beginning `3EB0`, as WhatsApp Web makes them. */
export type MessageId = Branded<'MessageId'>;
/** A normalised JID of a person or group: `<digits>@s.whatsapp.net`, `<digits>@lid` or `<id>@g.us`, no device part. */
export type Jid = Branded<'Jid'>;
/** A webhook subscription's id, `wh_` and 24 hex digits. */
export type WebhookId = Branded<'WebhookId'>;
/** What a received message is kept under, and its file is asked for by: `m_` and 24 hex digits. */
export type MediaId = Branded<'MediaId'>;
/** The id of a proxy in the pool, `prx_` and 24 hex digits. */
export type ProxyId = Branded<'ProxyId'>;
/** A bulk's id, `blk_` and 24 hex digits. */
export type BulkId = Branded<'BulkId'>;
/** A person's id within a session, `c_` and 20 hex digits, the same whichever of their addresses they are known by. */
export type ContactId = Branded<'ContactId'>;
/** An event's id, `evt_` and 32 hex digits, the same for the same fact however often it is reported. */
export type EventId = Branded<'EventId'>;

const SESSION_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const PHONE_JID = /^(\d{5,15})(?::\d+)?@(?:s\.whatsapp\.net|c\.us)$/;
const LID_JID = /^(\d{3,20})(?::\d+)?@lid$/;
const GROUP_JID = /^(\d{5,20}(?:-\d{5,15})?)@g\.us$/;
const PHONE_PUNCTUATION = /[\s().-]/g;

const hex = (bytes: number) => randomBytes(bytes).toString('hex');
const sha256 = (...parts: string[]) => createHash('sha256').update(parts.join('\u0000')).digest('hex');

/** Checks a session id given by a caller. Throws `invalid_session_id`. */
export function parseSessionId(value: string): SessionId {
  if (!SESSION_ID.test(value)) throw new RuntimeError('invalid_session_id');
  return value as SessionId;
}

/** A new session id for a caller who gave none. */
export const newSessionId = (): SessionId => `s_${hex(8)}` as SessionId;

/** The session's public hash, carried by each of its events so that a receiver can tell sessions apart (FR-SM-10). */
export const newSessionHash = (): string => hex(16);

/** Reads a stored webhook id. Throws `webhook_not_found` for anything that cannot be one. */
export function parseWebhookId(value: string): WebhookId {
  if (!/^wh_[0-9a-f]{24}$/.test(value)) throw new RuntimeError('webhook_not_found');
  return value as WebhookId;
}

/** The id of the subscription of one URL to the events of one session or tenant; asking again for the same gives the same id. */
export const webhookIdFor = (url: string, session: SessionId | null, tenant: string | null = null): WebhookId =>
  `wh_${sha256('webhook', url, session ?? '', ...(tenant === null ? [] : [tenant])).slice(0, 24)}` as WebhookId;

export const newProxyId = (): ProxyId => `prx_${hex(12)}` as ProxyId;

/** Checks a proxy id given by a caller. Throws `proxy_not_found` for anything that cannot be one. */
export function parseProxyId(value: string): ProxyId {
  if (!/^prx_[0-9a-f]{24}$/.test(value)) throw new RuntimeError('proxy_not_found');
  return value as ProxyId;
}

/** A message id, reserved before anything is sent; with a caller's key the same id each time it is asked for. */
export function reserveMessageId(session: SessionId, idempotencyKey?: string): MessageId {
  const rest = idempotencyKey === undefined ? hex(9) : sha256('message', session, idempotencyKey).slice(0, 18);
  return `3EB0${rest.toUpperCase()}` as MessageId;
}

/** The id of a new bulk; with a caller's key the same id each time it is asked for. */
export const newBulkId = (session: SessionId, idempotencyKey?: string): BulkId =>
  `blk_${idempotencyKey === undefined ? hex(12) : sha256('bulk', session, idempotencyKey).slice(0, 24)}` as BulkId;

/** Checks a bulk id given by a caller. Throws `bulk_not_found` for anything that cannot be one. */
export function parseBulkId(value: string): BulkId {
  if (!/^blk_[0-9a-f]{24}$/.test(value)) throw new RuntimeError('bulk_not_found');
  return value as BulkId;
}

/** Checks a message id given by a caller. Throws `message_not_found` for anything that cannot be one. */
export function parseMessageId(value: string): MessageId {
  if (!/^[0-9A-Za-z.-]{8,64}$/.test(value)) throw new RuntimeError('message_not_found');
  return value as MessageId;
}

/** One message of one chat; ids of messages are made by who sends them, so that two people may use the same. */
export const mediaIdFor = (session: SessionId, chat: Jid, message: MessageId, kind: string): MediaId =>
  `m_${sha256('media', session, chat, message, kind).slice(0, 24)}` as MediaId;

/** Reads the id of a file given by a caller. Throws `media_not_found` for anything that cannot be one. */
export function parseMediaId(value: string): MediaId {
  if (!/^m_[0-9a-f]{24}$/.test(value)) throw new RuntimeError('media_not_found');
  return value as MediaId;
}

/** The id of the event that reports a fact; `fact` names it, such as `ack:3EB0…:sent`. */
export const eventIdFor = (session: SessionId, fact: string): EventId =>
  `evt_${sha256('event', session, fact).slice(0, 32)}` as EventId;

/** The id of a test event. */
export const newEventId = (): EventId => `evt_${hex(16)}` as EventId;

/** Reads an event id given by a caller. Throws `event_not_found` for anything that cannot be one. */
export function parseEventId(value: string): EventId {
  if (!/^evt_[0-9a-f]{32}$/.test(value)) throw new RuntimeError('event_not_found');
  return value as EventId;
}

/** The id of a person first met under this address, of the LID where there is one. */
export const contactIdFor = (session: SessionId, address: Jid): ContactId =>
  `c_${sha256('contact', session, address).slice(0, 20)}` as ContactId;

/** Null for anything that cannot be one. */
export const toContactId = (value: string): ContactId | null =>
  /^c_[0-9a-f]{20}$/.test(value) ? (value as ContactId) : null;

/** Whom a message is for: as `parseRecipient`, or the id of a contact. Throws `invalid_recipient`. */
export const parseAddressee = (value: string): Jid | ContactId => toContactId(value.trim()) ?? parseRecipient(value);

/** Normalises what the wire gives (device parts, `c.us`); null for anything but a person or a group. */
export function toJid(value: string | null | undefined): Jid | null {
  if (!value) return null;
  const phone = PHONE_JID.exec(value);
  if (phone) return `${phone[1]}@s.whatsapp.net` as Jid;
  const lid = LID_JID.exec(value);
  if (lid) return `${lid[1]}@lid` as Jid;
  return GROUP_JID.test(value) ? (value as Jid) : null;
}

/** A recipient as people write it: `+1 555 010 0000`, digits, or a JID. Throws `invalid_recipient`. */
export function parseRecipient(value: string): Jid {
  const jid = toJid(value.trim());
  if (jid) return jid;
  const digits = value.trim().replace(PHONE_PUNCTUATION, '').replace(/^\+/, '');
  if (!/^[1-9]\d{6,14}$/.test(digits)) throw new RuntimeError('invalid_recipient');
  return `${digits}@s.whatsapp.net` as Jid;
}

/** The digits of a phone number as people write it. Throws `invalid_phone`. */
export function parsePhone(value: string): string {
  const digits = value.trim().replace(PHONE_PUNCTUATION, '').replace(/^\+/, '');
  if (!/^[1-9]\d{6,14}$/.test(digits)) throw new RuntimeError('invalid_phone');
  return digits;
}

export const isGroup = (jid: Jid): boolean => jid.endsWith('@g.us');
export const isLid = (jid: Jid): boolean => jid.endsWith('@lid');

/** The phone number of a phone-number JID as `+<digits>`; null for a LID or a group. */
export const phoneOf = (jid: Jid): string | null => (jid.endsWith('@s.whatsapp.net') ? `+${jid.slice(0, -15)}` : null);
