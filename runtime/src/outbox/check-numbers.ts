/** Many numbers at once, for a caller who wants to know before writing. */
import { RuntimeError } from '../errors.ts';
import type { Jid } from '../ids.ts';
import type { LiveSocket } from '../session/session.ts';
import type { Numbers } from './numbers.ts';

export interface CheckedNumber {
  asked: Jid;
  /** The address WhatsApp knows it by; null when nobody has the number or it could not be asked. */
  jid: Jid | null;
  /** Null when the hour's look-ups were used up before its turn. */
  exists: boolean | null;
  /** When WhatsApp said so, ms since 1970. */
  checkedAt: number | null;
}

export interface CheckedNumbers {
  numbers: CheckedNumber[];
  /** How many may still be asked within this hour. */
  checksLeft: number;
  /** When those left out can be asked, ms since 1970; null when none was. */
  continueAt: number | null;
}

/** Throws `session_not_connected`, `no_answer`. */
export async function checkNumbers(
  asked: Jid[],
  numbers: Numbers,
  live: () => LiveSocket | null,
): Promise<CheckedNumbers> {
  let continueAt: number | null = null;
  const checked: CheckedNumber[] = [];
  for (const jid of asked) {
    const known = (await numbers.cached(jid)) ?? (await ask(jid, numbers, live()));
    if ('until' in known) {
      continueAt = known.until;
      checked.push({ asked: jid, jid: null, exists: null, checkedAt: null });
    } else checked.push({ asked: jid, ...known, exists: known.jid !== null });
  }
  return { numbers: checked, checksLeft: (await numbers.allowance()).left, continueAt };
}

async function ask(jid: Jid, numbers: Numbers, live: LiveSocket | null) {
  if (!live) throw new RuntimeError('session_not_connected');
  try {
    return await numbers.check(jid, live);
  } catch (cause) {
    throw new RuntimeError('no_answer', { cause });
  }
}
