/** A Redis that crashed has forgotten its last moments: what it answered then was for nothing, but nothing is stranded by it. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Job, Queue } from '../../runtime/src/store/store.ts';
import { eventually, within } from '../support/deadline.ts';
import { openEngine } from '../support/engine-place.ts';
import { SESSION } from '../support/queue-stores.ts';
import { redisQueues } from '../support/redis-queues.ts';
import { RedisServer } from '../support/redis-server.ts';
import { describeWithRedis } from '../support/with-redis.ts';

const KEEP = { keepDone: 3_600_000 };
const LIMIT = 90_000;

for (const isShared of [false, true]) {
  describeWithRedis(`A queue of ${isShared ? 'all processes' : 'a session'}, after Redis forgot`, () => {
    let server: RedisServer;
    let store: Awaited<ReturnType<typeof redisQueues>>['store'];
    let queue: Queue<number>;
    let stopping: AbortController;
    let running: Promise<void>;
    const errors: string[] = [];
    /** The runs of a job, in their order. */
    const runs: number[] = [];
    let gate: PromiseWithResolvers<undefined>;

    beforeEach(async () => {
      server = await RedisServer.start();
      ({ store } = await redisQueues({ url: server.url, prefix: 'forgets' }));
      queue = (isShared ? store.instance : store.session(SESSION)).queue<number>('q', KEEP);
      [errors.length, runs.length] = [0, 0];
      gate = Promise.withResolvers();
      stopping = new AbortController();
    }, 60_000);
    afterEach(async () => {
      gate.resolve(undefined);
      stopping.abort();
      await within(30_000, 'the end of the run', running);
      await store.close();
      await server.stop();
    }, LIMIT);

    /** Job 0 waits for the gate. */
    function begin(): void {
      const handler = async ({ data }: Job<number>) => {
        runs.push(data);
        if (data === 0) await gate.promise;
        return { kind: 'done' } as const;
      };
      const onError = (error: unknown, id: string) => void errors.push(`${id} ${String(error)}`);
      running = queue.process(handler, { concurrency: 3, signal: stopping.signal, onError });
    }
    const add = async (n: number, lane: string) => void (await queue.add(`job-${n}`, n, { lane }));
    /** But for a claim that was under way before anybody knew. */
    const told = () => errors.filter((error) => !error.includes('SUPERSEDED'));
    const hasRun = (n: number) =>
      eventually(
        30_000,
        `a run of job ${n}`,
        () => runs,
        (list) => list.includes(n),
      );
    const allDone = (done: number) =>
      eventually(
        30_000,
        'all done',
        () => queue.counts(),
        (counts) => counts.done === done,
      );

    test(
      'that a job was done: it runs again, and its lane goes on',
      async () => {
        for (const n of [0, 1]) await add(n, 'a');
        await add(2, 'b');
        begin();
        await hasRun(0);
        await hasRun(2);
        await allDone(1);
        const before = server.written();
        gate.resolve(undefined);
        await allDone(3);
        await server.forget(before);
        await allDone(3);
        expect(runs).toEqual([0, 2, 1, 0, 1]);
        expect(told()).toEqual([]);
      },
      LIMIT,
    );

    test(
      'who works on it: it is worked on',
      async () => {
        for (const n of [1, 2, 3]) await add(n, 'a');
        const before = server.written();
        begin();
        await allDone(3);
        await server.forget(before);
        await allDone(3);
        expect(runs).toEqual([1, 2, 3, 1, 2, 3]);
        expect(told()).toEqual([]);
      },
      LIMIT,
    );

    test(
      'that a job is in hand: it is not taken up again before it is settled here',
      async () => {
        for (const n of [0, 1]) await add(n, 'a');
        const before = server.written();
        begin();
        await hasRun(0);
        await server.forget(before);
        await add(2, 'b');
        expect(await queue.counts()).toEqual({ waiting: 3, active: 0, done: 0, dead: 0 });
        expect(runs).toEqual([0]);
        gate.resolve(undefined);
        await allDone(3);
        expect(runs.filter((n) => n !== 2)).toEqual([0, 0, 1]);
        expect(told()).toEqual([expect.stringMatching(/^job-0 .*was not kept/)]);
      },
      LIMIT,
    );
  });
}

describeWithRedis('What is kept in memory, after Redis forgot', () => {
  test(
    'a write and counts another as that, is read again',
    async () => {
      const server = await RedisServer.start();
      const store = await openEngine(['redis', server.url, 'forgets']);
      const rows = store.instance.keyValue('webhooks');
      await rows.set('kept', 1);
      const before = server.written();
      await rows.set('forgotten', 1);
      const version = await store.instance.version('webhooks');
      await server.forget(before);
      await rows.set('other', 1);
      expect(await store.instance.version('webhooks')).toBeGreaterThan(version + 1);
      expect((await store.instance.snapshot('webhooks')).map(([key]) => key).sort()).toEqual(['kept', 'other']);
      await store.close();
      await server.stop();
    },
    LIMIT,
  );
});
