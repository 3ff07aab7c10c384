/** When a message may go: not before one time, not after another. Pure. */
import { RuntimeError } from '../errors.ts';
import type { NewMessage } from './outbox.ts';

/** Nobody plans further ahead, and a mistaken unit (ns for ms) shows. */
const LONGEST_AHEAD_MS = 366 * 24 * 3_600_000;

/**
 * The times as they are kept. A time to go that has passed is now. Throws `invalid_request` when the message would expire
 * before it may go, or for a time more than a year ahead.
 */
export function timesOf(
  { sendAt, expiresAt, ttl }: Pick<NewMessage, 'sendAt' | 'expiresAt' | 'ttl'>,
  now: number,
): { sendAt: number | null; expiresAt: number | null } {
  const from = Math.max(sendAt ?? now, now);
  if (expiresAt !== undefined && ttl !== undefined) throw wrong('ttl: say either this or expiresAt');
  const ends = ttl === undefined ? expiresAt : from + ttl;
  if (from > now + LONGEST_AHEAD_MS) throw wrong('sendAt: is more than a year ahead');
  if (ends !== undefined && ends <= from) throw wrong('expiresAt: must be after the time the message may go');
  if (ends !== undefined && ends > now + 2 * LONGEST_AHEAD_MS) throw wrong('expiresAt: is more than two years ahead');
  return { sendAt: from > now ? from : null, expiresAt: ends ?? null };
}

const wrong = (problem: string) => new RuntimeError('invalid_request', { details: [problem] });
