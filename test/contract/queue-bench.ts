/** What the queue contracts work with: a fresh store for each test, and a handler whose every start is noted. */
import { afterEach, beforeEach, expect } from '@jest/globals';
import type { Job, JobOptions, Outcome, Queue } from '../../runtime/src/store/store.ts';
import { eventually, within } from '../support/deadline.ts';
import { SESSION, type QueueStore } from '../support/queue-stores.ts';

export interface QueueEngine {
  /** A fresh, empty store. */
  open(): Promise<QueueStore>;
  /** The same store as after a restart; null when the engine forgets. */
  reopen: (() => Promise<QueueStore>) | null;
  /** What `queue-stores.ts` is told to use the same store. */
  victimArguments(): string[];
}

export type Handler = (job: Job<number>, signal: AbortSignal) => Outcome | Promise<Outcome>;

export const DONE: Outcome = { kind: 'done' };
export const KEEP_DONE_MS = 60_000;

export interface QueueBench {
  store: QueueStore;
  queue: Queue<number>;
  /** Every start of a handler, in order, as the job was then. */
  started: Job<number>[];
  /** What handlers threw. A test that expects some takes them out. */
  errors: string[];
  run(handler: Handler, concurrency?: number): void;
  /** Ends the run, if there is one. */
  stop(): Promise<void>;
  /** Adds `job-<n>` with n as its data, one after another. */
  add(numbers: number[], options?: (n: number) => JobOptions): Promise<void>;
  /** Waits until so many jobs are finished and none is left. */
  settled(finished: number): Promise<unknown>;
  /** The data of every start, in order. */
  order(): number[];
}

/** Makes the bench of the tests registered next to it. */
export function queueBench(engine: QueueEngine): QueueBench {
  const ended = async () => undefined;
  const bench = {
    run(handler, concurrency = 1) {
      const stopping = new AbortController();
      const running = bench.queue.process(
        async (job, signal) => {
          bench.started.push(job);
          return handler(job, signal);
        },
        { concurrency, signal: stopping.signal, onError: (error, id) => bench.errors.push(`${id}: ${String(error)}`) },
      );
      bench.stop = async () => {
        stopping.abort();
        await within(30_000, 'the end of the run', running);
      };
    },
    async add(numbers, options) {
      for (const n of numbers) await bench.queue.add(`job-${n}`, n, options?.(n));
    },
    settled: (finished) =>
      eventually(
        60_000,
        `${finished} finished jobs`,
        () => bench.queue.counts(),
        ({ waiting, active, done, dead }) => waiting + active === 0 && done + dead === finished,
      ),
    order: () => bench.started.map(({ data }) => data),
  } as QueueBench;

  beforeEach(async () => {
    bench.store = await engine.open();
    bench.queue = bench.store.session(SESSION).queue('contract', { keepDone: KEEP_DONE_MS });
    bench.started = [];
    bench.errors = [];
    bench.stop = ended;
  }, 60_000);
  afterEach(async () => {
    await bench.stop();
    await bench.store.close();
    expect(bench.errors).toEqual([]);
  }, 60_000);
  return bench;
}
