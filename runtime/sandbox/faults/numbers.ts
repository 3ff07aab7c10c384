/** Numbers that faults take. Each throws with a sentence for one that makes no sense. */
import type { Settings } from './fault.ts';

/** The HTTP status of a refusal. */
export function statusIn({ status }: Settings): number {
  if (Number.isInteger(status) && Number(status) >= 400 && Number(status) <= 599) return Number(status);
  throw new Error('status must be an HTTP status of a refusal, 400 to 599');
}

export function millisecondsIn({ ms }: Settings): number {
  if (Number(ms) >= 0 && Number(ms) <= 3_600_000) return Number(ms);
  throw new Error('ms must be 0 to 3600000');
}

export function bytesPerSecondIn({ bytesPerSecond }: Settings): number {
  if (Number(bytesPerSecond) >= 1 && Number.isFinite(bytesPerSecond)) return Number(bytesPerSecond);
  throw new Error('bytesPerSecond must be at least 1');
}
