/** A slow way: what is put on it comes out in the order it went in, however long each is to take. */

interface Waiting {
  readonly act: () => void;
  /** In ms of `performance.now()`. */
  readonly due: number;
}

export class DelayLine {
  readonly #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | null = null;

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Acts so many ms later, and not before what was put in earlier; at once when there is nothing to wait for. */
  put(act: () => void, ms: number): void {
    if (ms === 0 && this.isEmpty) return act();
    const due = Math.max(performance.now() + ms, this.#waiting.at(-1)?.due ?? 0);
    this.#waiting.push({ act, due });
    if (!this.#timer) this.#arm(ms);
  }

  /** All that waits happens now. */
  flush(): void {
    const waiting = this.#waiting.splice(0);
    this.clear();
    for (const { act } of waiting) act();
  }

  /** All that waits never happens. */
  clear(): void {
    this.#waiting.length = 0;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #arm(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#waiting.shift()?.act();
      const [next] = this.#waiting;
      if (next && !this.#timer) this.#arm(Math.max(0, next.due - performance.now()));
    }, ms);
  }
}
