/**
 * What a connection's vital signs say. Pure: the watchdog asks, the table below answers.
 *
 * A connection may be dead (nothing comes in although pings must be answered) or deaf: pings are answered and messages
 * taken, but nothing anybody sends arrives. Deafness cannot be told from silence by listening alone. What gives it away is
 * that the messages the server took bring no receipts either. That, too, may have an innocent cause (everybody's phone is
 * off), so it is a suspicion: the session connects again, whereupon the server tells how much had waited. If
 * nothing had, the suspicion was wrong, and the next one takes twice as long.
 */
import type { Vitals } from '../session/session.ts';

export type Verdict = 'healthy' | 'silent' | 'deaf';

/** An answer to a ping may take this long beyond the interval. */
const GRACE_MS = 8_000;
/** Fewer messages without a receipt mean nothing. */
const ENOUGH_UNECHOED = 3;
const DEAF_AFTER_MS = 30_000;
const DEAF_AFTER_AT_MOST_MS = 3_600_000;

export interface Observation {
  vitals: Pick<Vitals, 'lastFrameAt' | 'lastInboundAt' | 'unechoed'>;
  /** When the session was connected, ms since 1970. */
  since: number;
  now: number;
  /** How often a healthy connection brings a frame at the least, ms. */
  pingIntervalMs: number;
  /** How long this process itself stood still since a time, ms: what nobody read was no silence. */
  stoodStillSince(time: number): number;
  /** Suspicions of deafness in a row that turned out wrong. */
  doubts: number;
}

export function judge({ vitals, since, now, pingIntervalMs, doubts, stoodStillSince }: Observation): Verdict {
  const awakeMsSince = (time: number) => now - time - stoodStillSince(time);
  if (awakeMsSince(vitals.lastFrameAt) > pingIntervalMs + GRACE_MS) return 'silent';
  const quietMs = awakeMsSince(Math.max(vitals.lastInboundAt ?? 0, since));
  const patienceMs = Math.min(DEAF_AFTER_MS * 2 ** doubts, DEAF_AFTER_AT_MOST_MS);
  return vitals.unechoed >= ENOUGH_UNECHOED && quietMs > patienceMs ? 'deaf' : 'healthy';
}

/** What to do about a session whose connection was found wanting so often within the window. */
export type Remedy = 'reconnect' | 'other_proxy' | 'restart' | 'brake';

/** So far back a suspicion counts, ms. */
export const WINDOW_MS = 600_000;
const OTHER_PROXY_AT = 3;
const RESTART_AT = 4;
const BRAKE_AT = 7;

/**
 * The ladder. Each suspicion by itself has already led to a new connection; when that does not help, the next remedy is
 * stronger: another proxy where there is one, a start from what is on disk, then a pause for the session's messages and a person.
 */
export function remedyFor(suspicions: number): Remedy {
  if (suspicions >= BRAKE_AT) return 'brake';
  if (suspicions >= RESTART_AT) return 'restart';
  return suspicions >= OTHER_PROXY_AT ? 'other_proxy' : 'reconnect';
}

/** The phone must be online now and then, or WhatsApp unlinks its devices; after 14 days, says its help page. */
export type PhoneVerdict = 'seen' | 'ask' | 'missing';

const DAY_MS = 86_400_000;
const ASK_AFTER_MS = 10 * DAY_MS;
const MISSING_AFTER_MS = 12 * DAY_MS;

/** `seenAt` is when the phone last gave a sign, or when the session was linked, ms since 1970. */
export function judgePhone(seenAt: number, now: number): PhoneVerdict {
  if (now - seenAt > MISSING_AFTER_MS) return 'missing';
  return now - seenAt > ASK_AFTER_MS ? 'ask' : 'seen';
}
