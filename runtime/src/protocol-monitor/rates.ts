/** How often operations succeed, over the last hour by minutes. */
import type { Operation } from '../session/session.ts';

const MINUTE_MS = 60_000;
const MINUTES = 60;
/** Spec 11.4. */
const LOW_SUCCESS = 0.95;
/** Fewer say nothing. */
const ENOUGH = 20;

export interface Tally {
  total: number;
  success: number;
}

type Minutes = [minute: number, tally: Tally][];
export type SavedRates = Partial<Record<Operation, Minutes>>;

export class Rates {
  readonly #minutes: Map<Operation, Map<number, Tally>>;

  constructor(saved: SavedRates = {}) {
    const rows = Object.entries(saved) as [Operation, Minutes][];
    this.#minutes = new Map(rows.map(([operation, minutes]) => [operation, new Map(minutes)]));
  }

  note(operation: Operation, success: boolean, now: number): void {
    const minutes = this.#minutes.get(operation) ?? new Map<number, Tally>();
    this.#minutes.set(operation, minutes);
    const minute = Math.floor(now / MINUTE_MS);
    const tally = minutes.get(minute) ?? { total: 0, success: 0 };
    minutes.set(minute, { total: tally.total + 1, success: tally.success + (success ? 1 : 0) });
  }

  /** Within the last hour; what is older is forgotten. */
  hour(now: number): Map<Operation, Tally> {
    const oldest = Math.floor(now / MINUTE_MS) - MINUTES;
    for (const minutes of this.#minutes.values()) {
      for (const minute of minutes.keys()) if (minute <= oldest) minutes.delete(minute);
    }
    return new Map([...this.#minutes].map(([operation, minutes]) => [operation, sum([...minutes.values()])]));
  }

  /** Null while there is too little to go by. */
  isLow(operation: Operation, now: number): boolean | null {
    const { total, success } = this.hour(now).get(operation) ?? { total: 0, success: 0 };
    return total < ENOUGH ? null : success / total < LOW_SUCCESS;
  }

  saved(): SavedRates {
    return Object.fromEntries([...this.#minutes].map(([operation, minutes]) => [operation, [...minutes]]));
  }
}

const sum = (tallies: Tally[]): Tally => ({
  total: tallies.reduce((all, { total }) => all + total, 0),
  success: tallies.reduce((all, { success }) => all + success, 0),
});
