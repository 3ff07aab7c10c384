/**
 * Messages waiting to leave. Accepting reserves the WhatsApp message id and makes the message durable; one dispatcher a
 * session then sends in each chat's order, as a person would pace it, and resends under the same id until WhatsApp acks.
 * While a session is away its outbox waits.
 */
import type { Attachments, TakenFile } from '../attachments/attachments.ts';
import type { Content, MessageRef } from '../content.ts';
import type { Contacts } from '../contacts/contacts.ts';
import type { Contact, EventEnvelope, Fact } from '../events.ts';
import type { BulkId, ContactId, Jid, MessageId, SessionId } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { CustomProfile, ProfileName } from '../config.ts';
import type { Metrics } from '../metrics.ts';
import { profilesWith } from '../pacing/pacing.ts';
import type { Restriction, SentMessages, Sessions } from '../session/session.ts';
import type { Backlog, Store } from '../store/store.ts';
import { addressOf } from './addressee.ts';
import type { NewBulk } from './bulk.ts';
import type { BulkProgress } from './bulk-progress.ts';
import { checkNumbers, type CheckedNumbers } from './check-numbers.ts';
import type { Limits } from './limits.ts';
import type { ActiveRestriction } from './restrictions.ts';
import type { OptOut } from './opt-outs.ts';
import { SessionOutbox } from './session-outbox.ts';
import type { OutboxSettings } from './session-settings.ts';
import type { MessageStatus } from './status.ts';

export { WAITS, waitCode } from './limits.ts';
export type { ActiveRestriction } from './restrictions.ts';
export type { OptOut } from './opt-outs.ts';
export type { OutboxSettings } from './session-settings.ts';
export type { MessageStatus } from './status.ts';

/** Which of the messages that wait goes first. */
export type Priority = 'high' | 'normal' | 'low';

/** A message to send, checked by the caller for its shape only. */
export interface NewMessage {
  /** An address of whom it is for, or their contact id. */
  to: Jid | ContactId;
  content: Content;
  /** The bytes of a content that carries a file. */
  file?: Pick<TakenFile, 'keep'>;
  /** The same key with the same message is the same send, however often it is asked for. */
  idempotencyKey?: string | undefined;
  quotedMessageId?: MessageId | undefined;
  /** False skips typing and presence; the limits hold all the same. Default true. */
  humanize?: boolean | undefined;
  humanization?: ProfileName | undefined;
  /** Typing takes this long, ms. */
  typingDelay?: number | undefined;
  /** Default: high for an answer, low for one of many, else normal. */
  priority?: Priority | undefined;
  /** It is one of many. */
  bulk?: boolean | undefined;
  /** Mark what they wrote as read before answering. Default true. */
  readBefore?: boolean | undefined;
  /** Not before this time, ms since 1970; until then it holds up nothing else. */
  sendAt?: number | undefined;
  /** Not after this time, ms since 1970: then it fails with `expired`. */
  expiresAt?: number | undefined;
  /** The same as a number of ms from when it may first go. */
  ttl?: number | undefined;
}

/** Where a message is. */
export interface SentMessage {
  messageId: MessageId;
  sessionId: SessionId;
  to: Jid;
  /** Whom it is for, as far as known; null for a group. */
  contact: Contact | null;
  status: MessageStatus;
  /** When it was accepted, ms since 1970. */
  timestamp: number;
  /** Not before and not after, ms since 1970; null when neither was asked for. */
  sendAt: number | null;
  expiresAt: number | null;
  /** When each status was reached, ms since 1970, oldest first, and why it failed. */
  timeline: { status: MessageStatus; at: number; reason: string | null }[];
  /** Why it failed, or why it waits; null otherwise. */
  note: string | null;
  /** Of a failure: false when the message may have left all the same; null otherwise. */
  certain: boolean | null;
}

export interface MessageFilter {
  status?: MessageStatus | undefined;
  limit: number;
  /** `nextCursor` of the page before. */
  cursor?: string | undefined;
}

export interface MessagePage {
  messages: SentMessage[];
  /** Gives the next page; null when there is none. */
  nextCursor: string | null;
}

export interface OutboxDeps {
  store: Store;
  sessions: Pick<Sessions, 'find'>;
  /** Makes an event durable; the same fact again is recognised. */
  publish(session: SessionId, fact: Fact): Promise<EventEnvelope>;
  /** A received message that is to be answered, reacted to or deleted; undefined when the session does not know it. */
  received(session: SessionId, chat: Jid, messageId: MessageId): Promise<MessageRef | undefined>;
  contacts: Contacts;
  /** The files of messages that carry one. */
  attachments: Pick<Attachments, 'open' | 'remove' | 'tidy'>;
  settings: {
    profile: ProfileName;
    /** The user's own, by name. */
    profiles: Readonly<Record<string, CustomProfile>>;
    humanize: boolean;
    dailyLimit: number;
    numberChecksPerHour: number;
    bulkNewContactsPerDay: number;
  };
  metrics: Metrics;
  log: Logger;
  now?: () => number;
  random?: () => number;
}

/** What came from somebody. */
export interface ReceivedMessage {
  messageId: string;
  participant?: string;
  text: string;
}

export interface SessionBacklog extends Backlog {
  connected: boolean;
  /** WhatsApp holds the account back from new chats. */
  restricted: boolean;
}

export interface Outboxes {
  /** Removes the files a crash left; to be called before anything is accepted. */
  tidy(session: SessionId): Promise<void>;
  /** The profiles there are. */
  readonly profiles: readonly ProfileName[];
  /** Stops after the message in hand; nothing queued is lost. */
  close(session: SessionId): Promise<void>;
  /** Sends nothing of this session until so many ms have passed; what is accepted waits. */
  brake(session: SessionId, ms: number): void;
  /** The session's connection came or went: sending begins, goes on, or waits. */
  connected(session: SessionId, connected: boolean): Promise<void>;
  /**
   * Accepts a message, durably when it resolves. Throws `duplicate_message` or `daily_limit` (with retryAfter),
   * `idempotency_conflict`, `message_not_found` for an unknown message it refers to, `not_your_message`, `invalid_request`
   * for times that cannot be, `contact_not_found`.
   */
  accept(session: SessionId, message: NewMessage): Promise<SentMessage>;
  /** The message accepted under the same Idempotency-Key, or null. Throws `idempotency_conflict`. */
  repeated(session: SessionId, message: NewMessage): Promise<SentMessage | null>;
  /**
   * Takes a message back that has not gone: it fails with `cancelled`, for certain. One that has failed stays as it is.
   * Throws `message_not_found`, `message_already_sent`.
   */
  cancel(session: SessionId, id: MessageId): Promise<SentMessage>;
  /** The messages of the last days, the one accepted last first. Throws `invalid_cursor`. */
  page(session: SessionId, filter: MessageFilter): Promise<MessagePage>;
  /** Throws `message_not_found`. */
  get(session: SessionId, id: MessageId): Promise<SentMessage>;
  /** Waits until the message has come as far as `status` or has failed, or the signal aborts; says where it is then. */
  wait(session: SessionId, id: MessageId, status: MessageStatus, signal: AbortSignal): Promise<SentMessage>;
  /** A receipt came for messages of this session; those it did not send are ignored. */
  receipt(session: SessionId, ids: string[], status: 'delivered' | 'read'): Promise<void>;
  /**
   * Which phone numbers have WhatsApp, from what is known first. Throws `session_not_connected` when one has to be asked and
   * there is no connection.
   */
  checkNumbers(session: SessionId, numbers: Jid[]): Promise<CheckedNumbers>;
  /** WhatsApp restricts the account, or does no more. */
  restricted(session: SessionId, restriction: Restriction): Promise<void>;
  /** What holds the account back from new chats; null when nothing does. */
  restriction(session: SessionId): Promise<ActiveRestriction | null>;
  /**
   * Sends each of the messages, one after another. Throws `cold_list` when too many of the recipients are strangers,
   * `idempotency_conflict`.
   */
  acceptBulk(session: SessionId, bulk: NewBulk): Promise<BulkProgress>;
  /** How far it is, with the outcomes of `limit` messages from `offset` on. Throws `bulk_not_found`. */
  bulk(session: SessionId, id: BulkId, offset: number, limit: number): Promise<BulkProgress>;
  /** Takes back what of it has not gone. Throws `bulk_not_found`. */
  cancelBulk(session: SessionId, id: BulkId): Promise<void>;
  /** Who is not to be written to, those noted first before. */
  optOuts(session: SessionId): Promise<OptOut[]>;
  /** What is noted of one person, whichever of their addresses is asked for; null when they may be written to. */
  optedOut(session: SessionId, contact: Jid): Promise<OptOut | null>;
  /**
   * They are not to be written to: sending to them throws `opted_out`, and what waits for them fails with it. `at` is when that
   * was noted, ms since 1970; now when left out.
   */
  optOut(session: SessionId, contact: Jid, basis: string, at?: number): Promise<OptOut>;
  /** They may be written to again; false when they were not on the list. */
  optIn(session: SessionId, contact: Jid): Promise<boolean>;
  /** Shows typing, recording or neither in a chat; it ends by itself after some seconds. Throws `session_not_connected`. */
  showTyping(session: SessionId, to: Jid, state: 'composing' | 'recording' | 'paused'): Promise<void>;
  /**
   * Marks received messages of a chat as read, the last one when none is named; says how many. Throws `message_not_found`,
   * `session_not_connected`.
   */
  markRead(session: SessionId, chat: Jid, ids: MessageId[] | null): Promise<number>;
  /** When each chat last had a message, ms since 1970, by contact id or group. */
  lastActive(session: SessionId): Promise<Map<string, number>>;
  /** What is left of every limit, and why the first `limit` messages wait. */
  limits(session: SessionId, asked: { to: Jid | null; limit: number }): Promise<Limits>;
  settings(session: SessionId): Promise<OutboxSettings>;
  /** What is left out stays. Throws `invalid_request` for what cannot be. */
  changeSettings(session: SessionId, change: Partial<OutboxSettings>): Promise<OutboxSettings>;
  /** They wrote: their chat is known, and an answer has something to read first. */
  noteReceived(session: SessionId, chat: Jid, message: ReceivedMessage): Promise<void>;
  /** Two contacts are one: what waits for the one goes in order with what waits for the other. */
  merge(session: SessionId, kept: ContactId, merged: ContactId): Promise<void>;
  /** What this session has sent, as it went over the wire. */
  sent(session: SessionId): SentMessages;
  /** What each session has still to send, for the metrics. */
  backlogs(): Promise<SessionBacklog[]>;
  /** Stops all, each after the message in hand. */
  stop(): Promise<void>;
}

export function createOutboxes(deps: OutboxDeps): Outboxes {
  const open = new Map<SessionId, SessionOutbox>();
  let stopped = false;
  const of = (session: SessionId): SessionOutbox => {
    const known = open.get(session);
    if (known) return known;
    const made = new SessionOutbox(session, deps);
    open.set(session, made);
    if (!stopped) made.watch();
    return made;
  };
  const close = async (session: SessionId) => {
    // Known until it has stopped: a request meanwhile would open another beside it.
    await open.get(session)?.stop();
    open.delete(session);
  };
  const addressed = async (session: SessionId, message: NewMessage) => ({
    ...message,
    to: await addressOf(deps.contacts, session, message.to),
  });
  return {
    profiles: Object.keys(profilesWith(deps.settings.profiles)),
    close,
    tidy: (session) => deps.attachments.tidy(session, (id) => of(session).isWaiting(id)),
    brake: (session, ms) => of(session).brake(ms),
    connected: (session, connected) => of(session).setConnected(connected),
    accept: async (session, message) => of(session).accept(await addressed(session, message)),
    repeated: async (session, message) => of(session).repeated(await addressed(session, message)),
    merge: (session, kept, merged) => of(session).merge(kept, merged),
    cancel: (session, id) => of(session).cancel(id),
    page: (session, filter) => of(session).statuses.page(filter),
    get: (session, id) => of(session).statuses.get(id),
    wait: (session, id, status, signal) => of(session).statuses.wait(id, status, signal),
    receipt: (session, ids, status) => of(session).receipt(ids, status),
    checkNumbers: (session, numbers) =>
      checkNumbers(numbers, of(session).numbers, () => deps.sessions.find(session)?.live() ?? null),
    restricted: (session, restriction) => of(session).restrictions.note(restriction),
    restriction: (session) => of(session).restrictions.active(),
    acceptBulk: (session, bulk) => of(session).bulks.accept(bulk),
    bulk: (session, ...asked) => of(session).bulks.progress(...asked),
    cancelBulk: (session, id) => of(session).bulks.cancel(id),
    optOuts: (session) => of(session).optOuts.list(),
    optedOut: (session, contact) => of(session).optOuts.find(contact),
    optOut: (session, ...noted) => of(session).optOut(...noted),
    optIn: (session, contact) => of(session).optOuts.takeBack(contact),
    showTyping: (session, ...shown) => of(session).showTyping(...shown),
    markRead: (session, ...marked) => of(session).markRead(...marked),
    lastActive: (session) => of(session).chats.lastActive(),
    limits: (session, asked) => of(session).limits(asked),
    settings: (session) => of(session).settings.get(),
    changeSettings: (session, change) => of(session).changeSettings(change),
    noteReceived: (session, chat, message) => of(session).noteReceived(chat, message),
    sent: (session) => of(session).sent,
    backlogs: () => Promise.all([...open.values()].map((outbox) => outbox.backlog())),
    stop: async () => {
      stopped = true;
      await Promise.all([...open.keys()].map(close));
    },
  };
}
