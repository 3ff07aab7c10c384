/** Where entries stand among those of all ledgers of a store. */
export const MICROSECONDS = 1_000;

/** Gives each entry of a store's ledgers its position. */
export class Positions {
  #last = 0;

  /** Behind all that were given, and before all that come. */
  now(now: number): number {
    return this.next(now, 0);
  }

  /** Behind all that were given, behind `former`, and at the time it is. */
  next(now: number, former: number): number {
    this.#last = Math.max(now * MICROSECONDS, former + 1, this.#last + 1);
    return this.#last;
  }
}
