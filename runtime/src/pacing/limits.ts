/**
 * What protects the recipient (spec 9.5). These hold whatever `humanize` says. Two of them delay and two refuse:
 *
 * - Recipient rate: at most 10 messages in any 60 seconds (start included, end not) to one recipient; the next one waits
 *   until the oldest of the ten is 60 s old.
 * - Burst: a message is *rapid* when it goes at most 10 s after the one before it to the same recipient. Three messages
 *   of which the second and the third are rapid are a burst; after it nothing goes to this recipient until 30 s after the
 *   third.
 * - Daily limit: refused until the session's day ends.
 * - Duplicate: the same text to the same recipient within 5 minutes is refused.
 *
 * Checked when a message is about to begin; as one chat's messages go one after another, what was allowed then is still
 * allowed when its typing ends.
 */
import { DUPLICATE_WINDOW_MS } from './history.ts';
import type { ChatHistory } from './history.ts';

/** The numbers of spec 9.5. */
export const RULES = {
  perRecipient: { messages: 10, withinMs: 60_000 },
  burst: { messages: 3, rapidMs: 10_000, restMs: 30_000 },
  duplicateMs: DUPLICATE_WINDOW_MS,
  /** The first message to somebody never written to nor heard from waits this long. */
  newContactMs: 5_000,
} as const;
const { messages: RATE_LIMIT, withinMs: RATE_WINDOW_MS } = RULES.perRecipient;
const { messages: BURST_LENGTH, rapidMs: RAPID_MS, restMs: BURST_COOLDOWN_MS } = RULES.burst;

/** The session's day, as its owner counts it. */
export interface DayCount {
  sentToday: number;
  limit: number;
  /** When the count starts again from nothing, ms. */
  resetsAt: number;
}

/** Not now: `retryAfter` seconds from now the same message may go. */
export interface Refusal {
  kind: 'refuse';
  code: 'duplicate_message' | 'daily_limit';
  retryAfter: number;
}

/** Allowed, but not before `until` (ms). */
export interface Delay {
  kind: 'wait';
  until: number;
  reason: 'recipient_rate' | 'burst';
}

const secondsUntil = (time: number, now: number) => Math.max(1, Math.ceil((time - now) / 1_000));

/** Whether a message must be refused; asked when it is accepted and, by `plan`, again when its turn comes. */
export function refusal(input: {
  message: { textHash: string; messageId?: string };
  chat: ChatHistory;
  day: DayCount;
  now: number;
}): Refusal | null {
  const { message, chat, day, now } = input;
  if (day.sentToday >= day.limit) {
    return { kind: 'refuse', code: 'daily_limit', retryAfter: secondsUntil(day.resetsAt, now) };
  }
  const same = chat.texts.findLast(
    (text) =>
      text.hash === message.textHash &&
      // One that is still to go, at its time, is as near as one that has gone.
      Math.abs(now - text.at) < DUPLICATE_WINDOW_MS &&
      !(text.messageId !== undefined && text.messageId === message.messageId),
  );
  if (!same) return null;
  return { kind: 'refuse', code: 'duplicate_message', retryAfter: secondsUntil(same.at + DUPLICATE_WINDOW_MS, now) };
}

function rateEnds(sentAt: readonly number[]): number {
  const oldest = sentAt.at(-RATE_LIMIT);
  return oldest === undefined ? 0 : oldest + RATE_WINDOW_MS;
}

function burstEnds(sentAt: readonly number[]): number {
  const last = sentAt.slice(-BURST_LENGTH);
  const rapid = last.every((at, i) => i === 0 || at - (last[i - 1] ?? at) <= RAPID_MS);
  return last.length === BURST_LENGTH && rapid ? (last.at(-1) ?? 0) + BURST_COOLDOWN_MS : 0;
}

/** How many more messages this recipient may get within the minute that ends now. */
export const leftThisMinute = ({ sentAt }: ChatHistory, now: number): number =>
  Math.max(0, RATE_LIMIT - sentAt.filter((at) => at > now - RATE_WINDOW_MS).length);

/** Whether this recipient must be left alone for a while, for the reason that lasts longest. */
export function delay(chat: ChatHistory, now: number): Delay | null {
  // A clock that was set back leaves times in the future; far ones would silence the chat for as long.
  const sentAt = chat.sentAt.filter((at) => at <= now + RATE_WINDOW_MS);
  const rate = rateEnds(sentAt);
  const burst = burstEnds(sentAt);
  if (Math.max(rate, burst) <= now) return null;
  return rate >= burst
    ? { kind: 'wait', until: rate, reason: 'recipient_rate' }
    : { kind: 'wait', until: burst, reason: 'burst' };
}
