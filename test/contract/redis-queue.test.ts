/** A queue whose Redis is killed and frozen at work, and one that two processes share. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Job, Outcome, Queue } from '../../runtime/src/store/store.ts';
import { RedisKeys } from '../../runtime/src/store/redis-keys.ts';
import { wakeChannel } from '../../runtime/src/store/redis-jobs.ts';
import { RedisWakes } from '../../runtime/src/store/redis-wakes.ts';
import { eventually, within } from '../support/deadline.ts';
import { SESSION } from '../support/queue-stores.ts';
import { redisQueues } from '../support/redis-queues.ts';
import { RedisServer } from '../support/redis-server.ts';
import { describeWithRedis } from '../support/with-redis.ts';

const KEEP = { keepDone: 3_600_000 };
const LANES = 7;

describeWithRedis('A queue on Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  }, 60_000);
  afterAll(() => server.stop());
  const opened: Awaited<ReturnType<typeof redisQueues>>[] = [];
  // Also of a test that failed: nothing of it may go on beside those that follow.
  afterEach(async () => {
    for (const { store } of opened.splice(0)) await store.close();
  }, 60_000);
  async function open(prefix: string) {
    const queues = await redisQueues({ url: server.url, prefix });
    opened.push(queues);
    return queues;
  }

  test('Redis killed and started again at work: nothing that was acknowledged is lost, nothing is run twice, lanes keep their order', async () => {
    const { store } = await open('killed');
    const queue = store.session(SESSION).queue<number>('q', KEEP);
    const runs: Job<number>[] = [];
    const acknowledged: number[] = [];
    const errors: string[] = [];
    const stopping = new AbortController();
    const running = queue.process(
      async (job) => {
        runs.push(job);
        await new Promise(setImmediate);
        return job.started === 1 && job.data % 11 === 0
          ? { kind: 'hold', until: 0, reason: 'again', attempt: false }
          : { kind: 'done' };
      },
      { concurrency: 5, signal: stopping.signal, onError: (error, id) => errors.push(`${id} ${String(error)}`) },
    );
    const progress = (n: number) =>
      eventually(
        60_000,
        `${n} runs`,
        () => runs.length,
        (length) => length >= n,
      );
    const adding = new AbortController();
    const added = (async () => {
      for (let n = 0; !adding.signal.aborted; n += 1) {
        await queue.add(`job-${n}`, n, { lane: `lane-${n % LANES}` });
        acknowledged.push(n);
      }
    })();
    for (const outage of [1, 2, 3]) {
      await progress(outage * 100);
      await server.kill();
      await server.up();
    }
    server.freeze();
    await new Promise((resolve) => setTimeout(resolve, 300));
    server.thaw();
    await progress(500);
    adding.abort();
    await added;
    const counts = await eventually(
      60_000,
      'the rest',
      () => queue.counts(),
      ({ waiting, active }) => waiting + active === 0,
    );
    stopping.abort();
    await within(30_000, 'the end of the run', running);
    await store.close();
    expect(errors).toEqual([]);
    expect(counts).toEqual({ waiting: 0, active: 0, dead: 0, done: acknowledged.length });
    const expected = acknowledged.flatMap((n) =>
      n % 11 === 0
        ? [
            [n, 1],
            [n, 2],
          ]
        : [[n, 1]],
    );
    for (let lane = 0; lane < LANES; lane += 1) {
      const ofLane = (list: number[][]) => list.filter(([n = 0]) => n % LANES === lane);
      expect(ofLane(runs.map(({ data, started }) => [data, started]))).toEqual(ofLane(expected));
    }
  }, 240_000);

  test('a queue of several processes: what one has in hand stays so while others read and add, until another processes it', async () => {
    const [one, other] = await Promise.all([open('shared'), open('shared')]);
    const [queue, others] = [one, other].map(({ store }) => store.instance.queue<number>('q', KEEP)) as [
      Queue<number>,
      Queue<number>,
    ];
    const stopping = [new AbortController(), new AbortController()] as const;
    const inHand = Promise.withResolvers<undefined>();
    const outcome = Promise.withResolvers<Outcome>();
    const errors: string[] = [];
    await queue.add('job-0', 0);
    const running = queue.process(
      async () => {
        inHand.resolve(undefined);
        return outcome.promise;
      },
      { concurrency: 1, signal: stopping[0].signal, onError: (error, id) => errors.push(`${id}: ${String(error)}`) },
    );
    await inHand.promise;
    await others.add('job-1', 1);
    expect(await others.counts()).toEqual({ waiting: 1, active: 1, done: 0, dead: 0 });
    const order: number[][] = [];
    const taken = others.process(
      async ({ data, started }) => {
        order.push([data, started]);
        return { kind: 'done' };
      },
      { concurrency: 1, signal: stopping[1].signal, onError: (error) => errors.push(String(error)) },
    );
    await eventually(
      30_000,
      'both',
      () => others.counts(),
      ({ done }) => done === 2,
    );
    outcome.resolve({ kind: 'dead', reason: 'late' });
    await eventually(
      30_000,
      'the refusal',
      () => errors,
      (list) => list.length >= 2,
    );
    for (const each of stopping) each.abort();
    await within(30_000, 'the end of both', Promise.all([running, taken]));
    expect(order).toEqual([
      [0, 2],
      [1, 1],
    ]);
    expect(await others.get('job-0')).toMatchObject({ state: 'done' });
    expect(errors.slice(0, 2)).toEqual([
      expect.stringMatching(/^job-0: .*another process/),
      expect.stringMatching(/another process/),
    ]);
    await Promise.all([one.store.close(), other.store.close()]);
  }, 120_000);

  test('who processes a shared queue hears of what others add, also after Redis was away', async () => {
    const [one, other] = await Promise.all([open('heard'), open('heard')]);
    const queue = one.store.instance.queue<number>('q', KEEP);
    const channel = wakeChannel(new RedisKeys('heard', null).queue('q'));
    const listeners = () => one.connection.command('PUBSUB', ['NUMSUB', channel]);
    const wakes = new RedisWakes(server.url);
    let heard = 0;
    wakes.listen(channel, () => (heard += 1));
    const hear = (what: string, before: number) =>
      eventually(
        30_000,
        what,
        () => heard,
        (n) => n > before,
      );
    await hear('that it listens', 0);
    const runs: number[] = [];
    const stopping = new AbortController();
    const running = queue.process(
      async ({ data }) => {
        runs.push(data);
        return { kind: 'done' };
      },
      { concurrency: 1, signal: stopping.signal, onError: () => undefined },
    );
    await eventually(30_000, 'two listeners', listeners, (answer) => String(answer) === `${channel},2`);
    const others = other.store.instance.queue<number>('q', KEEP);
    let before = heard;
    await others.add('job-0', 0);
    await hear('the first', before);
    before = heard;
    await server.kill();
    await server.up();
    await hear('that something may have been missed', before);
    before = heard;
    await others.add('job-1', 1);
    await hear('the second', before);
    await eventually(
      30_000,
      'both',
      () => runs.length,
      (length) => length === 2,
    );
    stopping.abort();
    await running;
    await eventually(30_000, 'one listener', listeners, (answer) => String(answer) === `${channel},1`);
    wakes.close();
    await Promise.all([one.store.close(), other.store.close()]);
    expect(runs).toEqual([0, 1]);
  }, 120_000);
});
