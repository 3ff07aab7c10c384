/**
 * What WhatsApp is asked about people. Each answer is kept for a time, and a session asks only so often within an hour, as
 * an account that looks up lists of people is soon restricted.
 */
import { Mutex } from 'async-mutex';
import type { KeyValue } from '../store/store.ts';

const HOUR_MS = 3_600_000;

/** So many of some within a time. */
export interface Allowance {
  limit: number;
  used: number;
  left: number;
  /** When it begins anew, ms since 1970. */
  resetsAt: number;
}

/** Not to be asked before `until`, ms since 1970: the hour's look-ups are used up. */
export interface UsedUp {
  until: number;
}

export class LookUps {
  readonly #rows: KeyValue;
  readonly #perHour: number;
  readonly #now: () => number;
  /** One after another, so that nothing is asked twice and the hour is counted right. */
  readonly #inTurn = new Mutex();

  constructor(rows: KeyValue, perHour: number, now: () => number) {
    this.#rows = rows;
    this.#perHour = perHour;
    this.#now = now;
  }

  /** Undefined when it was not asked lately. */
  async cached<Answer extends object>(key: string): Promise<Answer | undefined> {
    return await this.#rows.get<Answer>(key);
  }

  /** From what is known, or by asking; `keepMs` says how long an answer is good. Rejects as `ask` does. */
  find<Answer extends object>(
    key: string,
    ask: () => Promise<Answer>,
    keepMs: (answer: Answer) => number,
  ): Promise<Answer | UsedUp> {
    return this.#inTurn.runExclusive(async () => {
      const cached = await this.cached<Answer>(key);
      if (cached) return cached;
      const { used, left, resetsAt } = await this.allowance();
      if (left === 0) return { until: resetsAt };
      // Counted before it is asked: a crash in between may cost one, never lets one more go.
      await this.#rows.set(`hour-${resetsAt / HOUR_MS - 1}`, used + 1, 2 * HOUR_MS);
      const answer = await ask();
      await this.#rows.set(key, answer, keepMs(answer));
      return answer;
    });
  }

  /** The answer has proved wrong: the next who wants to know asks. */
  async forget(key: string): Promise<void> {
    await this.#rows.delete(key);
  }

  /** How many may still be asked within this hour. */
  async allowance(): Promise<Allowance> {
    const hour = Math.floor(this.#now() / HOUR_MS);
    const used = (await this.#rows.get<number>(`hour-${hour}`)) ?? 0;
    return { limit: this.#perHour, used, left: Math.max(0, this.#perHour - used), resetsAt: (hour + 1) * HOUR_MS };
  }
}
