/**
 * The verbs of one queue on Redis: each is a call of a function in `redis-jobs-lua.ts`. A call may have been done although
 * its answer was lost, or be done later than another that was made after it, so each is safe to repeat: a claim has a number,
 * and what becomes of a job is told with the claim it was given by.
 */
import { randomUUID } from 'node:crypto';
import type { Claim, Held, JobSource } from './job-runner.ts';
import type { FunctionCall, RedisConnection } from './redis-connection.ts';
import { toJob, type Answer, type JobRow } from './redis-job-rows.ts';
import { QUEUE_LIBRARY } from './redis-jobs-lua.ts';
import { STATES } from './job-steps.ts';
import type { Step } from './job-steps.ts';
import type { Backlog, Job, JobOptions, JobPage, JobState, ListOptions, PageOptions, QueueCounts } from './store.ts';

/** Where a queue is, and who asks. */
export interface QueuePlace {
  connection: Pick<RedisConnection, 'read' | 'change' | 'server'>;
  /** What the names of its keys begin with. */
  key: string;
  owner: string;
  /** That of this process; null where nobody owns the database. */
  generation: () => number | null;
  /** How long a done job is recognised, ms. */
  keepDone: number;
  now: () => number;
  /** Other processes may be at work on it: what is in hand is theirs until this one begins to process. */
  shared: boolean;
}

/** Where the runner of a shared queue is told that there may be something to do. */
export const wakeChannel = (key: string): string => `${key}:wake`;

const NOT_ASKED_FOR = '';
const NOBODY = '';
/** How late a job of another process may be noticed when no word of it arrives. */
const LOOK_AGAIN_MS = 5_000;
/** What a call answers that is to be made again: it had too much to do for one turn of Redis. */
const AGAIN = 'again';
/** A claim of this number was answered before, and its job is not in hand any more. */
const SPENT = 'spent';

export class RedisJobs<Data> implements JobSource<Data> {
  readonly #place: QueuePlace;
  /** Which claim a job in hand was given by. */
  readonly #claims = new WeakMap<Job<Data>, string>();
  readonly #inHand = new Set<Job<Data>>();
  #epoch: string;
  #epochs = 0;
  #claimed = 0;
  #recovery: Promise<unknown> | undefined;
  /** The run of the server in which it last recovered. */
  #recoveredIn = 0;
  #onLate: (jobId: string) => void = () => undefined;

  constructor(place: QueuePlace) {
    this.#place = place;
    this.#epoch = this.#nextEpoch();
  }

  /** What was in hand runs again before the rest of its lane, and whoever claimed before has lost it; once until `begin`. */
  async recover(): Promise<void> {
    if (!this.#recovery) {
      this.#recoveredIn = this.#place.connection.server.count;
      this.#recovery = this.#change('recover', this.#epoch, NOT_ASKED_FOR);
    }
    try {
      await this.#recovery;
    } catch (error) {
      this.#recovery = undefined;
      throw error;
    }
  }

  /** In hand is nothing: what another run of the server takes for it was settled, and that is forgotten. */
  async #recoverAgain(): Promise<void> {
    const { count } = this.#place.connection.server;
    await this.#change('recover', this.#epoch, whole(this.#claimed));
    this.#recoveredIn = count;
  }

  /** The next claim recovers first. */
  begin(onLate: (jobId: string) => void): void {
    this.#onLate = onLate;
    this.#epoch = this.#nextEpoch();
    this.#claimed = 0;
    this.#inHand.clear();
    this.#recovery = undefined;
  }

  async add(id: string, data: Data, options: JobOptions = {}): Promise<Job<Data>> {
    const { lane = id, priority = 0, attempts, runAt } = options;
    const args = [id, JSON.stringify(data), lane, whole(priority)];
    const due = runAt === undefined ? undefined : whole(Math.ceil(runAt));
    const most = attempts === undefined ? NOT_ASKED_FOR : whole(attempts);
    for (;;) {
      const answer = await this.#change('add', ...args, due ?? NOT_ASKED_FOR, most);
      if (answer !== AGAIN) return toJob<Data>(answer as Answer);
    }
  }

  async get(id: string): Promise<Job<Data> | undefined> {
    const answer = await this.#read('get', id);
    return answer === null ? undefined : toJob<Data>(answer as Answer);
  }

  async claim(): Promise<Claim<Data>> {
    await this.recover();
    if (this.#recoveredIn !== this.#place.connection.server.count) {
      // Its runner asks again whenever it has settled one.
      if (this.#inHand.size > 0) return { job: undefined, due: undefined };
      await this.#recoverAgain();
    }
    for (;;) {
      const number = this.#claimed + 1;
      const answer = await this.#change('claim', this.#epoch, whole(number));
      if (answer === SPENT) this.#claimed = number;
      if (answer === AGAIN || answer === SPENT) continue;
      const [first, ...rest] = answer as Answer | [due: string | null];
      if (rest.length === 0) return { job: undefined, due: this.#lookAgainAt(first) };
      this.#claimed = number;
      const job = toJob<Data>(answer as Answer);
      this.#claims.set(job, `${this.#epoch}:${number}`);
      this.#inHand.add(job);
      return { job };
    }
  }

  /** When the next job falls due; of a shared queue before long, should it not be told of one. */
  #lookAgainAt(due: string | null): number | undefined {
    const next = due === null ? Number.POSITIVE_INFINITY : Number(due);
    const latest = this.#place.shared ? this.#place.now() + LOOK_AGAIN_MS : next;
    const at = Math.min(next, latest);
    return at === Number.POSITIVE_INFINITY ? undefined : at;
  }

  async finish(job: Job<Data>, step: 'done' | 'dead', attemptsMade: number, reason: string | null, note?: unknown) {
    await this.#settle('finish', job, step, whole(attemptsMade), reason ?? '', written(note));
  }

  async hold(job: Job<Data>, { attemptsMade, until, reason, note, aside }: Held): Promise<void> {
    const step = aside ? 'aside' : 'held';
    await this.#settle('hold', job, step, whole(Math.ceil(until)), whole(attemptsMade), reason, written(note));
  }

  async release(job: Job<Data>, begun: boolean): Promise<void> {
    await this.#settle('release', job, begun ? '0' : '1');
  }

  async remove(id: string): Promise<boolean> {
    return (await this.#change('remove', randomUUID(), id)) === 1;
  }

  async bury(id: string, reason: string): Promise<boolean> {
    return (await this.#change('bury', randomUUID(), id, reason)) === 1;
  }

  async hasten(reasons: readonly string[], lane?: string): Promise<void> {
    if (lane !== undefined) {
      await this.#change('hastenLane', lane, '0', ...reasons);
      return;
    }
    for (const reason of reasons) {
      let behind: unknown = '';
      while (typeof behind === 'string') behind = await this.#change('hasten', reason, behind);
    }
  }

  async hastenLane(lane: string): Promise<void> {
    await this.#change('hastenLane', lane, '1');
  }

  async join(from: string, into: string): Promise<void> {
    if (from !== into) await this.#change('join', from, into);
  }

  async redrive(id: string): Promise<boolean> {
    return (await this.#change('redrive', randomUUID(), id)) === 1;
  }

  async counts(): Promise<QueueCounts> {
    const counts: QueueCounts = { waiting: 0, active: 0, done: 0, dead: 0 };
    for (const [step, jobs] of await this.#countSteps()) counts[STATES[step]] += jobs;
    return counts;
  }

  async backlog(): Promise<Backlog> {
    const backlog: Backlog = { scheduled: 0, waiting: 0, active: 0, dead: 0, fronts: [] };
    const [steps, fronts] = await Promise.all([this.#countSteps(), this.#read('fronts')]);
    for (const [step, jobs] of steps) {
      if (step === 'scheduled') backlog.scheduled += jobs;
      else if (step !== 'done') backlog[STATES[step] as 'waiting' | 'active' | 'dead'] += jobs;
    }
    for (const [step, reason, jobs, oldest] of fronts as [Step, string | null, number, string][]) {
      const state = step === 'active' ? 'active' : step === 'held' || step === 'aside' ? 'held' : 'ready';
      backlog.fronts.push({ state, reason, jobs, oldest: Number(oldest) });
    }
    return backlog;
  }

  async list(state: JobState, limit: number, { lane, newestFirst = false }: ListOptions = {}): Promise<Job<Data>[]> {
    const answers = await this.#page(newestFirst ? 'newest' : 'oldest', [state], limit, { lane });
    return answers.map((answer) => toJob<Data>(answer));
  }

  async page(states: JobState[], limit: number, options: PageOptions = {}): Promise<JobPage<Data>> {
    const answers = await this.#page('newest', states, limit + 1, options);
    const shown = answers.slice(0, limit);
    const last = answers.length > limit ? shown.at(-1) : undefined;
    const next = last ? Number((JSON.parse(last[0]) as JobRow).sequence) : null;
    return { jobs: shown.map((answer) => toJob<Data>(answer)), next };
  }

  async #page(
    order: 'newest' | 'oldest',
    states: JobState[],
    limit: number,
    { before, lane }: { before?: number | undefined; lane?: string | undefined },
  ): Promise<Answer[]> {
    const steps = Object.entries(STATES).flatMap(([step, of]) => (states.includes(of) ? [step] : []));
    const from = before === undefined ? NOT_ASKED_FOR : whole(before);
    const ofLane = lane === undefined ? NOT_ASKED_FOR : `=${lane}`;
    return (await this.#read('page', order, whole(limit), from, ofLane, ...steps)) as Answer[];
  }

  async #countSteps(): Promise<[Step, number][]> {
    const flat = (await this.#read('counts')) as (Step & number)[];
    return flat.flatMap((step, at) => (at % 2 === 0 ? [[step, flat[at + 1] ?? 0]] : []));
  }

  async #settle(verb: string, job: Job<Data>, ...args: string[]): Promise<void> {
    const outcome = await this.#change(verb, job.id, this.#claims.get(job) ?? '', ...args);
    this.#inHand.delete(job);
    if (outcome === 'late') this.#onLate(job.id);
  }

  #read(verb: string, ...args: string[]): Promise<unknown> {
    return this.#place.connection.read(this.#called(verb, args));
  }

  #change(verb: string, ...args: string[]): Promise<unknown> {
    const { connection, owner, generation } = this.#place;
    return connection.change({ ...this.#called(verb, args), owner, generation: generation() });
  }

  /** Those of later runners are greater. */
  #nextEpoch(): string {
    return [...[this.#place.now(), ++this.#epochs].map(padded), randomUUID()].join('-');
  }

  #called(verb: string, args: string[]): FunctionCall {
    const { key, now, keepDone, shared } = this.#place;
    const first = [whole(now()), whole(keepDone), shared ? wakeChannel(key) : NOBODY];
    return { library: QUEUE_LIBRARY, name: verb, keys: [key], args: [...first, ...args] };
  }
}

/** Redis is told numbers as texts, and would take any text. */
function whole(number: number): string {
  if (!Number.isSafeInteger(number)) throw new TypeError(`A queue counts in whole numbers, not in ${number}.`);
  return String(number);
}

const padded = (number: number): string => whole(number).padStart(16, '0');

const written = (note: unknown): string => (note === undefined ? NOT_ASKED_FOR : JSON.stringify(note));
