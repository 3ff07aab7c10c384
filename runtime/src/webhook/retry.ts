/** When a delivery that failed is tried again. Pure. */

export interface Retry {
  /** The pause after each failed attempt; after the last of them one more attempt, then it is a dead letter. */
  delays: readonly number[];
  /** At least so long a pause after 429: the receiver has more than it can do. */
  overloaded: number;
  /** How long one attempt may take. */
  timeout: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

export const DEFAULT_RETRY: Retry = {
  delays: [
    ...[5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE],
    ...[1 * HOUR, 2 * HOUR, 5 * HOUR, 10 * HOUR, 24 * HOUR],
  ],
  overloaded: 60 * SECOND,
  timeout: 30 * SECOND,
};

/** Deliveries that failed together should not come again together. */
const JITTER = 0.2;
const LONGEST_RETRY_AFTER_MS = 24 * HOUR;
const SHORTEST_RETRY_AFTER_MS = SECOND;

/** What a receiver's refusal says about when to come again. */
export interface Failure {
  /** It says so: 429. */
  overloaded: boolean;
  /** What the receiver asked for in `Retry-After`, in ms. */
  retryAfter: number | undefined;
}

/** How long to wait after the n-th failed attempt, or undefined when that was the last. */
export function pauseAfter(attempt: number, failure: Failure, retry: Retry, random: () => number): number | undefined {
  const delay = retry.delays[attempt - 1];
  if (delay === undefined) return undefined;
  if (failure.retryAfter !== undefined) {
    return Math.min(LONGEST_RETRY_AFTER_MS, Math.max(SHORTEST_RETRY_AFTER_MS, failure.retryAfter));
  }
  const pause = delay * (1 + JITTER * (2 * random() - 1));
  return failure.overloaded ? Math.max(retry.overloaded, pause) : pause;
}

/** Reads `Retry-After`, seconds or an HTTP date, as ms from now; undefined when absent or meaningless. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * SECOND;
  // Every HTTP date ends so; Date.parse alone would take almost anything for a date.
  const at = value.trim().endsWith('GMT') ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
