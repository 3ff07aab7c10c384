/**
 * Where each message is: pending, sent (WhatsApp acked), delivered, read, or failed. It only ever moves forward; each
 * step is published as an event, durably, before it is written here, so that a crash between the two repeats the event
 * under the same id instead of losing it.
 */
import { EventEmitter, once } from 'node:events';
import { RuntimeError } from '../errors.ts';
import type { Contact, Fact } from '../events.ts';
import { isGroup, type Jid, type MessageId, type SessionId } from '../ids.ts';
import type { Job, JobState, KeyValue, Queue } from '../store/store.ts';
import { Mutex } from 'async-mutex';
import type { MessageFilter, MessagePage, SentMessage } from './outbox.ts';
import type { OutboxJob } from './job.ts';

export type MessageStatus = 'pending' | 'sent' | 'delivered' | 'read' | 'failed';
type Reached = Exclude<MessageStatus, 'pending'>;

/** Why a message failed; not certain when it may have left all the same. */
export interface Failure {
  why: string;
  certain: boolean;
}

const RANK = { pending: 0, failed: 1, sent: 2, delivered: 3, read: 4 } as const satisfies Record<MessageStatus, number>;
/** What the job of a message with this status can be. */
const JOBS = {
  pending: ['waiting', 'active'],
  sent: ['active', 'done'],
  delivered: ['active', 'done'],
  read: ['active', 'done'],
  failed: ['active', 'dead'],
} as const satisfies Record<MessageStatus, JobState[]>;
const ANY: JobState[] = ['waiting', 'active', 'done', 'dead'];
/** How many pages of jobs are looked through for one page of messages of a status. */
const MOST_PAGES = 20;
/** How long a message's status can be asked for. */
const KEEP_MS = 30 * 24 * 3_600_000;

export class Statuses {
  readonly #session: SessionId;
  readonly #rows: KeyValue;
  readonly #queue: Queue<OutboxJob>;
  readonly #publish: (fact: Fact) => Promise<unknown>;
  readonly #contactOf: (jid: Jid) => Promise<Contact | null>;
  readonly #now: () => number;
  readonly #changes = new EventEmitter().setMaxListeners(0);
  readonly #inTurn = new Mutex();

  constructor(
    session: SessionId,
    rows: KeyValue,
    queue: Queue<OutboxJob>,
    publish: (fact: Fact) => Promise<unknown>,
    contactOf: (jid: Jid) => Promise<Contact | null>,
    now: () => number,
  ) {
    this.#session = session;
    this.#rows = rows;
    this.#queue = queue;
    this.#publish = publish;
    this.#contactOf = contactOf;
    this.#now = now;
  }

  /** Undefined for a message this session did not send. A queued job without a row is pending. */
  async find(id: MessageId): Promise<SentMessage | undefined> {
    const row = await this.#rows.get<SentMessage>(id);
    const job = row && row.status !== 'pending' ? undefined : await this.#queue.get(id);
    const found = job ? this.#pending(job) : row;
    return found && { ...found, contact: await this.#contactOf(found.to) };
  }

  /** How far a message of this session has come; undefined while it is pending. */
  async reached(id: MessageId): Promise<Pick<SentMessage, 'status' | 'note'> | undefined> {
    return await this.#rows.get<SentMessage>(id);
  }

  /** The session's messages, the one accepted last first. Throws `invalid_cursor`. */
  async page({ status, limit, cursor }: MessageFilter): Promise<MessagePage> {
    let before = cursor === undefined ? undefined : readCursor(cursor);
    const messages: SentMessage[] = [];
    for (let pages = 0; pages < MOST_PAGES; pages += 1) {
      const { jobs, next } = await this.#queue.page(status ? [...JOBS[status]] : ANY, limit - messages.length, {
        before,
      });
      for (const job of jobs) {
        const message = (await this.find(job.id as MessageId)) ?? this.#pending(job);
        if (status === undefined || message.status === status) messages.push(message);
      }
      if (next === null) return { messages, nextCursor: null };
      before = next;
      if (messages.length >= limit) break;
    }
    return { messages, nextCursor: before === undefined ? null : String(before) };
  }

  #pending({ id, data, createdAt, reason }: Job<OutboxJob>): SentMessage {
    const { to, sendAt, expiresAt } = data;
    return {
      ...{ messageId: id as MessageId, sessionId: this.#session, to, status: 'pending', timestamp: createdAt },
      timeline: [{ status: 'pending', at: createdAt, reason: null }],
      ...{ sendAt, expiresAt, certain: null, contact: null },
      note: reason ?? (sendAt !== null && sendAt > this.#now() ? 'scheduled' : null),
    };
  }

  async get(id: MessageId): Promise<SentMessage> {
    const found = await this.find(id);
    if (!found) throw new RuntimeError('message_not_found');
    return found;
  }

  async wait(id: MessageId, status: MessageStatus, signal: AbortSignal): Promise<SentMessage> {
    for (;;) {
      // Listening begins before looking, so that no change falls between the two.
      const listening = new AbortController();
      const change = once(this.#changes, id, { signal: AbortSignal.any([signal, listening.signal]) });
      change.catch(() => undefined);
      try {
        const message = await this.get(id);
        if (RANK[message.status] >= RANK[status] || message.status === 'failed' || signal.aborted) return message;
        await change.catch(() => undefined);
      } finally {
        listening.abort();
      }
    }
  }

  /** Moves a message forward; a step it already passed, and a message of somebody else, change nothing. */
  advance(id: MessageId, status: Reached, failure: Failure | null = null): Promise<void> {
    return this.#inTurn.runExclusive(async () => {
      const before = await this.find(id);
      if (!before || RANK[before.status] >= RANK[status]) return;
      const timeline = [...before.timeline];
      // A receipt can overtake the ack; it proves that the message was sent.
      const steps: Reached[] = RANK[status] > RANK.sent && before.status === 'pending' ? ['sent', status] : [status];
      for (const step of steps) {
        await this.#publish(factOf(before, step, failure));
        timeline.push({ status: step, at: this.#now(), reason: failure?.why ?? null });
      }
      const outcome = { status, timeline, note: failure?.why ?? null, certain: failure?.certain ?? null };
      await this.#rows.set(id, { ...before, ...outcome } satisfies SentMessage, KEEP_MS);
      this.#changes.emit(id);
    });
  }
}

function factOf({ messageId, to, contact }: SentMessage, status: Reached, failure: Failure | null): Fact {
  const chat = { jid: to, isGroup: isGroup(to), contactId: contact?.contactId ?? null };
  const outcome = { error: failure?.why ?? null, certain: failure?.certain ?? null };
  const data = { messageId, status, chat, to: contact, ...outcome };
  return { event: 'message.ack', fact: `ack:${messageId}:${status}`, data };
}

function readCursor(cursor: string): number {
  if (!/^\d{1,15}$/.test(cursor)) throw new RuntimeError('invalid_cursor');
  return Number(cursor);
}
