/** What runs once among all workers: by whoever holds one more lease, and by the next one when that is lost. */
import { toError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { sleepUnlessAborted } from '../time.ts';
import type { Lease, Leases } from './leases.ts';

/** No session can have this id. */
export const KEEPER = '.keeper';

const TRY_EVERY_MS = 1_000;

/**
 * Runs `work` whenever this worker is the keeper, until the signal aborts. The signal that `work` gets aborts when the lease is lost
 * too; it is to end by that at once. What it is in the middle of is left as a crash would leave it.
 */
export async function runAsKeeper(
  leases: Leases,
  work: (signal: AbortSignal, lease: Lease) => Promise<void>,
  signal: AbortSignal,
  log: Logger,
): Promise<void> {
  do {
    try {
      const lease = await leases.take(KEEPER);
      if (!lease) continue;
      log.info('this worker is the keeper now');
      try {
        await work(AbortSignal.any([signal, lease.lost]), lease);
      } finally {
        await leases.drop(lease);
      }
    } catch (thrown) {
      log.warn({ err: toError(thrown) }, 'what runs once was interrupted');
    }
  } while (await sleepUnlessAborted(TRY_EVERY_MS, signal));
}
