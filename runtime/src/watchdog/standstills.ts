/**
 * When this process itself stood still: the machine was busy, or something held up the event loop. Meanwhile nothing is
 * read, so that every connection looks silent; that time is not held against them.
 */
import { sleepUnlessAborted } from '../time.ts';

const LOOK_EVERY_MS = 250;
/** Timers are never quite on time. */
const ON_TIME_MS = 50;
/** No longer ago does anybody ask. */
const REMEMBER_MS = 600_000;

export class Standstills {
  readonly #now: () => number;
  readonly #onLate: (ms: number) => void;
  /** Each with its end, ms since 1970, and its length. */
  #known: { end: number; ms: number }[] = [];

  /** `onLate` is told how long each lasted. */
  constructor(now: () => number, onLate: (ms: number) => void = () => undefined) {
    this.#now = now;
    this.#onLate = onLate;
  }

  /** Looks until the signal aborts. */
  async watch(signal: AbortSignal): Promise<void> {
    let before = performance.now();
    while (await sleepUnlessAborted(LOOK_EVERY_MS, signal)) {
      const after = performance.now();
      this.note(after - before - LOOK_EVERY_MS);
      before = after;
    }
  }

  /** A timer was late by so much just now. */
  note(lateMs: number): void {
    if (lateMs <= ON_TIME_MS) return;
    this.#onLate(lateMs);
    const now = this.#now();
    this.#known = this.#known.filter(({ end }) => now - end < REMEMBER_MS);
    this.#known.push({ end: now, ms: lateMs });
  }

  /** How much of the time since then (ms since 1970) it stood still, ms. */
  since(time: number): number {
    return this.#known.filter(({ end }) => end > time).reduce((sum, { end, ms }) => sum + Math.min(ms, end - time), 0);
  }
}
