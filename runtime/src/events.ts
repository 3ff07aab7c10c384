/**
 * The events the runtime tells the outside world, by webhook. Every event has a stable id (the same fact reported twice
 * has the same id), a sequence number within its session, and a schema version.
 */
import type { EventId, Jid, MessageId, SessionId } from './ids.ts';

/** A person as far as known. `contactId` stays the same whichever address they write from. */
export interface Contact {
  contactId: string;
  /** `+<digits>`, or null when WhatsApp has only told their LID. */
  phone: string | null;
  lid: Jid | null;
  /** The address to answer to. */
  jid: Jid;
  /** The name they gave themselves, or null. */
  pushName: string | null;
}

/** What a message carries. `unsupported` is any kind this version does not describe yet; its caption is in `text`. */
export type MessageKind = 'text' | 'unsupported';

/** A message arrived, live or replayed after being offline. */
export interface MessageEvent {
  messageId: MessageId;
  chat: { jid: Jid; isGroup: boolean };
  from: Contact;
  fromMe: boolean;
  kind: MessageKind;
  /** The text, always here whatever kind carries it; empty when there is none. */
  text: string;
  /** The id of the message this one answers, or null. */
  quotedMessageId: string | null;
  /** When it was sent, ms since 1970. */
  sentAt: number;
  /** True when it came while the session was away and was replayed. */
  offline: boolean;
}

/** A message the session sent has come one step further, or failed. */
export interface MessageAckEvent {
  messageId: MessageId;
  status: 'sent' | 'delivered' | 'read' | 'failed';
  chat: { jid: Jid; isGroup: boolean };
  /** Why it failed: WhatsApp's error number or the runtime's code; null otherwise. */
  error: string | null;
}

/** The session's connection changed state. */
export interface ConnectionUpdateEvent {
  status: string;
  /** Stable reason code, a sentence for people, and what they can do. */
  reason: { code: string; message: string; action: string };
}

/** There is a new QR code to scan. */
export interface QrUpdateEvent {
  qr: string;
  /** Seconds it can still be scanned. */
  expiresIn: number;
}

/** Something a person has to look at has begun, or is over. `alert` is the stable code of what it is. */
export interface AlertEvent {
  alert: string;
  state: 'firing' | 'resolved';
  /** A sentence for people, and what they can do. */
  message: string;
  action: string;
}

export interface EventData {
  message: MessageEvent;
  'message.ack': MessageAckEvent;
  'connection.update': ConnectionUpdateEvent;
  'qr.update': QrUpdateEvent;
  alert: AlertEvent;
}

/** The event names with the sentence the documentation shows for each. */
export const EVENTS = {
  message: 'A message arrived.',
  'message.ack': 'A sent message was accepted by WhatsApp, delivered, read, or has failed.',
  'connection.update': 'The connection of a session changed state.',
  'qr.update': 'A new QR code is ready to be scanned.',
  alert: 'Something about a session needs a person, or no longer does.',
} as const satisfies Record<keyof EventData, string>;

export type EventName = keyof EventData;
export const EVENT_NAMES = Object.keys(EVENTS) as EventName[];

/** A fact to be published; `fact` makes its id, see `eventIdFor`. */
export type Fact = { [Name in EventName]: { event: Name; fact: string; data: EventData[Name] } }[EventName];

/** An event as receivers get it, in JSON. */
export interface EventEnvelope {
  id: EventId;
  event: EventName;
  version: 1;
  sessionId: SessionId;
  sessionHash: string;
  /** Counts a session's events from 1; a gap tells a receiver that it missed some (or does not subscribe to them). */
  sequence: number;
  /** When the runtime learnt of it, ms since 1970. */
  timestamp: number;
  data: EventData[EventName];
}
