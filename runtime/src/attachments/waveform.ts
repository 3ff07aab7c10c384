/** How loud a recording is over its time, as phones draw it: 64 numbers from 0 to 100. Fed with sound as it is decoded. */
const BARS = 64;
const LOUDEST = 100;
/** Samples that are summed up at once, so that an hour takes no more memory than a minute. */
const BLOCK = 400;

export class Waveform {
  readonly #rate: number;
  readonly #blocks: number[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #samples = 0;
  #sum = 0;

  /** `rate` is in samples a second, of 16 bits each, little end first, one channel. */
  constructor(rate: number) {
    this.#rate = rate;
  }

  add(chunk: Buffer): void {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    const even = bytes.length & ~1;
    for (let at = 0; at < even; at += 2) {
      this.#sum += Math.abs(bytes.readInt16LE(at));
      this.#samples += 1;
      if (this.#samples % BLOCK === 0) this.#closeBlock();
    }
    this.#rest = Buffer.from(bytes.subarray(even));
  }

  /** Whole seconds, at least one: phones show no recording of none. */
  get seconds(): number {
    return Math.max(1, Math.round(this.#samples / this.#rate));
  }

  /** The bars; all nothing for silence. */
  bars(): Buffer {
    if (this.#samples % BLOCK !== 0) this.#closeBlock();
    const { length } = this.#blocks;
    const means = Array.from({ length: BARS }, (_, bar) => {
      const from = Math.floor((bar * length) / BARS);
      const part = this.#blocks.slice(from, Math.max(from + 1, Math.floor(((bar + 1) * length) / BARS)));
      return part.reduce((sum, block) => sum + block, 0) / Math.max(1, part.length);
    });
    const peak = Math.max(...means);
    return Buffer.from(means.map((mean) => (peak > 0 ? Math.round((mean / peak) * LOUDEST) : 0)));
  }

  #closeBlock(): void {
    this.#blocks.push(this.#sum);
    this.#sum = 0;
  }
}
