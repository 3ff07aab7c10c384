/** Who works on a queue: at most one runner at a time, which is told when something may be due, paused, and ended with the queue. */
import { JobRunner } from './job-runner.ts';
import type { Handler, JobSource } from './job-runner.ts';
import type { ProcessOptions } from './store.ts';

export class Processing<Data> {
  readonly #source: JobSource<Data>;
  readonly #now: () => number;
  readonly #closing = new AbortController();
  #runner: JobRunner<Data> | undefined;
  #running: Promise<void> | undefined;
  #paused = false;

  constructor(source: JobSource<Data>, now: () => number) {
    this.#source = source;
    this.#now = now;
  }

  /** Resolves when the signal has fired, or the queue was closed, and every handler has returned. Throws while another runs. */
  run(handler: Handler<Data>, options: ProcessOptions): Promise<void> {
    if (this.#runner) throw new Error('This queue is being processed already.');
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    this.#runner = new JobRunner(this.#source, handler, { ...options, signal }, this.#now, this.#paused);
    this.#running = this.#runner.run().finally(() => {
      this.#runner = undefined;
    });
    return this.#running;
  }

  /** Something may have fallen due. */
  wake(): void {
    this.#runner?.wake();
  }

  pause(): void {
    this.#paused = true;
    this.#runner?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#runner?.resume();
  }

  /** Ends the run in progress and waits for its handlers. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }
}
