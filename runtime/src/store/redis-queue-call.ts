/** How a queue's function is called; a Redis that has not got it yet, or not any more, is given it. */
import type { Redis } from 'ioredis';
import { QUEUE_FUNCTION, QUEUE_LIBRARY } from './redis-jobs-lua.ts';
import type { QueueCall } from './redis-jobs.ts';

export interface QueuePlace {
  /** What the names of all its keys begin with, hash tag included. */
  base: string;
  /** Where the generation of the database's owner is. */
  owner: string;
  /** That of the caller, which may change nothing when there is a later one; empty for a database that nobody owns. */
  generation: () => string;
  /** How long a done job is recognised, ms. */
  keepDone: number;
}

export function queueCall(redis: Redis, { base, owner, generation, keepDone }: QueuePlace): QueueCall {
  return async (now, verb, args) => {
    const call = () =>
      redis.fcall(QUEUE_FUNCTION, 2, base, owner, generation(), String(now), String(keepDone), verb, ...args);
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof Error && error.message.includes('Function not found'))) throw error;
      await redis.function('LOAD', 'REPLACE', QUEUE_LIBRARY);
      return call();
    }
  };
}
