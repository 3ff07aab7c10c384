/** What the tests of jobs on Redis work with: a Redis of their own, and for each test queues and a clock. */
import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { RedisConnection } from '../../runtime/src/store/redis-connection.ts';
import { RedisJobs, type QueuePlace } from '../../runtime/src/store/redis-jobs.ts';
import { RedisKeys } from '../../runtime/src/store/redis-keys.ts';
import type { Job } from '../../runtime/src/store/store.ts';
import { RedisServer } from '../support/redis-server.ts';

export type Jobs = RedisJobs<unknown>;

export const NOW = 1_000_000;

/** Makes the bench of the tests registered next to it. */
export function redisJobsBench() {
  let server: RedisServer;
  let count = 0;
  const bench = {
    connection: null as unknown as RedisConnection,
    now: NOW,
    /** The jobs that were somebody else's when their outcome was told. */
    late: [] as string[],
    keys: () => new RedisKeys(`test-${count}`, null),
    /** The jobs of a queue as one process has them. */
    opened(place: Partial<QueuePlace> = {}, name = 'q'): Jobs {
      const { connection, keys } = bench;
      const { owner } = keys();
      const usual = { connection, key: keys().queue(name), owner, generation: () => null, keepDone: 60_000 };
      const jobs = new RedisJobs<unknown>({ ...usual, shared: false, now: () => bench.now, ...place });
      jobs.begin((id) => bench.late.push(id));
      return jobs;
    },
    async claimed(jobs: Jobs): Promise<Job<unknown>> {
      const { job } = await jobs.claim();
      if (!job) throw new Error('There is nothing to claim.');
      return job;
    },
    shown: async (jobs: Jobs) => [
      await jobs.counts(),
      await jobs.backlog(),
      (await jobs.page(['waiting', 'active', 'done', 'dead'], 100)).jobs,
    ],
  };
  beforeAll(async () => {
    server = await RedisServer.start();
    bench.connection = await RedisConnection.open({ url: server.url });
  }, 60_000);
  afterAll(async () => {
    await bench.connection.close();
    await server.stop();
  });
  beforeEach(() => {
    bench.now = NOW;
    bench.late = [];
    count += 1;
  });
  return bench;
}
