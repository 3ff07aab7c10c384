/** Waiting that ends with its owner: every pause takes a signal, and aborting it ends the pause at once. */
import { setTimeout as pause } from 'node:timers/promises';

/** Waits; rejects with the signal's reason when it aborts. */
export const sleep = (ms: number, signal: AbortSignal): Promise<void> => pause(Math.max(0, ms), undefined, { signal });

/** Waits; resolves true when the time has passed and false when the signal aborted first. */
export async function sleepUnlessAborted(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
