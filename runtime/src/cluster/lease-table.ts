/**
 * Leases as they lie in Redis: a hash each, `{holder, url, generation, until}`, changed by scripts that go by Redis' own
 * clock. The generation only grows, over removals too, since it is never below that clock; what is written for a session is
 * refused there when a higher one has been given out (store). A row is left behind when its holder lets go, for that reason.
 */
import type { Redis } from 'ioredis';

/** Who has the lease on something. */
export interface Owner {
  holder: string;
  /** Where the holder is reached by other workers. */
  url: string;
  generation: number;
}

/** A full Redis takes them: who has a lease goes on having it. */
const WHEN_FULL = '#!lua flags=allow-oom\n';
const NOW = `local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
`;
const MINE = `local row = redis.call('HMGET', KEYS[1], 'holder', 'generation', 'until')
if row[1] ~= ARGV[1] or row[2] ~= ARGV[2] then return 0 end
`;
/** What nobody may write any more is of no interest after this long. */
const KEEP_ROW_MS = 24 * 3_600_000;

const SCRIPTS = {
  // Its own lease, of which the answer was lost, the holder takes again.
  takeLease: `${NOW}local row = redis.call('HMGET', KEYS[1], 'holder', 'generation', 'until')
if row[1] and row[1] ~= ARGV[1] and tonumber(row[3]) > now then return false end
local generation = math.max((tonumber(row[2]) or 0) + 1, now)
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'url', ARGV[2],
  'generation', string.format('%.0f', generation), 'until', string.format('%.0f', now + ARGV[3]))
redis.call('PERSIST', KEYS[1])
return string.format('%.0f', generation)`,
  // One that has run out is not renewed: a command that arrives late would hold what nobody lives by any more.
  renewLease: `${NOW}${MINE}if tonumber(row[3]) <= now then return 0 end
redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + ARGV[3]))
return 1`,
  dropLease: `${MINE}redis.call('HSET', KEYS[1], 'until', '0')
redis.call('PEXPIRE', KEYS[1], ${KEEP_ROW_MS})
return 1`,
  ownerOf: `${NOW}local row = redis.call('HMGET', KEYS[1], 'holder', 'generation', 'until', 'url')
if not row[1] or tonumber(row[3]) <= now then return false end
return { row[1], row[2], row[4] }`,
};

type Scripts = {
  takeLease(key: string, holder: string, url: string, ttlMs: number): Promise<string | null>;
  renewLease(key: string, holder: string, generation: number, ttlMs: number): Promise<number>;
  dropLease(key: string, holder: string, generation: number): Promise<number>;
  ownerOf(key: string): Promise<[string, string, string] | null>;
};

export class LeaseTable {
  readonly #redis: Redis & Scripts;
  readonly #keyOf: (name: string) => string;

  /** `redis` must refuse what it cannot send at once: a command that waits for a connection comes too late. */
  constructor(redis: Redis, keyOf: (name: string) => string) {
    for (const [name, lua] of Object.entries(SCRIPTS))
      redis.defineCommand(name, { numberOfKeys: 1, lua: WHEN_FULL + lua });
    this.#redis = redis as Redis & Scripts;
    this.#keyOf = keyOf;
  }

  /** The generation it gave, or null while another holds it. */
  async take(name: string, holder: string, url: string, ttlMs: number): Promise<number | null> {
    const generation = await this.#redis.takeLease(this.#keyOf(name), holder, url, ttlMs);
    return generation === null ? null : Number(generation);
  }

  /** False when it is not this holder's any more. */
  async renew(name: string, holder: string, generation: number, ttlMs: number): Promise<boolean> {
    return (await this.#redis.renewLease(this.#keyOf(name), holder, generation, ttlMs)) === 1;
  }

  /** Others may take it at once. Does nothing when it is not this holder's any more. */
  async drop(name: string, holder: string, generation: number): Promise<void> {
    await this.#redis.dropLease(this.#keyOf(name), holder, generation);
  }

  async owner(name: string): Promise<Owner | null> {
    const row = await this.#redis.ownerOf(this.#keyOf(name));
    return row && { holder: row[0], generation: Number(row[1]), url: row[2] };
  }
}
