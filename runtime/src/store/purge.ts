/** When the writers of a table remove what has expired in it: a batch now and then, and again at once while there is more. */

const EVERY_MS = 1_000;

export class Purge {
  readonly #run: (now: number, most: number) => number;
  readonly #most: number;
  #nextAt: number | null = null;

  /** `run` removes at most so many rows and returns how many it removed. */
  constructor(most: number, run: (now: number, most: number) => number) {
    this.#most = most;
    this.#run = run;
  }

  /** To be called within the transaction of a write. */
  afterWrite(now: number): void {
    // A clock that was set back must not end the purging.
    const isSoon = this.#nextAt !== null && now < this.#nextAt && now >= this.#nextAt - EVERY_MS;
    if (isSoon) return;
    const removed = this.#run(now, this.#most);
    this.#nextAt = removed < this.#most ? now + EVERY_MS : null;
  }
}
