/**
 * The verbs of one queue on its table. A lane has at most one front, and a claim only looks at fronts, so that its
 * cost does not grow with the jobs that wait behind them. A front that is ready gives way to a job that goes before it;
 * one that was started keeps its place until it is finished.
 */
import type { Claim, Held, JobSource } from './job-runner.ts';
import { STATES } from './job-steps.ts';
import { jobStatements } from './sqlite-job-statements.ts';
import type { JobRow } from './sqlite-job-statements.ts';
import { Purge } from './purge.ts';
import type { SqliteFile } from './sqlite-file.ts';
import type { Job, JobOptions, JobPage, JobState, ListOptions, PageOptions, QueueCounts } from './store.ts';

const PURGE_BATCH = 200;

export class SqliteJobs<Data> implements JobSource<Data> {
  readonly #file: SqliteFile;
  readonly #queue: string;
  readonly #keepDone: number;
  readonly #now: () => number;
  readonly #sql;
  /** Of the done jobs whose time to be recognised is over. */
  readonly #purge: Purge;

  constructor(file: SqliteFile, queue: string, keepDone: number, now: () => number) {
    this.#file = file;
    this.#queue = queue;
    this.#keepDone = keepDone;
    this.#now = now;
    this.#sql = file.prepared(jobStatements);
    this.#purge = new Purge(PURGE_BATCH, (at, most) => Number(this.#sql.purge.run(queue, at - keepDone, most).changes));
    // Whatever was active when the last process ended runs again, before the rest of its lane.
    file.transaction(() => this.#sql.recover.run(queue));
  }

  add(id: string, data: Data, options: JobOptions = {}): Job<Data> {
    const now = this.#now();
    return this.#file.transaction(() => {
      const existing = this.#read(id);
      if (existing && !this.#isOver(existing, now)) return toJob<Data>(existing);
      if (existing) this.#sql.removeById.run(this.#queue, id);
      this.#purge.afterWrite(now);
      this.#insert(id, data, options, now);
      return toJob<Data>(this.#known(id));
    });
  }

  #insert(id: string, data: Data, options: JobOptions, now: number): void {
    const runAt = Math.ceil(options.runAt ?? now);
    const lane = options.lane ?? id;
    const due = runAt <= now;
    // What has fallen due meanwhile stands before what comes now, whoever looks first.
    if (due) this.#promote(now);
    this.#sql.insert.run({
      queue: this.#queue,
      id,
      lane,
      step: due ? 'queued' : 'scheduled',
      data: JSON.stringify(data),
      priority: options.priority ?? 0,
      place: due ? this.#nextPlace() : 0,
      runAt,
      dueAt: due ? null : runAt,
      now,
      attempts: options.attempts ?? null,
    });
    if (due) this.#advance(lane);
  }

  get(id: string): Job<Data> | undefined {
    const row = this.#find(id, this.#now());
    return row && toJob<Data>(row);
  }

  /** The next job to run, now active, or when the next falls due. */
  claim(): Claim<Data> {
    const now = this.#now();
    const due = this.#nextDue();
    const ready = this.#sql.ready.get(this.#queue) as JobRow | undefined;
    if (!ready && (due === undefined || due > now)) return { job: undefined, due };
    return this.#file.transaction(() => {
      this.#promote(now);
      const row = this.#sql.ready.get(this.#queue) as JobRow | undefined;
      if (!row) return { job: undefined, due: this.#nextDue() };
      this.#sql.start.run(row.sequence);
      return { job: toJob<Data>({ ...row, step: 'active', started: row.started + 1 }) };
    });
  }

  #nextDue(): number | undefined {
    const row = this.#sql.nextDue.get(this.#queue) as { due: number | null } | undefined;
    return row?.due ?? undefined;
  }

  finish(job: Job<Data>, step: 'done' | 'dead', attemptsMade: number, reason: string | null, note?: unknown): void {
    const now = this.#now();
    this.#file.transaction(() => {
      this.#sql.finish.run(step, attemptsMade, reason, now, written(note), this.#queue, job.id);
      // Not the lane it was claimed in, which may have been joined to another meanwhile.
      const { lane } = this.#known(job.id);
      this.#purge.afterWrite(now);
      this.#advance(lane);
    });
  }

  hold(job: Job<Data>, { attemptsMade, until, reason, note, aside }: Held): void {
    const step = aside ? 'aside' : 'held';
    this.#file.transaction(() => {
      this.#sql.hold.run(step, Math.ceil(until), attemptsMade, reason, written(note), this.#queue, job.id);
      if (aside) this.#advance(this.#known(job.id).lane);
    });
  }

  /** Puts an active job back to the front of its lane, as if it had been interrupted. */
  release(job: Job<Data>, begun: boolean): void {
    this.#file.transaction(() => this.#sql.release.run(begun ? 0 : 1, this.#queue, job.id));
  }

  remove(id: string): boolean {
    return this.#file.transaction(() => {
      const row = this.#read(id);
      if (!row || row.step === 'active') return false;
      this.#sql.removeById.run(this.#queue, id);
      this.#advance(row.lane);
      return true;
    });
  }

  bury(id: string, reason: string): boolean {
    return this.#file.transaction(() => {
      const row = this.#read(id);
      if (!row || STATES[row.step] !== 'waiting') return false;
      this.#sql.bury.run(reason, this.#now(), row.sequence);
      this.#advance(row.lane);
      return true;
    });
  }

  hasten(reasons: readonly string[], lane?: string): void {
    const now = this.#now();
    if (lane === undefined) {
      this.#file.transaction(() => reasons.forEach((reason) => this.#sql.hasten.run(now, this.#queue, reason)));
      return;
    }
    this.hastenLane(lane, reasons);
  }

  /** Asked for at every message that comes in; nearly always there is nothing to write. */
  hastenLane(lane: string, reasons?: readonly string[]): void {
    const front = this.#sql.front.get(this.#queue, lane) as JobRow | undefined;
    const aside = this.#sql.aside.all(this.#queue, lane) as unknown as JobRow[];
    const waiting = front?.step === 'held' ? [...aside, front] : aside;
    const hastened = waiting.filter(({ reason }) => reasons?.includes(reason ?? '') !== false);
    if (hastened.length === 0) return;
    this.#file.transaction(() => hastened.forEach(({ sequence }) => this.#sql.hastenOne.run(this.#now(), sequence)));
  }

  join(from: string, into: string): void {
    if (from === into) return;
    this.#file.transaction(() => {
      const fronts = [from, into].map((lane) => this.#sql.front.get(this.#queue, lane) as JobRow | undefined);
      const [first, ...rest] = fronts.filter((row) => row !== undefined).sort(byClaim);
      // A lane has one front: what was started first keeps the place, the other goes back into line.
      for (const row of rest) {
        if (row.step === 'active') throw new Error('two lanes whose jobs are both active cannot be joined');
        this.#sql.enqueue.run(row.sequence);
      }
      this.#sql.joinLanes.run(into, this.#queue, from);
      if (!first || first.step === 'ready') this.#advance(into);
    });
  }

  redrive(id: string): boolean {
    return this.#file.transaction(() => {
      const row = this.#read(id);
      if (row?.step !== 'dead') return false;
      this.#sql.redrive.run(row.sequence);
      this.#advance(row.lane);
      return true;
    });
  }

  counts(): QueueCounts {
    const counts: QueueCounts = { waiting: 0, active: 0, done: 0, dead: 0 };
    const rows = this.#sql.counts.all(this.#queue) as { step: JobRow['step']; jobs: number }[];
    for (const { step, jobs } of rows) counts[STATES[step]] += jobs;
    return counts;
  }

  page(states: JobState[], limit: number, { before = Number.MAX_SAFE_INTEGER, lane }: PageOptions = {}): JobPage<Data> {
    const steps = Object.entries(STATES).flatMap(([step, of]) => (states.includes(of) ? [step] : []));
    const parameters = { queue: this.#queue, steps: JSON.stringify(steps), before, limit: limit + 1 };
    const found =
      lane === undefined ? this.#sql.page.all(parameters) : this.#sql.pageOfLane.all({ ...parameters, lane });
    const rows = found as unknown as JobRow[];
    const shown = rows.slice(0, limit);
    const next = rows.length > limit ? (shown.at(-1)?.sequence ?? null) : null;
    return { jobs: shown.map((row) => toJob<Data>(row)), next };
  }

  list(state: JobState, limit: number, { lane, newestFirst = false }: ListOptions = {}): Job<Data>[] {
    const steps = Object.entries(STATES).flatMap(([step, of]) => (of === state ? [step] : []));
    const statement = this.#sql[newestFirst ? 'newest' : 'oldest'][lane === undefined ? 'all' : 'ofLane'];
    const parameters = { queue: this.#queue, steps: JSON.stringify(steps), limit, ...(lane !== undefined && { lane }) };
    return (statement.all(parameters) as unknown as JobRow[]).map((row) => toJob<Data>(row));
  }

  /** Moves what has fallen due (scheduled, held, stepped aside) to where it may be claimed. */
  #promote(now: number): void {
    const due = this.#sql.due.all(this.#queue, now) as { sequence: number; step: string; lane: string }[];
    const lanes = new Set<string>();
    for (const { sequence, step, lane } of due) {
      if (step === 'held') this.#sql.unhold.run(sequence);
      else {
        // What stepped aside keeps its old place, before all that came later.
        if (step === 'scheduled') this.#sql.takePlace.run(this.#nextPlace(), sequence);
        this.#sql.enqueue.run(sequence);
        lanes.add(lane);
      }
    }
    for (const lane of lanes) this.#advance(lane);
  }

  /** Behind all that are there; the clock may be set back, this count is not. */
  #nextPlace(): number {
    const { place } = this.#sql.lastPlace.get(this.#queue) as { place: number | null };
    return (place ?? 0) + 1;
  }

  /** Makes the lane's first due job its front, unless a front that was started holds the place. */
  #advance(lane: string): void {
    const front = this.#sql.front.get(this.#queue, lane) as JobRow | undefined;
    if (front && front.step !== 'ready') return;
    const first = this.#sql.firstQueued.get(this.#queue, lane) as JobRow | undefined;
    if (!first) return;
    if (front) {
      const earlier = front.priority - first.priority || front.place - first.place;
      if (earlier < 0) return;
      this.#sql.enqueue.run(front.sequence);
    }
    this.#sql.promote.run(first.sequence);
  }

  #find(id: string, now: number): JobRow | undefined {
    const row = this.#read(id);
    return row && !this.#isOver(row, now) ? row : undefined;
  }

  #isOver({ step, finished_at: finishedAt }: JobRow, now: number): boolean {
    return step === 'done' && (finishedAt ?? 0) <= now - this.#keepDone;
  }

  #read(id: string): JobRow | undefined {
    return this.#sql.byId.get(this.#queue, id) as JobRow | undefined;
  }

  #known(id: string): JobRow {
    return this.#read(id) as JobRow;
  }
}

/** Who has the better claim to be the front of a lane: what is active, then what was started, then what came first. */
function byClaim(one: JobRow, other: JobRow): number {
  const rank = ({ step }: JobRow) => (step === 'active' ? 0 : step === 'ready' ? 2 : 1);
  return rank(one) - rank(other) || one.place - other.place;
}

const written = (note: unknown): string | null => (note === undefined ? null : JSON.stringify(note));

function toJob<Data>(row: JobRow): Job<Data> {
  return {
    id: row.id,
    data: JSON.parse(row.data) as Data,
    state: STATES[row.step],
    lane: row.lane,
    priority: row.priority,
    runAt: row.run_at,
    createdAt: row.created_at,
    attemptsMade: row.attempts_made,
    attempts: row.attempts,
    started: row.started,
    reason: row.reason,
    heldUntil: row.step === 'held' || row.step === 'aside' ? row.due_at : null,
    finishedAt: row.finished_at,
    note: row.note === null ? null : (JSON.parse(row.note) as unknown),
  };
}
