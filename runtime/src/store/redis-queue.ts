/** The queue port on Redis: the verbs of `redis-jobs.ts`, and a runner that is told when something may be due. */
import { JobRunner } from './job-runner.ts';
import type { Handler } from './job-runner.ts';
import { RedisJobs, wakeChannel } from './redis-jobs.ts';
import type { QueuePlace } from './redis-jobs.ts';
import type { RedisWakes } from './redis-wakes.ts';
import type {
  Backlog,
  Job,
  JobOptions,
  JobPage,
  JobState,
  ListOptions,
  PageOptions,
  ProcessOptions,
  Queue,
  QueueCounts,
} from './store.ts';

export interface RedisQueueOptions extends QueuePlace {
  /** Where processes that share it tell each other of jobs; without, they look now and then. */
  wakes?: RedisWakes | undefined;
}

export class RedisQueue<Data> implements Queue<Data> {
  readonly #jobs: RedisJobs<Data>;
  readonly #now: () => number;
  readonly #shared: boolean;
  readonly #wakes: RedisWakes | undefined;
  readonly #channel: string;
  readonly #closing = new AbortController();
  #onError: ProcessOptions['onError'] = () => undefined;
  #runner: JobRunner<Data> | undefined;
  #running: Promise<void> | undefined;
  #paused = false;

  constructor({ wakes, ...place }: RedisQueueOptions) {
    this.#jobs = new RedisJobs<Data>(place, (id) =>
      this.#onError(new Error('What became of the job was not kept: another process works on this queue now.'), id),
    );
    this.#now = place.now;
    this.#shared = place.shared;
    this.#wakes = wakes;
    this.#channel = wakeChannel(place.key);
  }

  async add(id: string, data: Data, options?: JobOptions): Promise<Job<Data>> {
    return this.#changed(() => this.#jobs.add(id, data, options));
  }

  async process(handler: Handler<Data>, options: ProcessOptions): Promise<void> {
    if (this.#runner) throw new Error('This queue is being processed already.');
    const signal = AbortSignal.any([options.signal, this.#closing.signal]);
    this.#onError = options.onError;
    this.#jobs.reopen();
    this.#runner = new JobRunner(this.#jobs, handler, { ...options, signal }, this.#now, this.#paused);
    if (this.#shared) this.#wakes?.listen(this.#channel, () => this.#runner?.wake());
    this.#running = this.#runner.run().finally(() => {
      this.#wakes?.forget(this.#channel);
      this.#runner = undefined;
    });
    await this.#running;
  }

  async get(id: string): Promise<Job<Data> | undefined> {
    return this.#opened(() => this.#jobs.get(id));
  }

  async remove(id: string): Promise<boolean> {
    return this.#changed(() => this.#jobs.remove(id));
  }

  async bury(id: string, reason: string): Promise<boolean> {
    return this.#changed(() => this.#jobs.bury(id, reason));
  }

  async hasten(reasons: readonly string[], lane?: string): Promise<void> {
    await this.#changed(() => this.#jobs.hasten(reasons, lane));
  }

  async hastenLane(lane: string): Promise<void> {
    await this.#changed(() => this.#jobs.hastenLane(lane));
  }

  async join(from: string, into: string): Promise<void> {
    await this.#changed(() => this.#jobs.join(from, into));
  }

  async redrive(id: string): Promise<boolean> {
    return this.#changed(() => this.#jobs.redrive(id));
  }

  async backlog(): Promise<Backlog> {
    return this.#opened(() => this.#jobs.backlog());
  }

  async counts(): Promise<QueueCounts> {
    return this.#opened(() => this.#jobs.counts());
  }

  async list(state: JobState, limit: number, options?: ListOptions): Promise<Job<Data>[]> {
    return this.#opened(() => this.#jobs.list(state, limit, options));
  }

  async page(states: JobState[], limit: number, options?: PageOptions): Promise<JobPage<Data>> {
    return this.#opened(() => this.#jobs.page(states, limit, options));
  }

  async pause(): Promise<void> {
    this.#paused = true;
    this.#runner?.pause();
  }

  async resume(): Promise<void> {
    this.#paused = false;
    this.#runner?.resume();
  }

  /** Ends the run in progress and waits for its handlers. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  /** Who opens a queue of its own sees nothing in hand that nobody has in hand; in a shared one it is somebody's. */
  async #opened<T>(ask: () => Promise<T>): Promise<T> {
    if (!this.#shared) await this.#jobs.recover();
    return ask();
  }

  async #changed<T>(ask: () => Promise<T>): Promise<T> {
    const answer = await this.#opened(ask);
    this.#runner?.wake();
    return answer;
  }
}
