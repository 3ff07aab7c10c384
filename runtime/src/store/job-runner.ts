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

type Eventually<T> = T | Promise<T>;

/** The next job to run, now active; or none, and when the next falls due. */
export type Claim<Data> = { job: Job<Data> } | { job: undefined; due: number | undefined };

/** What a runner needs of a queue's engine; it is asked for one claim at a time. */
export interface JobSource<Data> {
  /**
   * A runner begins: others may have worked on the queue since the last one did. `onLate` is told of each job that was given
   * to somebody else before its handler returned; what became of it here is not kept.
   */
  begin?(onLate: (jobId: string) => void): void;
  claim(): Eventually<Claim<Data>>;
  finish(
    job: Job<Data>,
    step: 'done' | 'dead',
    attemptsMade: number,
    reason: string | null,
    note?: unknown,
  ): Eventually<void>;
  hold(job: Job<Data>, how: Held): Eventually<void>;
  /** Puts an active job back to the front of its lane; one that was not `begun` counts as not started this time. */
  release(job: Job<Data>, begun: boolean): Eventually<void>;
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
  #woken = false;
  #looking = false;
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
    const { signal, onError } = this.#options;
    this.#source.begin?.((jobId) =>
      onError(
        new Error(
          'What became of the job was not kept: another process works on it now, or Redis forgot that this one did.',
        ),
        jobId,
      ),
    );
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
    this.#woken = true;
    if (!this.#looking) void this.#look();
  }

  async #look(): Promise<void> {
    const { signal, onError } = this.#options;
    this.#looking = true;
    while (this.#woken) {
      this.#woken = false;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      try {
        await this.#startDue();
      } catch (error) {
        onError(error, '');
        if (!signal.aborted) this.#sleep(this.#now() + STORE_RETRY_MS);
      }
    }
    this.#looking = false;
    if (signal.aborted && this.#running.size === 0) this.#ended.resolve(undefined);
  }

  async #startDue(): Promise<void> {
    while (this.#mayStart()) {
      const claim = await this.#source.claim();
      if (!claim.job) {
        if (this.#mayStart()) this.#sleep(claim.due);
        return;
      }
      const { job } = claim;
      // Stopped or paused while it was asked for.
      if (this.#mayStart()) this.#track(this.#run(job));
      else this.#track(this.#persist(() => this.#source.release(job, false), job.id));
    }
  }

  #mayStart(): boolean {
    const { signal, concurrency } = this.#options;
    return !signal.aborted && !this.#paused && this.#running.size < concurrency;
  }

  #sleep(until: number | undefined): void {
    if (until === undefined) return;
    const wait = Math.max(0, Math.min(until - this.#now(), LONGEST_TIMER_MS));
    this.#timer = setTimeout(() => this.wake(), wait);
  }

  #track(work: Promise<void>): void {
    const run = work.finally(() => {
      this.#running.delete(run);
      this.wake();
    });
    this.#running.add(run);
  }

  async #run(job: Job<Data>): Promise<void> {
    const { signal, onError } = this.#options;
    let settle: () => Eventually<void>;
    try {
      const outcome = await this.#handler(job, signal);
      settle = () => this.#settle(job, outcome);
    } catch (error) {
      if (signal.aborted) settle = () => this.#source.release(job, true);
      else {
        onError(error, job.id);
        settle = () => this.#settle(job, thrown(job, error, this.#now()));
      }
    }
    await this.#persist(settle, job.id);
  }

  #settle(job: Job<Data>, outcome: Outcome): Eventually<void> {
    const { note } = outcome;
    if (outcome.kind === 'done') return this.#source.finish(job, 'done', job.attemptsMade + 1, null, note);
    if (outcome.kind === 'dead') return this.#source.finish(job, 'dead', job.attemptsMade + 1, outcome.reason, note);
    const attemptsMade = job.attemptsMade + (outcome.attempt ? 1 : 0);
    if (outcome.attempt && job.attempts !== null && attemptsMade >= job.attempts) {
      return this.#source.finish(job, 'dead', attemptsMade, outcome.reason, note);
    }
    const { until, reason, aside = false } = outcome;
    return this.#source.hold(job, { attemptsMade, until, reason, note, aside });
  }

  /** A store that cannot be written for a while (a full disk) must not strand a job as active: try until it can. */
  async #persist(settle: () => Eventually<void>, jobId: string): Promise<void> {
    const { signal, onError } = this.#options;
    for (;;) {
      try {
        return await settle();
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
