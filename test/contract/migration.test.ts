/** Everything that is kept moves from one engine to the other and is found there as it was, whatever interrupts it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { parseSessionId } from '../../runtime/src/ids.ts';
import { abandon, migrate, refuseMoved, type Engine } from '../../runtime/src/migration.ts';
import { sumOf } from '../../runtime/src/store/stored-rows.ts';
import { openSharedStore, openStore, type Job, type Queue, type Store } from '../../runtime/src/store/store.ts';
import { RedisServer } from '../support/redis-server.ts';
import { describeWithRedis } from '../support/with-redis.ts';

const SESSIONS = ['sales', 'support', 'night'].map((id) => parseSessionId(id));
const FIRST = SESSIONS[0] as (typeof SESSIONS)[number];
const LIMIT = 120_000;
const LANES = 7;
const JOBS = 1_200;
const quiet = () => undefined;
type Side = (place: string) => Promise<Store>;

describeWithRedis('moving what is kept', () => {
  let server: RedisServer;
  const root = mkdtempSync(join(tmpdir(), 'migration-'));
  beforeAll(async () => {
    server = await RedisServer.start();
  }, 60_000);
  afterAll(async () => {
    await server.stop();
    rmSync(root, { recursive: true });
  });
  const sqlite: Side = async (place) => openStore({ directory: join(root, place) });
  const redis: Side = (place) => openSharedStore({ url: server.url, prefix: place });
  describe('to Redis', () => moves('redis', sqlite, redis));
  describe('to the directory', () => moves('directory', redis, sqlite));
});

/** Something of every kind: values that end and do not, jobs in every state, entries. */
async function fill(store: Store, session: (typeof SESSIONS)[number]): Promise<void> {
  const database = store.session(session);
  const values = database.keyValue('auth');
  await values.set('bytes: "quoted" ✓ \u0000', { key: Buffer.from([0, 255, 10]), text: ':colon' });
  await values.set('for a while', 1, 3_600_000);
  const ledger = database.ledger('events', { keep: 3_600_000 });
  for (let n = 1; n <= 3; n++) await ledger.append(`event-${n}`, ({ sequence }) => JSON.stringify({ sequence, n }));
  const queue = database.queue<{ n: number }>('outbox', { keepDone: 3_600_000 });
  await Promise.all(
    Array.from({ length: JOBS }, (_none, n) =>
      queue.add(`job-${n}`, { n }, { lane: `lane-${n % LANES}`, priority: (n % 3) - 1, attempts: n + 1 }),
    ),
  );
  await queue.add('later', { n: -1 }, { runAt: Date.now() + 3_600_000 });
  await queue.add('buried', { n: -2 });
  await queue.bury('buried', 'because');
  await run(queue, 20, async ({ data: { n } }) => {
    if (n % 5 === 1)
      return { kind: 'hold', until: Date.now() + 3_600_000, reason: 'asleep', attempt: true, aside: true };
    if (n % 5 === 2) return { kind: 'hold', until: Date.now() + 3_600_000, reason: 'held', attempt: false };
    return { kind: 'done', note: { told: n } };
  });
}

/** The fronts have no order. */
async function backlogOf(queue: Queue<unknown> | undefined) {
  const backlog = await queue?.backlog();
  return { ...backlog, fronts: new Set(backlog?.fronts.map((front) => JSON.stringify(Object.entries(front).sort()))) };
}

type Handler = Parameters<ReturnType<Store['instance']['queue']>['process']>[0];

/** Handles so many jobs, one at a time; says which. */
async function run(
  queue: ReturnType<Store['instance']['queue']>,
  count: number,
  handler: (job: Job<{ n: number }>) => ReturnType<Handler>,
): Promise<string[]> {
  const stopping = new AbortController();
  const handled: string[] = [];
  await queue.process(
    async (job) => {
      handled.push(job.id);
      if (handled.length >= count) stopping.abort();
      return await handler(job as Job<{ n: number }>);
    },
    {
      concurrency: 1,
      signal: stopping.signal,
      onError: (error) => {
        throw error;
      },
    },
  );
  return handled;
}

const next = (store: Store, session = FIRST) =>
  run(store.session(session).queue('outbox', { keepDone: 3_600_000 }), 100, async () => ({ kind: 'done' }));

/** The store, with something done before each of its larger writes. */
function breaking(store: Store, before: () => void): Store {
  const wrapped = <Of extends object>(database: Of): Of =>
    new Proxy(database, {
      get(on, name) {
        const value = Reflect.get(on, name) as unknown;
        if (typeof value !== 'function') return value;
        return (...given: unknown[]) => {
          if (name === 'restore' || name === 'erase') before();
          return (value as (...all: unknown[]) => unknown).apply(on, given);
        };
      },
    });
  return { ...store, instance: wrapped(store.instance), session: (id) => wrapped(store.session(id)) };
}

let places = 0;

function moves(to: Engine, from: Side, into: Side): void {
  const back: Engine = to === 'redis' ? 'directory' : 'redis';
  let source: Store;
  let target: Store;
  beforeEach(async () => {
    places += 1;
    source = await from(`source-${places}`);
    target = await into(`target-${places}`);
    for (const session of SESSIONS) {
      await source.instance.keyValue('sessions').set(session, { sessionId: session });
      await fill(source, session);
    }
  }, LIMIT);
  afterEach(async () => {
    await source.close();
    await target.close();
  }, LIMIT);

  test(
    'all of it comes, in its order, and both sides know where it is',
    async () => {
      await migrate(source, target, to, quiet);
      for (const session of SESSIONS) {
        const [left, came] = [source.session(session), target.session(session)];
        expect(await came.snapshot('auth')).toEqual(await left.snapshot('auth'));
        expect(await came.ledger('events', { keep: 3_600_000 }).read({ limit: 9 })).toHaveLength(3);
        const [before, after] = [left, came].map((each) => each.queue('outbox', { keepDone: 3_600_000 }));
        expect(await backlogOf(after)).toEqual(await backlogOf(before));
        for (const state of ['waiting', 'done', 'dead'] as const)
          expect(await after?.list(state, 2_000)).toEqual(await before?.list(state, 2_000));
      }
      await expect(refuseMoved(source)).rejects.toThrow('were moved to');
      await refuseMoved(target);
      expect(await next(target)).toEqual(await next(source));
    },
    LIMIT,
  );

  test(
    'what was interrupted anywhere is gone on with, and neither side starts before all has come',
    async () => {
      let interrupted = 0;
      for (let writes = 1; ; writes += 2) {
        let left = writes;
        const failing = breaking(target, () => {
          if ((left -= 1) < 0) throw new Error('the process died here');
        });
        try {
          await migrate(source, failing, to, quiet);
          break;
        } catch (error) {
          expect(String(error)).toContain('the process died here');
          interrupted += 1;
          await expect(refuseMoved(source)).rejects.toThrow(`migrate ${to}`);
        }
      }
      expect(interrupted).toBeGreaterThan(3);
      await refuseMoved(target);
      for (const session of SESSIONS)
        expect(await sumOf(target.session(session).rows())).toEqual(await sumOf(source.session(session).rows()));
    },
    LIMIT,
  );

  test(
    'a move that was given up leaves nothing behind, and can be begun again; what has moved can move back',
    async () => {
      const failing = breaking(target, () => {
        if ((left -= 1) < 0) throw new Error('enough');
      });
      let left = 8;
      await expect(migrate(source, failing, to, quiet)).rejects.toThrow('enough');
      await expect(refuseMoved(target)).rejects.toThrow('--abandon');
      await abandon(source, target);
      await refuseMoved(source);
      for (const session of SESSIONS) expect((await sumOf(target.session(session).rows())).rows).toBe(0);
      expect((await sumOf(target.instance.rows())).rows).toBe(0);

      await migrate(source, target, to, quiet);
      await expect(abandon(source, target)).rejects.toThrow('have been moved');
      await target.session(FIRST).keyValue('auth').set('since', 1);
      await migrate(target, source, back, quiet);
      await refuseMoved(source);
      await expect(refuseMoved(target)).rejects.toThrow(to === 'redis' ? 'Unset REDIS_URL' : 'Set REDIS_URL');
      expect(await source.session(FIRST).keyValue('auth').get('since')).toBe(1);
    },
    LIMIT,
  );

  test(
    'is refused where there are sessions already, and changes nothing',
    async () => {
      await target.instance.keyValue('sessions').set('other', {});
      await expect(migrate(source, target, to, quiet)).rejects.toThrow('There are 1 sessions where');
      await refuseMoved(source);
    },
    LIMIT,
  );
}
