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

/** Runs the given work one after another, in the order of the calls; one failing does not stop the next. */
export function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
}
