/** An end in good order that does not take for ever. */
import type { Logger } from './log.ts';

/**
 * Stops, but not for longer than the limit, ms. What is not finished then is left as a crash would leave it: the next start goes on
 * with it. `stop` tells what it waits for.
 */
export async function stopWithin(
  limitMs: number,
  stop: (at: (step: string) => void) => Promise<void>,
  log: Logger,
): Promise<void> {
  let step = '';
  const { promise: late, resolve } = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => resolve('late'), limitMs);
  const stopped = stop((next) => (step = next));
  try {
    if ((await Promise.race([stopped, late])) === 'late') {
      log.warn({ waitingFor: step, limitMs }, 'not all was finished in time; the next start goes on with it');
    }
  } finally {
    clearTimeout(timer);
  }
}
