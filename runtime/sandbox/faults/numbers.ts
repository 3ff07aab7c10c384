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

/** A whole number, of those given by name. */
export function wholeIn(given: Settings, name: string, least: number, most: number): number {
  const value = given[name];
  if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) return Number(value);
  throw new Error(`${name} must be a whole number from ${least} to ${most}`);
}

/** How many messages it is about. */
export const countIn = (given: Settings): number => wholeIn(given, 'count', 1, 1_000_000);

/** A code of three digits, as stanzas have them. */
export const codeIn = (given: Settings, name: string): string => String(wholeIn(given, name, 100, 999));

/** The code a WebSocket can be closed with by whoever closes it. */
export function closeCodeIn({ code }: Settings): number {
  const isReserved = [1004, 1005, 1006].includes(Number(code));
  const isOpen = (Number(code) >= 1000 && Number(code) <= 1014) || (Number(code) >= 3000 && Number(code) <= 4999);
  if (Number.isInteger(code) && isOpen && !isReserved) return Number(code);
  throw new Error('code must be 1000 to 1014, without 1004 to 1006, or 3000 to 4999');
}
