/**
 * How long to wait before connecting again. A connection counts as a success only after it has stayed open for a minute:
 * one that opens and falls at once, again and again, is a failure however often it opened, and must not be tried without
 * a pause.
 */
import type { Action } from './disconnect-policy.ts';

/** Spec 10.1. */
const BACKOFF = { initial: 1_000, multiplier: 2, max: 60_000 };
/** For a server that says it has too much to do (spec 10.4: "longer backoff"). */
const LONGER = { ...BACKOFF, initial: 5_000 };
const SLOW_MS = 600_000;
/** An open connection that lived this long makes the failures before it history. */
const STABLE_MS = 60_000;
/** So many reconnections at once between two stable connections; the next ones back off. */
const MAX_AT_ONCE = 3;

/** Between half and one and a half times `ms`, so that sessions that fell together do not come back together. */
const jittered = (ms: number, random: () => number) => Math.round(ms * (0.5 + random()));

/** Spec 10.2: initial × multiplier ^ attempt, at most max, with jitter; attempts count from 0. */
export const backoffDelay = (attempt: number, random: () => number, curve = BACKOFF): number =>
  jittered(Math.min(curve.initial * curve.multiplier ** attempt, curve.max), random);

/** One session's failures in a row. */
export class AttemptCount {
  #failures = 0;
  #atOnce = 0;
  /** Attempts that were waited for: those that were due at once do not make the next wait longer. */
  #waited = 0;
  #openedAt: number | null = null;

  /** Failures since the last stable connection. */
  get failures(): number {
    return this.#failures;
  }

  /** The connection is open. */
  opened(now: number): void {
    this.#openedAt = now;
  }

  /** The connection has ended, open or not; to be told before the policy is asked. */
  closed(now: number): void {
    if (this.#openedAt !== null && now - this.#openedAt >= STABLE_MS) this.reset();
    this.#openedAt = null;
  }

  /** Counts one more attempt and says how many ms to wait before it. */
  next(action: Exclude<Action, 'end'>, random: () => number): number {
    this.#failures += 1;
    switch (action) {
      case 'reconnect_now':
        this.#atOnce += 1;
        return this.#atOnce <= MAX_AT_ONCE ? 0 : backoffDelay(this.#waited++, random);
      case 'reconnect_backoff':
        return backoffDelay(this.#waited++, random);
      case 'reconnect_later':
        return backoffDelay(this.#waited++, random, LONGER);
      case 'reconnect_slow':
        return jittered(SLOW_MS, random);
      default:
        return action satisfies never;
    }
  }

  /** Starts again from nothing: somebody asked for a connection, or a phone has just accepted the link. */
  reset(): void {
    this.#failures = 0;
    this.#atOnce = 0;
    this.#waited = 0;
  }
}
