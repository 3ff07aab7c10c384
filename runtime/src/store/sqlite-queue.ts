/** The queue port on SQLite: the verbs of `sqlite-jobs.ts`, and a runner that is told when something may be due. */
import type { Handler } from './job-runner.ts';
import { Processing } from './processing.ts';
import { backlogStatements, readBacklog } from './sqlite-backlog.ts';
import type { SqliteFile } from './sqlite-file.ts';
import { SqliteJobs } from './sqlite-jobs.ts';
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

export class SqliteQueue<Data> implements Queue<Data> {
  readonly #file: SqliteFile;
  readonly #name: string;
  readonly #jobs: SqliteJobs<Data>;
  readonly #processing: Processing<Data>;

  constructor(file: SqliteFile, name: string, keepDone: number, now: () => number) {
    this.#file = file;
    this.#name = name;
    this.#jobs = new SqliteJobs(file, name, keepDone, now);
    this.#processing = new Processing(this.#jobs, now);
  }

  async add(id: string, data: Data, options?: JobOptions): Promise<Job<Data>> {
    const job = this.#jobs.add(id, data, options);
    await this.#file.saved();
    this.#processing.wake();
    return job;
  }

  async process(handler: Handler<Data>, options: ProcessOptions): Promise<void> {
    await this.#processing.run(handler, options);
  }

  async get(id: string): Promise<Job<Data> | undefined> {
    return this.#jobs.get(id);
  }

  async remove(id: string): Promise<boolean> {
    const removed = this.#jobs.remove(id);
    await this.#file.saved();
    this.#processing.wake();
    return removed;
  }

  async bury(id: string, reason: string): Promise<boolean> {
    const buried = this.#jobs.bury(id, reason);
    await this.#file.saved();
    this.#processing.wake();
    return buried;
  }

  async hasten(reasons: readonly string[], lane?: string): Promise<void> {
    this.#jobs.hasten(reasons, lane);
    this.#processing.wake();
  }

  async hastenLane(lane: string): Promise<void> {
    this.#jobs.hastenLane(lane);
    this.#processing.wake();
  }

  async join(from: string, into: string): Promise<void> {
    this.#jobs.join(from, into);
    this.#processing.wake();
  }

  async redrive(id: string): Promise<boolean> {
    const redriven = this.#jobs.redrive(id);
    await this.#file.saved();
    this.#processing.wake();
    return redriven;
  }

  async backlog(): Promise<Backlog> {
    return readBacklog(this.#file.prepared(backlogStatements), this.#name);
  }

  async counts(): Promise<QueueCounts> {
    return this.#jobs.counts();
  }

  async list(state: JobState, limit: number, options?: ListOptions): Promise<Job<Data>[]> {
    return this.#jobs.list(state, limit, options);
  }

  async page(states: JobState[], limit: number, options?: PageOptions): Promise<JobPage<Data>> {
    return this.#jobs.page(states, limit, options);
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
}
