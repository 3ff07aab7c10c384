/** The queue port on Redis: the verbs of `redis-jobs.ts`, and a runner that is told when something may be due. */
import type { Handler } from './job-runner.ts';
import { Processing } from './processing.ts';
import { RedisJobs, wakeChannel } from './redis-jobs.ts';
import type { QueuePlace } from './redis-jobs.ts';
import type { RedisWakes } from './redis-wakes.ts';
import type { ServerRun } from './server-run.ts';
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
  readonly #shared: boolean;
  readonly #server: ServerRun;
  readonly #wakes: RedisWakes | undefined;
  readonly #channel: string;
  readonly #processing: Processing<Data>;

  constructor({ wakes, ...place }: RedisQueueOptions) {
    this.#jobs = new RedisJobs<Data>(place);
    this.#processing = new Processing(this.#jobs, place.now);
    this.#shared = place.shared;
    this.#server = place.connection.server;
    this.#wakes = wakes;
    this.#channel = wakeChannel(place.key);
  }

  async add(id: string, data: Data, options?: JobOptions): Promise<Job<Data>> {
    return this.#changed(() => this.#jobs.add(id, data, options));
  }

  async process(handler: Handler<Data>, options: ProcessOptions): Promise<void> {
    const running = this.#processing.run(handler, options);
    if (this.#shared) this.#wakes?.listen(this.#channel, () => this.#processing.wake());
    // What it has forgotten falls due again.
    const unfollow = this.#server.follow(() => this.#processing.wake());
    await running.finally(() => {
      unfollow();
      this.#wakes?.forget(this.#channel);
    });
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
    this.#processing.pause();
  }

  async resume(): Promise<void> {
    this.#processing.resume();
  }

  async close(): Promise<void> {
    await this.#processing.close();
  }

  /** Who opens a queue of its own sees nothing in hand that nobody has in hand; in a shared one it is somebody's. */
  async #opened<T>(ask: () => Promise<T>): Promise<T> {
    if (!this.#shared) await this.#jobs.recover();
    return ask();
  }

  async #changed<T>(ask: () => Promise<T>): Promise<T> {
    const answer = await this.#opened(ask);
    this.#processing.wake();
    return answer;
  }
}
