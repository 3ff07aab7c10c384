/** The queues a test works with, of either engine, in its own process and in another. */
import { parseSessionId, type SessionId } from '../../runtime/src/ids.ts';
import { openStore, type Database } from '../../runtime/src/store/store.ts';
import { redisQueues } from './redis-queues.ts';

/** What the contracts need of a store. */
export interface QueueStore {
  readonly instance: Pick<Database, 'queue'>;
  session(id: SessionId): Pick<Database, 'queue'>;
  close(): Promise<void>;
}

/** Whose queues they are; what a process had in hand is back as soon as its next one opens them. */
export const SESSION = parseSessionId('contract');

/** How many lanes `queue-worker.ts` has. */
export const WORKER_LANES = 5;

/** As told to another process: `sqlite <directory>` or `redis <url> <prefix>`. */
export async function openQueues([engine, where = '', prefix = '']: string[]): Promise<QueueStore> {
  if (engine === 'redis') return (await redisQueues({ url: where, prefix })).store;
  return openStore({ directory: where });
}
