/**
 * Runs the due jobs of one queue. It is woken when something may have become due and otherwise sleeps until the next due
 * time on a single timer; there is no polling. It ends when its signal fires and the last handler has returned.
 */
import { toError } from '../errors.ts';
import { sleepUnlessAborted } from '../time.ts';
import type { Job, Outcome, ProcessOptions } from './store.ts';

/** How a job is held. */
export interface Held {
  attemptsMade: number;
  until: number;
  reason: string;
  note: unknown;
  /** Its lane goes on meanwhile. */
  aside: boolean;
}

/** What a runner needs of a queue's engine. */
export interface JobSource<Data> {
  claim(): Job<Data> | undefined;
  nextDue(): number | undefined;
  finish(job: Job<Data>, step: 'done' | 'dead', attemptsMade: number, reason: string | null, note?: unknown): void;
  hold(job: Job<Data>, how: Held): void;
  release(job: Job<Data>): void;
}

export type Handler<Data> = (job: Job<Data>, signal: AbortSignal) => Promise<Outcome>;

/** No timer is longer than this, so that a clock set forward is noticed. */
const LONGEST_TIMER_MS = 60_000;
const STORE_RETRY_MS = 1_000;
const FIRST_BACK_OFF_MS = 1_000;
const LONGEST_BACK_OFF_MS = 300_000;

/** How long a job rests after its n-th throw: 1 s, 2 s, 4 s … 5 min. */
export const backOff = (attemptsMade: number): number =>
  Math.min(LONGEST_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** Math.min(attemptsMade - 1, 30));

export class JobRunner<Data> {
  readonly #source: JobSource<Data>;
  readonly #handler: Handler<Data>;
  readonly #options: ProcessOptions;
  readonly #now: () => number;
  readonly #running = new Set<Promise<void>>();
  readonly #ended = Promise.withResolvers<undefined>();
  #timer: NodeJS.Timeout | undefined;
  #paused: boolean;

  constructor(
    source: JobSource<Data>,
    handler: Handler<Data>,
    options: ProcessOptions,
    now: () => number,
    paused: boolean,
  ) {
    this.#source = source;
    this.#handler = handler;
    this.#options = options;
    this.#now = now;
    this.#paused = paused;
  }

  /** Resolves when the signal has fired and every handler has returned. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    const stop = () => this.wake();
    signal.addEventListener('abort', stop, { once: true });
    this.wake();
    await this.#ended.promise;
    signal.removeEventListener('abort', stop);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.wake();
  }

  /** Starts whatever may start now, then arms the timer for what comes next. */
  wake(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { signal, concurrency, onError } = this.#options;
    try {
      while (!signal.aborted && !this.#paused && this.#running.size < concurrency) {
        const job = this.#source.claim();
        if (!job) break;
        this.#start(job);
      }
      if (signal.aborted) {
        if (this.#running.size === 0) this.#ended.resolve(undefined);
      } else if (!this.#paused && this.#running.size < concurrency) this.#sleep(this.#source.nextDue());
    } catch (error) {
      onError(error, '');
      this.#sleep(this.#now() + STORE_RETRY_MS);
    }
  }

  #sleep(until: number | undefined): void {
    if (until === undefined) return;
    const wait = Math.max(0, Math.min(until - this.#now(), LONGEST_TIMER_MS));
    this.#timer = setTimeout(() => this.wake(), wait);
  }

  #start(job: Job<Data>): void {
    const run = this.#run(job).finally(() => {
      this.#running.delete(run);
      this.wake();
    });
    this.#running.add(run);
  }

  async #run(job: Job<Data>): Promise<void> {
    const { signal, onError } = this.#options;
    let settle: () => void;
    try {
      // In a turn of its own: a handler may add jobs, which wakes the runner that is just starting it.
      await null;
      const outcome = await this.#handler(job, signal);
      settle = () => this.#settle(job, outcome);
    } catch (error) {
      if (signal.aborted) settle = () => this.#source.release(job);
      else {
        onError(error, job.id);
        settle = () => this.#settle(job, thrown(job, error, this.#now()));
      }
    }
    await this.#persist(settle, job.id);
  }

  #settle(job: Job<Data>, outcome: Outcome): void {
    const { note } = outcome;
    if (outcome.kind === 'done') return this.#source.finish(job, 'done', job.attemptsMade + 1, null, note);
    if (outcome.kind === 'dead') return this.#source.finish(job, 'dead', job.attemptsMade + 1, outcome.reason, note);
    const attemptsMade = job.attemptsMade + (outcome.attempt ? 1 : 0);
    if (outcome.attempt && job.attempts !== null && attemptsMade >= job.attempts) {
      return this.#source.finish(job, 'dead', attemptsMade, outcome.reason, note);
    }
    const { until, reason, aside = false } = outcome;
    this.#source.hold(job, { attemptsMade, until, reason, note, aside });
  }

  /** A store that cannot be written for a while (a full disk) must not strand a job as active: try until it can. */
  async #persist(settle: () => void, jobId: string): Promise<void> {
    const { signal, onError } = this.#options;
    for (;;) {
      try {
        return settle();
      } catch (error) {
        onError(error, jobId);
        // The next process finds it active and runs it again.
        if (signal.aborted) return;
        await sleepUnlessAborted(STORE_RETRY_MS, signal);
      }
    }
  }
}

const thrown = (job: { attemptsMade: number }, error: unknown, now: number): Outcome => ({
  kind: 'hold',
  until: now + backOff(job.attemptsMade + 1),
  reason: toError(error).message,
  attempt: true,
});
