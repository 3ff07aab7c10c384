import { afterEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { LeaseStage, overlaps } from '../support/lease-stage.ts';
import { describeWithRedis } from '../support/with-redis.ts';

const SESSIONS = 12;
const HALF = SESSIONS / 2;
const LEASE_MS = 4_000;
const LONG_LEASE_MS = 12_000;
const LONGER_THAN_A_LEASE_MS = 6_000;
const A_SECOND_MS = 1_000;
const PATIENCE_MS = 60_000;

let stage: LeaseStage;
afterEach(() => stage.end());

const passing = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const halves = ({ a, b }: Record<string, number>) => a === HALF && b === HALF;
const one = async (leaseMs = LEASE_MS) => {
  stage = await LeaseStage.start(SESSIONS, leaseMs);
  await stage.join('a');
  await stage.allActed(stage.now(), PATIENCE_MS);
};
const both = async (leaseMs = LEASE_MS) => {
  await one(leaseMs);
  await stage.join('b');
  await stage.allActed(stage.now(), PATIENCE_MS, halves);
};
const generations = () => new Map(stage.deeds().map(({ id, generation }) => [id, generation]));

describeWithRedis('never two at one time', () => {
  test('a worker that joins is given its share', async () => {
    await both();
    expect(overlaps(stage.deeds())).toEqual([]);
  }, 120_000);

  test('what a killed worker held the others take, and what runs once goes on', async () => {
    await both();
    await stage.worker('a').end('SIGKILL');
    expect(await stage.allActed(stage.now(), PATIENCE_MS)).toEqual({ b: SESSIONS });
    expect(overlaps(stage.deeds())).toEqual([]);
  }, 120_000);

  test('a frozen worker finds out before it does anything, and takes part again', async () => {
    await both();
    stage.worker('a').signal('SIGSTOP');
    await stage.allActed(stage.now(), PATIENCE_MS, ({ b }) => b === SESSIONS);
    const continued = stage.now();
    stage.worker('a').signal('SIGCONT');
    await stage.allActed(continued, PATIENCE_MS, halves);
    expect(overlaps(stage.deeds())).toEqual([]);
  }, 180_000);

  test('a worker that leaves hands over at once', async () => {
    await both(LONG_LEASE_MS);
    const left = stage.now();
    await stage.worker('a').end('SIGTERM');
    await stage.allActed(stage.now(), PATIENCE_MS, ({ b }) => b === SESSIONS);
    const deeds = stage.deeds();
    expect(overlaps(deeds)).toEqual([]);
    const taken = [...new Set(deeds.filter(({ by, at }) => by === 'a' && at > left).map(({ id }) => id))].map((id) => {
      const last = deeds.findLast((deed) => deed.id === id && deed.by === 'a')?.at ?? 0;
      const first = deeds.find((deed) => deed.id === id && deed.by === 'b' && deed.at > last)?.at ?? Infinity;
      return (first - last) / 1_000;
    });
    // A lease would have to run out first, if it were not dropped and told.
    expect(Math.max(...taken)).toBeLessThan(LONG_LEASE_MS / 2);
  }, 120_000);

  test('Redis that is away for less than a lease costs nothing', async () => {
    await both(LONG_LEASE_MS);
    const before = generations();
    await stage.redis.kill();
    await stage.redis.up();
    stage.redis.freeze();
    await passing(A_SECOND_MS);
    stage.redis.thaw();
    // What had not been renewed would be lost by then.
    await passing(LONG_LEASE_MS);
    await stage.allActed(stage.now(), PATIENCE_MS);
    expect(generations()).toEqual(before);
    expect(overlaps(stage.deeds())).toEqual([]);
  }, 120_000);

  test('a Redis that is full costs nothing', async () => {
    await both();
    const before = generations();
    const redis = new Redis(stage.redis.url);
    await redis.config('SET', 'maxmemory', '1');
    // What had not been renewed would be lost by then.
    await passing(LONGER_THAN_A_LEASE_MS);
    await stage.allActed(stage.now(), PATIENCE_MS);
    redis.disconnect();
    expect(generations()).toEqual(before);
    expect(overlaps(stage.deeds())).toEqual([]);
  }, 120_000);

  test.each(['restarted', 'paused'])(
    'all end by themselves when Redis is away for longer (%s), and come back',
    async (how) => {
      await both();
      if (how === 'paused') stage.redis.freeze();
      else await stage.redis.kill();
      await passing(LONGER_THAN_A_LEASE_MS);
      const silent = stage.now();
      await passing(A_SECOND_MS);
      expect(stage.deeds().filter(({ what, at }) => what === 'act' && at > silent)).toEqual([]);
      if (how === 'paused') stage.redis.thaw();
      else await stage.redis.up();
      await stage.allActed(stage.now(), PATIENCE_MS);
      expect(overlaps(stage.deeds())).toEqual([]);
    },
    120_000,
  );
});
