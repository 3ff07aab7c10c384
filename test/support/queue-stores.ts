/** What the contracts of a queue work with. */
import { parseSessionId, type SessionId } from '../../runtime/src/ids.ts';
import type { Database } from '../../runtime/src/store/store.ts';

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
