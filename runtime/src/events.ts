/**
 * The events the runtime tells the outside world, by webhook. Every event has a stable id (the same fact reported twice
 * has the same id), a sequence number within its session, and a schema version.
 */
import type { ContactId, EventId, Jid, MessageId, SessionId, WebhookId } from './ids.ts';

/** A person as far as known. `contactId` stays the same whichever address they write from. */
export interface Contact {
  contactId: ContactId;
  /** `+<digits>`, or null when WhatsApp has only told their LID. */
  phone: string | null;
  lid: Jid | null;
  /** The address to answer to. */
  jid: Jid;
  /** The name they gave themselves, or null. */
  pushName: string | null;
}

/** What a message is. `unsupported` is any kind this version does not describe; what words it has are in `text`. */
export type MessageKind =
  | 'text'
  | 'image'
  | 'video'
  | 'audio'
  | 'voice'
  | 'document'
  | 'sticker'
  | 'location'
  | 'contacts'
  | 'poll'
  | 'unsupported';

/** A file that came with a message. */
export interface Media {
  /** As the sender's phone says. */
  mimetype: string;
  /** Size in bytes; null when the sender's phone did not say. */
  bytes: number | null;
  /** SHA-256 of the file, hex. */
  sha256: string | null;
  fileName: string | null;
  /** Length of sound or film. */
  seconds: number | null;
  width: number | null;
  height: number | null;
  /** A film that plays silently in a loop. */
  gif: boolean;
  /**
   * Where this runtime gives the file out, such as `/media/sales/m_…`, to who has the API key: at the address of the runtime's
   * API, within 14 days. Fetched from WhatsApp when it is first asked for. Null when it cannot be fetched.
   */
  url: string | null;
}

/** A place. */
export interface Place {
  latitude: number;
  longitude: number;
  name: string | null;
  address: string | null;
  /** True while the sender shares where they are going. */
  live: boolean;
}

/** A contact card. */
export interface Card {
  name: string;
  /** `+<digits>` or as the card has it. */
  phones: string[];
  vcard: string;
}

export interface Poll {
  question: string;
  options: string[];
  /** How many options one person may choose; 0 is any number. */
  selectable: number;
}

/** The message this one answers. */
export interface Quoted {
  messageId: MessageId;
  text: string;
  kind: MessageKind;
  /** Who wrote it, when it was told. */
  author: Jid | null;
}

/** Where somebody came from who wrote by an advertisement or a link (click to WhatsApp). */
export interface Lead {
  title: string | null;
  body: string | null;
  /** `ad`, `post` and the like. */
  sourceType: string | null;
  sourceId: string | null;
  sourceUrl: string | null;
  /** Meta's click id. */
  clickId: string | null;
  ref: string | null;
  /** Which app and which entry led here, as WhatsApp names them. */
  app: string | null;
  entryPoint: string | null;
}

export interface Chat {
  jid: Jid;
  isGroup: boolean;
  /** With whom it is; null for a group. Stays the same when the other's address changes. */
  contactId: ContactId | null;
}

/** A message arrived, live or replayed after being offline. */
export interface MessageEvent {
  messageId: MessageId;
  chat: Chat;
  from: Contact;
  fromMe: boolean;
  kind: MessageKind;
  /** The text, always here whatever kind carries it; empty when there is none. */
  text: string;
  media: Media | null;
  location: Place | null;
  contacts: Card[];
  poll: Poll | null;
  /** The id of the message this one answers, or null; `quoted` has what it said. */
  quotedMessageId: MessageId | null;
  quoted: Quoted | null;
  /** People the text names. */
  mentions: Jid[];
  /** Passed on from another chat. */
  forwarded: boolean;
  /** May be looked at once. */
  viewOnce: boolean;
  /** Disappears after so many seconds; null when it stays. */
  disappearsAfter: number | null;
  lead: Lead | null;
  /** When it was sent, ms since 1970. */
  sentAt: number;
  /** True when it came while the session was away and was replayed. */
  offline: boolean;
}

/** What all acts on an earlier message have in common. */
interface Act {
  /** The message it is about. */
  messageId: MessageId;
  chat: Chat;
  /** Who did it. */
  from: Contact;
  fromMe: boolean;
  /** ms since 1970. */
  at: number;
}

export interface MessageEditedEvent extends Act {
  text: string;
}

/** It was deleted for everyone. */
export type MessageDeletedEvent = Act;

export interface MessageReactionEvent extends Act {
  /** Empty: the reaction was taken back. */
  emoji: string;
}

export interface PollVoteEvent extends Act {
  question: string;
  /** What this person has chosen now; empty when they took their vote back. */
  chosen: string[];
  /** All votes the session has seen, by option. */
  votes: { option: string; count: number }[];
}

/** Something came that could not be decrypted. WhatsApp is asked for it again; what then comes is a `message`. */
export interface MessageUndecryptableEvent {
  messageId: MessageId;
  chat: Chat;
  from: Contact;
  sentAt: number;
}

/** A message the session sent has come one step further, or failed. */
export interface MessageAckEvent {
  messageId: MessageId;
  status: 'sent' | 'delivered' | 'read' | 'failed';
  chat: Chat;
  /** Whom it was sent to; null for a group. */
  to: Contact | null;
  /** Why it failed: WhatsApp's error number or the runtime's code; null otherwise. */
  error: string | null;
  /** Of a failure: false when it may have arrived all the same; null otherwise. */
  certain: boolean | null;
}

/** Two contacts turned out to be one person, as WhatsApp told which number and which LID belong together. */
export interface ContactMergedEvent {
  /** The person, under the id that stays. */
  kept: Contact;
  /** The id that is used no more; whoever keeps something under it is to keep it under the other. */
  merged: ContactId;
}

/** The session's connection changed state. */
export interface ConnectionUpdateEvent {
  status: string;
  /** Stable reason code, a sentence for people, and what they can do. */
  reason: { code: string; message: string; action: string };
}

/** WhatsApp holds the account back from beginning new chats, or does no more. */
export interface SessionRestrictionEvent {
  restricted: boolean;
  /** When it ends, ms since 1970; null when it is over. */
  until: number | null;
  /** `time_lock`: no messages to people it never wrote with; `new_chat_cap`: as many new chats as are allowed. */
  reason: 'time_lock' | 'new_chat_cap';
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
  /** What it is about where a session can have several such: the id of the webhook; null otherwise. */
  subject: WebhookId | null;
  /** A sentence for people, and what they can do. */
  message: string;
  action: string;
}

export interface EventData {
  message: MessageEvent;
  'message.edited': MessageEditedEvent;
  'message.deleted': MessageDeletedEvent;
  'message.reaction': MessageReactionEvent;
  'message.undecryptable': MessageUndecryptableEvent;
  'poll.vote': PollVoteEvent;
  'message.ack': MessageAckEvent;
  'contact.merged': ContactMergedEvent;
  'connection.update': ConnectionUpdateEvent;
  'session.restriction': SessionRestrictionEvent;
  'qr.update': QrUpdateEvent;
  alert: AlertEvent;
}

/** The event names with the sentence the documentation shows for each. */
export const EVENTS = {
  message: 'A message arrived.',
  'message.edited': 'A message was changed by who wrote it.',
  'message.deleted': 'A message was deleted for everyone.',
  'message.reaction': 'Somebody reacted to a message, or took the reaction back.',
  'message.undecryptable': 'A message came that could not be decrypted yet; it is asked for again.',
  'poll.vote': 'Somebody voted in a poll, with the running totals.',
  'message.ack': 'A sent message was accepted by WhatsApp, delivered, read, or has failed.',
  'contact.merged': 'Two contacts turned out to be one person.',
  'connection.update': 'The connection of a session changed state.',
  'session.restriction': 'WhatsApp holds the account back from beginning new chats, or does no more.',
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
