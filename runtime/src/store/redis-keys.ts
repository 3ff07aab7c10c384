/**
 * Every name in Redis, and how long what is under it lasts. All names of one database have the same hash tag, so that they
 * are in one slot of a Redis Cluster and a function may write several of them.
 *
 * `<tag>:owner`           hash: who holds the database; `generation` fences writers
 * `<tag>:holder`          text: which process works with all sessions; the instance's only
 * `<tag>:rows:<namespace>` hash: a key's `<expiry, ms since 1970, or nothing>|<value>`
 * `<tag>:expiries`        sorted set: the rows of all namespaces that expire, by when
 * `<tag>:versions`        hash: how often each namespace was written to
 * `<tag>:ledger:<part>:<name>` hashes: `rows` by sequence, `ids` with their sequence, `ends`
 * `<tag>:queue:<name>:…`  what a queue keeps, see `redis-jobs-lua.ts`
 */
import type { SessionId } from '../ids.ts';

/** How long a removed session's generation is remembered, so that who held it then writes nothing any more. */
export const FENCE_OUTLIVES_MS = 24 * 3_600_000;

/** A worker that was not heard of for so long is no longer counted. */
export const WORKER_LIFE_MS = 10_000;

/** The names of what workers know of each other. */
export const clusterKeys = (prefix: string) => ({
  /** Sorted set: the workers, by when each was last heard of. */
  beats: `{${prefix}:cluster}:beats`,
  /** Hash: what each says of itself. */
  facts: `{${prefix}:cluster}:facts`,
  /** A lease on something else than a session. */
  lease: (name: string) => `{${prefix}:cluster}:lease:${name}`,
  /** What they tell each other. */
  channel: `${prefix}:cluster`,
});

export class RedisKeys {
  readonly #tag: string;
  readonly #prefix: string;
  /** Null for the instance's. */
  readonly session: SessionId | null;

  /** The names of a session's database, or of the instance's for null. */
  constructor(prefix: string, session: SessionId | null) {
    this.#prefix = prefix;
    this.session = session;
    // A session may be called "instance".
    this.#tag = session === null ? `{${prefix}:instance}` : `{${prefix}:session:${session}}`;
  }

  /** A hash; `generation` in it grows with each owner. */
  get owner(): string {
    return `${this.#tag}:owner`;
  }

  /** Which process works with all of it, while one does. */
  get holder(): string {
    return `${this.#tag}:holder`;
  }

  get versions(): string {
    return `${this.#tag}:versions`;
  }

  rows(namespace: string): string {
    return `${this.#tag}:rows:${namespace}`;
  }

  get expiries(): string {
    return `${this.#tag}:expiries`;
  }

  ledger(part: 'rows' | 'ids' | 'ends', name: string): string {
    return `${this.#tag}:ledger:${part}:${name}`;
  }

  /** Where it is told of entries in the sessions' ledgers of this name. */
  ledgerChannel(name: string): string {
    return `${this.#prefix}:ledger:${name}`;
  }

  /** What the names of a queue's keys begin with. */
  queue(name: string): string {
    return `${this.#tag}:queue:${name}`;
  }

  /** Matches every name of this database, for SCAN. */
  get pattern(): string {
    return `${this.#tag.replaceAll(/[\\*?[\]^]/g, '\\$&')}:*`;
  }
}
