/**
 * One text to each of many people who know the account, one after another with pauses (spec 8.3). A bulk is one durable job, and
 * those of a session go one after another too, or two of them would halve each other's pauses;
 * it hands one message at a time to the outbox, under an id made from bulk and place, waits until that has gone or failed,
 * then for the pause. Whatever a crash interrupts is done again under the same ids and recognised.
 */
import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { Mutex } from 'async-mutex';
import { RuntimeError } from '../errors.ts';
import { newBulkId, reserveMessageId, type BulkId, type Jid, type MessageId, type SessionId } from '../ids.ts';
import type { Database, Job, KeyValue, Outcome, Queue } from '../store/store.ts';
import { BulkNewcomers } from './bulk-newcomers.ts';
import { outcomeOf, type BulkOutcome, type BulkProgress } from './bulk-progress.ts';
import type { Chats } from './chats.ts';
import type { NewMessage, SentMessage } from './outbox.ts';
import type { Statuses } from './status.ts';

export interface BulkMessage {
  to: Jid;
  text: string;
  /** Pause after it, ms. */
  delay: number;
}

/** As it was asked for, kept in its job. */
export interface BulkData extends Pick<NewMessage, 'humanize' | 'humanization'> {
  messages: BulkMessage[];
  /** After so many messages there is a longer pause, of `batchDelay` ms. */
  batchSize: number;
  batchDelay: number;
}

export interface NewBulk extends BulkData {
  idempotencyKey?: string | undefined;
}

interface Place {
  /** Which message is next. */
  next: number;
  /** Not before then, ms since 1970. */
  nextAt: number;
}

interface BulkDeps {
  database: Database;
  newcomersPerDay: number;
  chats: Chats;
  statuses: Statuses;
  accept(message: NewMessage): Promise<SentMessage>;
  withdraw(id: MessageId): Promise<boolean>;
  /** What the messages to one person are kept in order under. */
  keyOf(chat: Jid): Promise<string>;
  /** Whether something under this key is held for longer than a bulk waits. */
  isHeldUp(key: string): Promise<boolean>;
  now: () => number;
}

const KEEP_MS = 7 * 24 * 3_600_000;
const CANCELLED = 'cancelled';
const LANE = 'bulks';

export class Bulks {
  readonly newcomers: BulkNewcomers;
  readonly #session: SessionId;
  readonly #deps: BulkDeps;
  readonly #queue: Queue<BulkData>;
  readonly #rows: KeyValue;
  readonly #heldUp = new EventEmitter().setMaxListeners(0);
  readonly #accepting = new Mutex();
  /** Taking back a bulk and handing over its next message exclude each other. */
  readonly #fate = new Mutex();
  #inHand: { id: string; cancelling: AbortController } | null = null;

  constructor(session: SessionId, deps: BulkDeps) {
    this.#session = session;
    this.#deps = deps;
    this.#queue = deps.database.queue('bulk', { keepDone: KEEP_MS });
    this.#rows = deps.database.keyValue('bulk');
    this.newcomers = new BulkNewcomers(this.#rows, deps.newcomersPerDay, deps.now);
  }

  run(signal: AbortSignal, onError: (error: unknown, id: string) => void): Promise<void> {
    return this.#queue.process((job, stopping) => this.#handle(job, stopping), { concurrency: 1, signal, onError });
  }

  /** Throws `cold_list`, `idempotency_conflict`. */
  accept({ idempotencyKey, ...data }: NewBulk): Promise<BulkProgress> {
    return this.#accepting.runExclusive(async () => {
      const id = newBulkId(this.#session, idempotencyKey);
      const known = await this.#queue.get(id);
      if (known && (await this.#hashOf(known.data)) !== (await this.#hashOf(data)))
        throw new RuntimeError('idempotency_conflict');
      if (!known) {
        // Counted before it is accepted: a crash between may cost some of the day's, never lets more go.
        await this.newcomers.take(await this.#strangers(data.messages));
        await this.#queue.add(id, data, { lane: LANE });
      }
      return await this.progress(id, 0, 0);
    });
  }

  /** The same for the same bulk asked for again, by whichever address each person is named. */
  async #hashOf({ messages, ...rest }: BulkData): Promise<string> {
    const people = await Promise.all(messages.map(({ to }) => this.#deps.keyOf(to)));
    const asked = messages.map(({ to: _, ...message }, index) => ({ ...message, to: people[index] }));
    return createHash('sha256')
      .update(JSON.stringify([asked, rest]))
      .digest('hex');
  }

  async #strangers(messages: BulkMessage[]): Promise<number> {
    const recipients = [...new Set(messages.map(({ to }) => to))];
    const chats = await Promise.all(recipients.map((to) => this.#deps.chats.get(to)));
    return chats.filter(({ history }) => !history.known).length;
  }

  /** How far it is, with the outcomes of `limit` messages from `offset` on. Throws `bulk_not_found`. */
  async progress(id: BulkId, offset: number, limit: number): Promise<BulkProgress> {
    const job = await this.#queue.get(id);
    if (!job) throw new RuntimeError('bulk_not_found');
    const cancelled = job.state === 'dead' || (await this.#isCancelled(id));
    const outcomes: BulkOutcome[] = [];
    for (const [index, { to }] of job.data.messages.entries()) {
      const messageId = this.#messageId(id, index);
      const message = await this.#deps.statuses.find(messageId);
      const refused = message ? undefined : await this.#rows.get<string>(`${id}:${index}`);
      outcomes.push({ index, to, ...outcomeOf(messageId, message, refused, cancelled) });
    }
    const counts = { waiting: 0, pending: 0, sent: 0, delivered: 0, read: 0, failed: 0, cancelled: 0 };
    for (const { status } of outcomes) counts[status] += 1;
    return {
      ...{ bulkId: id, sessionId: this.#session, createdAt: job.createdAt, total: outcomes.length, counts },
      status: cancelled ? CANCELLED : job.state === 'done' ? 'done' : 'running',
      waitsFor: await this.#waitsFor(job),
      nextAt: job.heldUntil,
      outcomes: outcomes.slice(offset, offset + limit),
    };
  }

  async #waitsFor({ id, state, heldUntil, reason }: Job<BulkData>): Promise<string | null> {
    if (heldUntil !== null) return reason;
    if (state !== 'waiting') return null;
    const [active] = await this.#queue.list('active', 1, { lane: LANE });
    const [first] = active ? [active] : await this.#queue.list('waiting', 1, { lane: LANE });
    return first && first.id !== id ? 'another_bulk' : null;
  }

  /** Nothing more of it goes; what has gone stays. Throws `bulk_not_found`. */
  async cancel(id: BulkId): Promise<void> {
    const job = await this.#queue.get(id);
    if (!job) throw new RuntimeError('bulk_not_found');
    if (job.state === 'done') return;
    await this.#fate.runExclusive(() => this.#rows.set(`${id}:cancelled`, true, KEEP_MS));
    if (this.#inHand?.id === id) this.#inHand.cancelling.abort();
    await this.#takeBack(id, job.data);
    await this.#queue.bury(id, CANCELLED);
  }

  /** Something under this key is held for long. */
  heldUp(key: string): void {
    this.#heldUp.emit('chat', key);
  }

  async #takeBack(id: string, { messages }: BulkData): Promise<void> {
    for (const index of messages.keys()) await this.#deps.withdraw(this.#messageId(id, index));
  }

  async #handle(job: Job<BulkData>, stopping: AbortSignal): Promise<Outcome> {
    const cancelling = new AbortController();
    this.#inHand = { id: job.id, cancelling };
    try {
      return await this.#step(job, AbortSignal.any([stopping, cancelling.signal]));
    } finally {
      this.#inHand = null;
    }
  }

  /** Message by message, up to the next pause. */
  async #step({ id, data }: Job<BulkData>, signal: AbortSignal): Promise<Outcome> {
    const { messages } = data;
    let { next } = (await this.#rows.get<Place>(id)) ?? { next: 0 };
    for (;;) {
      const message = messages[next];
      if (!message) return { kind: 'done' };
      const handed = await this.#hand(id, next, data);
      if (handed === CANCELLED) {
        await this.#takeBack(id, data);
        return { kind: 'dead', reason: CANCELLED };
      }
      if (typeof handed === 'object') return handed;
      const leftAt = handed === 'refused' ? this.#deps.now() : await this.#left(id, next, message.to, signal);
      // Cancelled while it waited, or the runtime is stopping: seen to at the next turn.
      if (leftAt === null) return hold(this.#deps.now(), 'interrupted');
      const pause = pauseAfter(next, data);
      next += 1;
      const nextAt = leftAt + pause.ms;
      await this.#rows.set(id, { next, nextAt } satisfies Place, KEEP_MS);
      if (nextAt > this.#deps.now()) return hold(nextAt, pause.why);
    }
  }

  /** Gives a message to the outbox, unless the bulk was taken back; what is refused for good is noted as its outcome. */
  #hand(id: string, index: number, data: BulkData): Promise<'accepted' | 'refused' | typeof CANCELLED | Outcome> {
    return this.#fate.runExclusive(async () => {
      if (await this.#isCancelled(id)) return CANCELLED;
      const { to, text } = data.messages[index] ?? { to: '' as Jid, text: '' };
      const { humanize, humanization } = data;
      try {
        const idempotencyKey = keyOf(id, index);
        await this.#deps.accept({
          ...{ to, content: { kind: 'text', text }, idempotencyKey, bulk: true, humanize, humanization },
        });
        return 'accepted';
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
        if (error.code === 'daily_limit') {
          return hold(this.#deps.now() + (error.retryAfter ?? 60) * 1_000, error.code);
        }
        await this.#rows.set(`${id}:${index}`, error.code, KEEP_MS);
        return 'refused';
      }
    });
  }

  /** When the message left or failed; now, when it is held up for long; null when the signal aborted first. */
  async #left(id: string, index: number, to: Jid, signal: AbortSignal): Promise<number | null> {
    const heldUp = new AbortController();
    const key = await this.#deps.keyOf(to);
    const listen = (held: string) => held === key && heldUp.abort();
    this.#heldUp.on('chat', listen);
    try {
      if (await this.#deps.isHeldUp(key)) heldUp.abort();
      const until = AbortSignal.any([signal, heldUp.signal]);
      const { status, timeline } = await this.#deps.statuses.wait(this.#messageId(id, index), 'sent', until);
      if (status === 'pending') return signal.aborted ? null : this.#deps.now();
      return timeline.find((step) => step.status === 'sent' || step.status === 'failed')?.at ?? this.#deps.now();
    } finally {
      this.#heldUp.off('chat', listen);
    }
  }

  async #isCancelled(id: string): Promise<boolean> {
    return (await this.#rows.get<boolean>(`${id}:cancelled`)) === true;
  }

  #messageId(id: string, index: number): MessageId {
    return reserveMessageId(this.#session, keyOf(id, index));
  }
}

/** Nothing comes after the last. */
function pauseAfter(index: number, { messages, batchSize, batchDelay }: BulkData): { ms: number; why: string } {
  if (index + 1 >= messages.length) return { ms: 0, why: '' };
  const delay = messages[index]?.delay ?? 0;
  const endsBatch = (index + 1) % batchSize === 0;
  return endsBatch ? { ms: delay + batchDelay, why: 'batch_delay' } : { ms: delay, why: 'delay' };
}

const keyOf = (id: string, index: number) => `bulk/${id}/${index}`;
const hold = (until: number, reason: string): Outcome => ({ kind: 'hold', until, reason, attempt: false });
