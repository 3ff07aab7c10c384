/**
 * What must survive. Two ports: `KeyValue` is Keyv itself, `Queue` is ours. `openStore` gives the embedded engine, one
 * SQLite file a session (auth state, outbox, events) and one for the instance (session records, subscriptions), so that
 * deleting a session deletes its file. `openSharedStore` gives the same in Redis.
 */
import type Keyv from 'keyv';
import type { SessionId } from '../ids.ts';
import { EmbeddedStore } from './embedded-store.ts';
import { RedisOwner } from './redis-owner.ts';
import { RedisStore, type RedisStoreOptions } from './redis-store.ts';
import type { Row } from './stored-rows.ts';

export { redisClient } from './redis-client.ts';
export { clusterKeys, RedisKeys, WORKER_LIFE_MS } from './redis-keys.ts';

/** Key-value access to one namespace; `setMany` is atomic. */
export type KeyValue = Keyv;

/** What a handler decided about the job it was given. A `note` is kept with the job, in place of the former one. */
export type Outcome = { note?: unknown } &
  /** Finished well; the job is kept for `keepDone` ms to recognise a repeated `add`. */
  (| { kind: 'done' }
    /**
     * Try again at `until` (ms since 1970); later jobs of the lane wait behind it, or go on when it steps `aside`: then it
     * goes before what waits when its time has come. `attempt` counts it as a real try.
     */
    | { kind: 'hold'; until: number; reason: string; attempt: boolean; aside?: boolean }
    /** Finished for good without success: a dead letter, kept until removed or redriven. */
    | { kind: 'dead'; reason: string }
  );

export type JobState = 'waiting' | 'active' | 'done' | 'dead';

export interface JobOptions {
  /** Not before this time, ms since 1970: until then it holds up nothing, and then it stands behind what came before. Default: now. */
  runAt?: number;
  /** Lower goes first among lanes; within a lane too. Default 0. */
  priority?: number;
  /** How many counted attempts before it becomes a dead letter; default: no limit. */
  attempts?: number;
  /** Jobs of one lane run one at a time and in order; a held head holds its lane, never another. Default: its own. */
  lane?: string;
}

export interface Job<Data> {
  id: string;
  data: Data;
  state: JobState;
  lane: string;
  priority: number;
  runAt: number;
  createdAt: number;
  /** Counted attempts so far, not including the present run. */
  attemptsMade: number;
  attempts: number | null;
  /** How often a handler was started with it, this run included: above 1 its effect may already have happened. */
  started: number;
  /** Why it is held or dead; null otherwise. */
  reason: string | null;
  /** When a held job is tried again, ms since 1970; null when not held. */
  heldUntil: number | null;
  finishedAt: number | null;
  /** What a handler last noted; null when none did. */
  note: unknown;
}

export interface ListOptions {
  lane?: string;
  /** Begin with the job added last; default false. */
  newestFirst?: boolean;
}

export interface PageOptions {
  /** Continues where a page's `next` says. */
  before?: number | undefined;
  lane?: string;
}

export interface JobPage<Data> {
  jobs: Job<Data>[];
  /** Where the next page begins; null when this is the last. */
  next: number | null;
}

/** Jobs that are not finished. */
export interface Backlog {
  /** Not due yet. */
  scheduled: number;
  /** Due and not being worked on. */
  waiting: number;
  active: number;
  /** Dead letters. */
  dead: number;
  /** The first job of every lane, and those that stepped aside, by what they do and why they are held; `oldest` is when the first was due. */
  fronts: { state: 'ready' | 'active' | 'held'; reason: string | null; jobs: number; oldest: number }[];
}

export interface QueueCounts {
  waiting: number;
  active: number;
  done: number;
  dead: number;
}

/**
 * A durable queue. When a process dies its active jobs run again, first in their lane. After a power cut a job may run
 * again although it was finished just before; it is never forgotten.
 */
export interface Queue<Data> {
  /**
   * Adds a job: whoever asks after this call finds it, and it is durable when it resolves. An id that exists already is left
   * as it is. Returns the job as stored.
   */
  add(id: string, data: Data, options?: JobOptions): Promise<Job<Data>>;
  /**
   * Runs due jobs until the signal aborts; resolves when the last handler has returned. A handler that throws counts as
   * an attempt and is held for a back-off; one that throws after the signal has fired was interrupted, and its job waits
   * again uncounted. At most one `process` a queue.
   */
  process(handler: (job: Job<Data>, signal: AbortSignal) => Promise<Outcome>, options: ProcessOptions): Promise<void>;
  get(id: string): Promise<Job<Data> | undefined>;
  /** Removes a job that is not active; true if it was there. */
  remove(id: string): Promise<boolean>;
  /** Makes a waiting job a dead letter; false when it is not waiting. */
  bury(id: string, reason: string): Promise<boolean>;
  /** Held jobs with one of these reasons, of one lane or of all, are tried again now. */
  hasten(reasons: readonly string[], lane?: string): Promise<void>;
  /** What is held in this lane, or stepped aside, is tried again now, whatever it is held for. */
  hastenLane(lane: string): Promise<void>;
  /**
   * Makes one lane of two: what is in `from` goes in order with what is in `into`. A job that was started stays at the front, of
   * two the earlier one; an active one goes on.
   */
  join(from: string, into: string): Promise<void>;
  /** Makes a dead job wait again with its attempts reset; false if it is not dead. */
  redrive(id: string): Promise<boolean>;
  counts(): Promise<QueueCounts>;
  /** What is still to be done, and what it waits for; costs little however many jobs are done. */
  backlog(): Promise<Backlog>;
  /** The jobs in one state in the order they were added; of one lane only, or the newest first, when so asked. */
  list(state: JobState, limit: number, options?: ListOptions): Promise<Job<Data>[]>;
  /** Jobs in any of the states, the one added last first, of one lane or of all. */
  page(states: JobState[], limit: number, options?: PageOptions): Promise<JobPage<Data>>;
  /** Starts no further job until `resume`; running ones finish. Not remembered over a restart. */
  pause(): Promise<void>;
  resume(): Promise<void>;
}

export interface ProcessOptions {
  concurrency: number;
  signal: AbortSignal;
  /** Told of a handler that threw, for the log. */
  onError: (error: unknown, jobId: string) => void;
}

/** What is written and removed together. */
export interface Batch {
  set: {
    key: string;
    value: unknown;
    /** ms from now until it is forgotten; none keeps it for ever. */
    ttl?: number | undefined;
  }[];
  remove: string[];
}

export interface LedgerEntry {
  /** Counts the entries of a ledger from 1, without a gap. */
  sequence: number;
  id: string;
  /** Where it stands among the entries of all ledgers: grows with each, µs since 1970 while the clock does not go back. */
  position: number;
  body: string;
}

export interface LedgerRange {
  /** Only entries behind this position. */
  after?: number;
  /** Only entries before this position. */
  before?: number;
  limit: number;
  /** Begin with the last entry; default false. */
  newestFirst?: boolean;
}

/** Entries one after another, never changed, each under an id. What is asked of several ledgers in one turn is seen as at one moment. */
export interface Ledger {
  /**
   * Adds an entry, which survives a crash of the process when this resolves; an id that is there gives the entry as it was
   * written. The body is made for the sequence it will have, and for about the position: others may come before it.
   */
  append(id: string, body: (entry: Omit<LedgerEntry, 'body'>) => string): Promise<LedgerEntry>;
  get(id: string): Promise<LedgerEntry | undefined>;
  read(range: LedgerRange): Promise<LedgerEntry[]>;
}

/**
 * What a write survives. A power cut: what was promised to somebody (an accepted message) or cannot be had again (keys). A
 * crash of the process only: what is found out again from those, such as how far a message has come. A power cut takes the
 * last of these, never one and not those after it.
 */
export type Survives = 'power-cut' | 'crash';

/** One database: the instance's or one session's. */
export interface Database {
  /** `survives` is that of all its writes; default a power cut. */
  keyValue(namespace: string, survives?: Survives): KeyValue;
  /** Writes and removes rows of one namespace: all or none, once this resolves. */
  write(namespace: string, batch: Batch, survives?: Survives): Promise<void>;
  /** All rows of one namespace as they were at one moment. */
  snapshot(namespace: string): Promise<[key: string, value: unknown][]>;
  /**
   * Grows by one with each write to the namespace: what is kept of it in memory is old when others have written. It grows by far
   * more when writes may have been forgotten.
   */
  version(namespace: string): Promise<number>;
  /** Sees to it that what was removed or overwritten before is not in the files any more either. */
  scrub(): Promise<void>;
  /** All that is kept, in pages, to be moved to another engine; nothing may be in hand. */
  rows(): AsyncIterable<Row[]>;
  /** Writes rows of another engine's. What is there already stays or becomes the same, so that it may be repeated. */
  restore(rows: readonly Row[]): Promise<void>;
  /** Removes all rows. */
  erase(): Promise<void>;
  queue<Data>(name: string, options: { keepDone: number }): Queue<Data>;
  /** `keep` is how long its entries are, ms. */
  ledger(name: string, options: { keep: number }): Ledger;
  close(): Promise<void>;
}

/** An entry was added to the ledger of a session. */
export interface Added {
  session: SessionId;
  position: number;
}

export interface Store {
  readonly instance: Database;
  /** Opens a session's database, made when missing; the same object while it is open. */
  session(id: SessionId): Database;
  /** Closes a session's database, which another process may work with from then on; whoever asks for it opens it anew. */
  closeSession(id: SessionId): Promise<void>;
  /** Closes a session's database and removes all that is in it. */
  removeSession(id: SessionId): Promise<void>;
  /**
   * Tells of each entry that is added to a session's ledger of this name, by whichever process, in the order of their positions, or
   * null when some may have been missed; until what it returns is called. One listener a name.
   */
  follow(ledger: string, heard: (added: Added | null) => void): () => void;
  /** A position behind all entries that there are, and before all that come. */
  position(): Promise<number>;
  close(): Promise<void>;
}

export interface StoreOptions {
  /** Where the files live, made when missing; `:memory:` keeps everything in memory, for tests. */
  directory: string;
  /** The clock, ms since 1970; tests pass their own. */
  now?: () => number;
  /** Told how long the disk took. */
  timing?: StoreTiming;
}

export interface StoreTiming {
  /** A transaction took so many seconds. */
  committed(seconds: number): void;
  /** Commits were made safe from a power cut within so many seconds. */
  synced(seconds: number): void;
}

/**
 * Opens the embedded store. Jobs that were active when the last process ended wait again. Throws when another process
 * has the directory open.
 */
export const openStore = ({ directory, now = () => Date.now(), timing }: StoreOptions): Store =>
  new EmbeddedStore(directory, now, timing);

export interface SharedStoreOptions extends RedisStoreOptions {
  /** Told once that another process may begin with this Redis: this one must end at once. Nothing is held without it. */
  onLost?: () => void;
}

/**
 * Opens the store in Redis. Throws `CannotStart` when Redis cannot be reached, does not keep what it is given, or another
 * runtime works with it.
 */
export async function openSharedStore({ onLost, ...options }: SharedStoreOptions): Promise<Store> {
  const store = await RedisStore.open(options);
  if (!onLost) return store;
  try {
    store.heldBy(await RedisOwner.take(store.connection, options.prefix, onLost));
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}
