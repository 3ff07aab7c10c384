/** Which workers there are: each says so again and again, and is forgotten when it does not. */
import type { Redis } from 'ioredis';
import { WORKER_LIFE_MS } from '../store/store.ts';
import type { Worker } from './plan.ts';

export interface Member extends Worker {
  /** Where other workers reach it. */
  url: string;
  /** How many sessions it holds. */
  held: number;
}

// A full Redis takes it: a worker goes on being heard of.
const BEAT = `#!lua flags=allow-oom
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if ARGV[2] == '' then
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[2], ARGV[1])
else
  redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ARGV[3]))) do
  redis.call('ZREM', KEYS[1], id)
  redis.call('HDEL', KEYS[2], id)
end
return redis.call('HVALS', KEYS[2])`;

type Beating = Redis & {
  workerBeat(beats: string, facts: string, id: string, facts_: string, lifeMs: number): Promise<string[]>;
};

export class Members {
  readonly #redis: Beating;
  readonly #keys: { beats: string; facts: string };

  constructor(redis: Redis, keys: { beats: string; facts: string }) {
    redis.defineCommand('workerBeat', { numberOfKeys: 2, lua: BEAT });
    this.#redis = redis as Beating;
    this.#keys = keys;
  }

  /** Says that this worker is there, and gives all there are. */
  async beat(self: Member): Promise<Member[]> {
    return await this.#say(self.id, JSON.stringify(self));
  }

  /** This worker takes no further session; others count without it at once. */
  async leave(id: string): Promise<void> {
    await this.#say(id, '');
  }

  async #say(id: string, facts: string): Promise<Member[]> {
    const { beats, facts: key } = this.#keys;
    const all = await this.#redis.workerBeat(beats, key, id, facts, WORKER_LIFE_MS);
    return all.map((each) => JSON.parse(each) as Member).sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}
