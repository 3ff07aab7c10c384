/**
 * The queue against a model that is too simple to be wrong: after every step exactly those jobs are in hand that the
 * rule names, and in the end each was finished once.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openStore, type Job, type Outcome, type Queue } from '../../runtime/src/store/store.ts';
import { SESSION, type QueueStore } from '../support/queue-stores.ts';
import { redisQueues } from '../support/redis-queues.ts';
import { RedisServer } from '../support/redis-server.ts';
import { describeWithRedis } from '../support/with-redis.ts';

interface Opened {
  store: QueueStore;
  /** Resolves when the engine has nothing left to do. */
  idle(): Promise<void>;
}

/** A fresh store by this clock. */
type Open = (now: () => number) => Promise<Opened>;

interface ModelJob {
  id: string;
  lane: string;
  priority: number;
  sequence: number;
  runAt: number;
  state: 'waiting' | 'active' | 'done' | 'dead';
  heldUntil: number;
  /** It was started and not finished since, so it keeps the front of its lane. */
  begun: boolean;
  attemptsMade: number;
  started: number;
}

interface Model {
  jobs: ModelJob[];
  now: number;
  paused: boolean;
  added: number;
}

const CONCURRENCY = 2;
const byOrder = (a: ModelJob, b: ModelJob) => a.priority - b.priority || a.runAt - b.runAt || a.sequence - b.sequence;

/** The rule: of each lane its front, if it is due; of the fronts the first; while there is room. */
function claimAll(model: Model): void {
  for (;;) {
    if (model.paused || model.jobs.filter(({ state }) => state === 'active').length >= CONCURRENCY) return;
    const due = model.jobs.filter((job) => ['waiting', 'active'].includes(job.state) && job.runAt <= model.now);
    const fronts = [...new Set(due.map(({ lane }) => lane))].flatMap((lane) => {
      const ofLane = due.filter((job) => job.lane === lane).sort(byOrder);
      const front = ofLane.find(({ begun }) => begun) ?? ofLane[0];
      return front && front.state === 'waiting' && front.heldUntil <= model.now ? [front] : [];
    });
    const [next] = fronts.sort(byOrder);
    if (!next) return;
    Object.assign(next, { state: 'active', begun: true, started: next.started + 1 });
  }
}

class Real {
  readonly clock: { now: number };
  readonly #opened: Opened;
  readonly queue: Queue<null>;
  readonly inHand = new Map<string, (outcome: Outcome) => void>();
  readonly completed: string[] = [];
  readonly errors: unknown[] = [];
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;

  static async open(open: Open): Promise<Real> {
    const clock = { now: 1_000_000 };
    return new Real(clock, await open(() => clock.now));
  }

  constructor(clock: { now: number }, opened: Opened) {
    this.clock = clock;
    this.#opened = opened;
    this.queue = this.#opened.store.session(SESSION).queue('model', { keepDone: 1e12 });
    this.#running = this.queue.process((job: Job<null>) => this.#take(job), {
      concurrency: CONCURRENCY,
      signal: this.#stopping.signal,
      onError: (error) => this.errors.push(error),
    });
  }

  #take({ id }: Job<null>): Promise<Outcome> {
    if (this.inHand.has(id)) throw new Error(`${id} is in hand twice`);
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.inHand.set(id, resolve);
    return promise;
  }

  finish(id: string, outcome: Outcome): void {
    this.inHand.get(id)?.(outcome);
    this.inHand.delete(id);
    if (outcome.kind === 'done') this.completed.push(id);
  }

  /** Lets everything that can happen now happen. */
  async settle(): Promise<void> {
    await this.#opened.idle();
    expect(this.errors).toEqual([]);
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    for (const id of [...this.inHand.keys()]) this.finish(id, { kind: 'dead', reason: 'end' });
    await this.#running;
    await this.#opened.store.close();
  }
}

type Step = (model: Model, real: Real) => Promise<void>;
interface Named {
  name: string;
  step: Step;
}

const pick = (jobs: ModelJob[], state: ModelJob['state'], nth: number) => {
  const some = jobs.filter((job) => job.state === state);
  return some[nth % Math.max(1, some.length)];
};

const add = (lane: number, priority: number, delay: number): Named => ({
  name: `add to ${lane}, priority ${priority}, in ${delay}`,
  async step(model, real) {
    const sequence = (model.added += 1);
    const id = `job-${sequence}`;
    const timing = { lane: `lane-${lane}`, priority, runAt: model.now + delay };
    model.jobs.push({
      id,
      ...timing,
      sequence,
      state: 'waiting',
      heldUntil: 0,
      begun: false,
      attemptsMade: 0,
      started: 0,
    });
    await real.queue.add(id, null, timing);
  },
});

const finish = (nth: number, kind: 'done' | 'dead'): Named => ({
  name: `${kind} ${nth}`,
  async step(model, real) {
    const job = pick(model.jobs, 'active', nth);
    if (!job) return;
    Object.assign(job, { state: kind, begun: false, attemptsMade: job.attemptsMade + 1 });
    real.finish(job.id, kind === 'done' ? { kind } : { kind, reason: 'model' });
  },
});

const hold = (nth: number, delay: number, attempt: boolean): Named => ({
  name: `hold ${nth} for ${delay}, ${attempt ? 'counted' : 'not counted'}`,
  async step(model, real) {
    const job = pick(model.jobs, 'active', nth);
    if (!job) return;
    const until = model.now + delay;
    Object.assign(job, { state: 'waiting', heldUntil: until, attemptsMade: job.attemptsMade + (attempt ? 1 : 0) });
    real.finish(job.id, { kind: 'hold', until, reason: 'model', attempt });
  },
});

const advance = (by: number): Named => ({
  name: `advance ${by}`,
  async step(model, real) {
    model.now += by;
    real.clock.now += by;
    // The clock of the test moves without the timer; any wake-up does.
    if (!model.paused) await real.queue.resume();
  },
});

const redrive = (nth: number): Named => ({
  name: `redrive ${nth}`,
  async step(model, real) {
    const job = pick(model.jobs, 'dead', nth);
    if (!job) return;
    Object.assign(job, { state: 'waiting', attemptsMade: 0, heldUntil: 0 });
    expect(await real.queue.redrive(job.id)).toBe(true);
  },
});

const remove = (nth: number, state: ModelJob['state']): Named => ({
  name: `remove ${state} ${nth}`,
  async step(model, real) {
    const job = pick(model.jobs, state, nth);
    if (!job) return;
    if (state !== 'active') model.jobs.splice(model.jobs.indexOf(job), 1);
    expect(await real.queue.remove(job.id)).toBe(state !== 'active');
  },
});

const pause = (paused: boolean): Named => ({
  name: paused ? 'pause' : 'resume',
  async step(model, real) {
    model.paused = paused;
    await (paused ? real.queue.pause() : real.queue.resume());
  },
});

const n = fc.nat({ max: 5 });
const anyStep: fc.Arbitrary<Named> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.nat({ max: 6 }), fc.integer({ min: -1, max: 1 }), fc.constantFrom(0, 0, 0, 10, 25))
      .map((a) => add(...a)),
  },
  {
    weight: 5,
    arbitrary: fc.tuple(n, fc.constantFrom('done' as const, 'done' as const, 'dead' as const)).map((a) => finish(...a)),
  },
  { weight: 3, arbitrary: fc.tuple(n, fc.constantFrom(0, 10, 25), fc.boolean()).map((a) => hold(...a)) },
  { weight: 3, arbitrary: fc.constantFrom(5, 10, 30).map(advance) },
  { weight: 1, arbitrary: n.map(redrive) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(n, fc.constantFrom('waiting' as const, 'active' as const, 'dead' as const))
      .map((a) => remove(...a)),
  },
  { weight: 1, arbitrary: fc.boolean().map(pause) },
);

async function compare(model: Model, real: Real): Promise<void> {
  const expected = model.jobs.filter(({ state }) => state === 'active').map(({ id }) => id);
  expect([...real.inHand.keys()].toSorted()).toEqual(expected.toSorted());
  const jobs = await Promise.all(model.jobs.map(({ id }) => real.queue.get(id)));
  for (const [at, { id, state, attemptsMade, started }] of model.jobs.entries())
    expect(jobs[at]).toMatchObject({ id, state, attemptsMade, started });
}

/** Whatever happens, exactly the jobs that are to run are in hand, and each is finished once. */
async function check(open: Open, numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 40 }), async (steps) => {
      const real = await Real.open(open);
      const model: Model = { jobs: [], now: real.clock.now, paused: false, added: 0 };
      try {
        for (const { step } of [...steps, pause(false)]) {
          await step(model, real);
          await real.settle();
          claimAll(model);
          await compare(model, real);
        }
        for (let left = 1; left > 0; left = model.jobs.filter(({ state }) => /waiting|active/.test(state)).length) {
          for (const { step } of [advance(30), finish(0, 'done')]) {
            await step(model, real);
            await real.settle();
            claimAll(model);
          }
          await compare(model, real);
        }
        expect(new Set(real.completed).size).toBe(real.completed.length);
        expect(model.jobs.filter(({ state }) => state === 'done').every(({ id }) => real.completed.includes(id))).toBe(
          true,
        );
      } finally {
        await real.close();
      }
    }),
    { numRuns },
  );
}

const quiet = async () => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
};

const TITLE = 'whatever happens, exactly the jobs that are to run are in hand, and each is finished once';

test(`${TITLE}, on SQLite`, async () => {
  await check(async (now) => ({ store: openStore({ directory: ':memory:', now }), idle: quiet }), 300);
}, 120_000);

describeWithRedis('on Redis', () => {
  test(
    TITLE,
    async () => {
      const server = await RedisServer.start();
      let count = 0;
      try {
        await check((now) => redisQueues({ url: server.url, prefix: `test-${(count += 1)}`, now }), 150);
      } finally {
        await server.stop();
      }
    },
    120_000,
  );
});
