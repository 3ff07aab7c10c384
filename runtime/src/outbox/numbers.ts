/**
 * Whether a phone number has WhatsApp. A message to nobody is acknowledged like any other, so it is asked before the first
 * one; the answer is kept, and a session asks only so often within an hour, as an account that looks up lists of numbers
 * is soon restricted.
 */
import { Mutex } from 'async-mutex';
import type { Jid } from '../ids.ts';
import type { LiveSocket } from '../session/session.ts';
import type { KeyValue } from '../store/store.ts';
import type { Allowance } from './limits.ts';

const HOUR_MS = 3_600_000;
const KEEP_FOUND_MS = 7 * 24 * HOUR_MS;
const KEEP_NOBODY_MS = 24 * HOUR_MS;

export interface KnownNumber {
  /** The address WhatsApp knows it by; null when nobody has the number. */
  jid: Jid | null;
  /** When WhatsApp said so, ms since 1970. */
  checkedAt: number;
}

/** Not to be asked before `until`, ms since 1970: the hour's look-ups are used up. */
export interface UsedUp {
  until: number;
}

export class Numbers {
  readonly #rows: KeyValue;
  readonly #perHour: number;
  readonly #now: () => number;
  /** One after another, so that no number is asked for twice and the hour is counted right. */
  readonly #inTurn = new Mutex();

  constructor(rows: KeyValue, perHour: number, now: () => number) {
    this.#rows = rows;
    this.#perHour = perHour;
    this.#now = now;
  }

  /** Undefined when it was not asked lately. */
  async cached(jid: Jid): Promise<KnownNumber | undefined> {
    return await this.#rows.get<KnownNumber>(jid);
  }

  /** From what is known, or by asking. Rejects when WhatsApp does not answer. */
  check(jid: Jid, live: LiveSocket): Promise<KnownNumber | UsedUp> {
    return this.#inTurn.runExclusive(async () => {
      const cached = await this.cached(jid);
      if (cached) return cached;
      const hour = Math.floor(this.#now() / HOUR_MS);
      const used = (await this.#rows.get<number>(`hour-${hour}`)) ?? 0;
      if (used >= this.#perHour) return { until: (hour + 1) * HOUR_MS };
      // Counted before it is asked: a crash in between may cost one, never lets one more go.
      await this.#rows.set(`hour-${hour}`, used + 1, 2 * HOUR_MS);
      const found: KnownNumber = { jid: await live.askNumber(jid), checkedAt: this.#now() };
      await this.#rows.set(jid, found, found.jid === null ? KEEP_NOBODY_MS : KEEP_FOUND_MS);
      return found;
    });
  }

  /** How many may still be asked within this hour. */
  async allowance(): Promise<Allowance> {
    const hour = Math.floor(this.#now() / HOUR_MS);
    const used = (await this.#rows.get<number>(`hour-${hour}`)) ?? 0;
    return { limit: this.#perHour, used, left: Math.max(0, this.#perHour - used), resetsAt: (hour + 1) * HOUR_MS };
  }
}
