/**
 * The events the runtime tells the outside world, by webhook. Every event has a stable id (the same fact reported twice
 * has the same id), a sequence number within its session, and a schema version.
 */
import type { Card, Lead, Media, MessageKind, Place, Poll, Quoted } from './message-shapes.ts';
import type { ContactId, EventId, Jid, MessageId, SessionId } from './ids.ts';

export type { Card, Lead, Media, MessageKind, Place, Poll, Quoted } from './message-shapes.ts';

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

/** A call to the account came one step further. The runtime takes no calls; the phone rings as always. */
export interface CallEvent {
  /** The same for all steps of one call. */
  callId: string;
  /** `ended`: hung up by the caller, or taken or refused on a phone. */
  status: 'ringing' | 'accepted' | 'rejected' | 'missed' | 'ended';
  from: Contact;
  /** The group that is called together; null for a call to the account alone. */
  group: Jid | null;
  video: boolean;
  /** ms since 1970. */
  at: number;
}

/**
 * Somebody whose presence the session follows came online, went, or is writing. What follows within two seconds is one event
 * with the last of it.
 */
export interface PresenceEvent {
  chat: Chat;
  from: Contact;
  state: 'online' | 'offline' | 'typing' | 'recording';
  /** When they were last there, ms since 1970; null while they are, or when they do not show it. */
  lastSeen: number | null;
}

/** A group the account is in was changed. */
export interface GroupUpdateEvent {
  chat: Chat;
  /** Who did it. */
  from: Contact;
  change:
    | 'created'
    | 'subject'
    | 'description'
    | 'added'
    | 'removed'
    | 'left'
    | 'promoted'
    | 'demoted'
    | 'only_admins_write'
    | 'only_admins_edit'
    | 'invite_link';
  /** Whom it concerns: who was added, removed, promoted or demoted. */
  members: Contact[];
  /** What it is now: the subject, the description, `on` or `off`; null where there is no such thing. */
  value: string | null;
  /** ms since 1970. */
  at: number;
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
  /** What it is about where there can be several such: the id of the webhook, or what WhatsApp changed; null otherwise. */
  subject: string | null;
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
  'group.update': GroupUpdateEvent;
  'contact.merged': ContactMergedEvent;
  call: CallEvent;
  presence: PresenceEvent;
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
  'group.update': 'A group changed: its name, what may be done in it, or who is in it.',
  'contact.merged': 'Two contacts turned out to be one person.',
  call: 'Somebody calls the account, or a call is over.',
  presence: 'Somebody the session follows came online, went offline, or is writing.',
  'connection.update': 'The connection of a session changed state.',
  'session.restriction': 'WhatsApp holds the account back from beginning new chats, or does no more.',
  'qr.update': 'A new QR code is ready to be scanned.',
  alert: 'Something about a session needs a person, or no longer does.',
} as const satisfies Record<keyof EventData, string>;

export type EventName = keyof EventData;
export const EVENT_NAMES = Object.keys(EVENTS) as EventName[];
/** What is told where nobody says what they want: all but what comes all day long. */
export const USUAL_EVENTS = EVENT_NAMES.filter((name) => name !== 'presence');

/** A fact to be published; `fact` makes its id, see `eventIdFor`. */
export type Fact = { [Name in EventName]: { event: Name; fact: string; data: EventData[Name] } }[EventName];

/** An event as receivers get it, in JSON. */
export interface EventEnvelope {
  /** The same however often the fact is told: know by it what came already. */
  id: EventId;
  event: EventName;
  /** Of the shapes described here. */
  version: 1;
  sessionId: SessionId;
  /** Stays the session's as long as it exists; another session of the same id has another. */
  sessionHash: string;
  /** Counts a session's events from 1; a gap tells a receiver that it missed some (or does not subscribe to them). */
  sequence: number;
  /** When the runtime learnt of it, ms since 1970. */
  timestamp: number;
  data: EventData[EventName];
}
