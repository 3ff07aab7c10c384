/** Answers that are lost or late, and owners that are. */
import { expect, test } from '@jest/globals';
import type { Change } from '../../runtime/src/store/redis-connection.ts';
import { redisJobsBench, type Jobs } from './redis-jobs-bench.ts';
import { describeWithRedis } from '../support/with-redis.ts';

describeWithRedis('Jobs on Redis, late', () => {
  const bench = redisJobsBench();
  const { opened, claimed, shown } = bench;
  const way = () => ({ read: bench.connection.read.bind(bench.connection), server: bench.connection.server });

  /** Everything a queue is asked for, each with its answer; and what is there in the end. */
  async function script(jobs: Jobs): Promise<unknown[]> {
    const told: unknown[] = [];
    const note = async (answer: Promise<unknown>) => told.push(await answer);
    for (const n of [0, 1, 2, 3, 4, 5, 6, 7]) await note(jobs.add(`job-${n}`, n, { lane: `lane-${n % 3}` }));
    const [zero, one, two] = [await claimed(jobs), await claimed(jobs), await claimed(jobs)];
    await jobs.hold(zero, { attemptsMade: 1, until: bench.now + 50, reason: 'pacing', note: ['n'], aside: true });
    await jobs.hold(one, { attemptsMade: 0, until: bench.now + 50, reason: 'pacing', note: undefined, aside: false });
    await jobs.release(two, false);
    const again = await claimed(jobs);
    told.push(again);
    await jobs.finish(again, 'done', 1, null, { sent: true });
    await jobs.finish(await claimed(jobs), 'dead', 1, 'hopeless');
    await jobs.hastenLane('lane-0');
    await jobs.hasten(['pacing']);
    await note(jobs.remove('job-6'));
    await note(jobs.bury('job-4', 'cancelled'));
    await note(jobs.redrive('job-4'));
    await jobs.join('lane-2', 'lane-1');
    for (let claim = await jobs.claim(); claim.job; claim = await jobs.claim()) {
      told.push(claim.job);
      await jobs.finish(claim.job, 'done', 1, null);
    }
    return [...told, ...(await shown(jobs))];
  }

  test('whatever is asked twice, since its answer was lost, is answered the same and done once', async () => {
    const twice = async (change: Change) => {
      await bench.connection.change(change);
      return bench.connection.change(change);
    };
    const once = await script(opened({}, 'once'));
    expect(await script(opened({ connection: { ...way(), change: twice } }, 'twice'))).toEqual(once);
    expect(bench.late).toEqual([]);
    expect(once.at(-3)).toEqual({ waiting: 0, active: 0, done: 6, dead: 1 });
  });

  test('a claim that arrives after it was repeated, and its job finished, takes nothing', async () => {
    const claims: Change[] = [];
    const recoveries: Change[] = [];
    const change = async (call: Change) => {
      if (call.name === 'claim') claims.push(call);
      if (call.name === 'recover') recoveries.push(call);
      return bench.connection.change(call);
    };
    const jobs = opened({ connection: { ...way(), change } });
    for (const n of [0, 1, 2]) await jobs.add(`job-${n}`, n);
    await jobs.finish(await claimed(jobs), 'done', 1, null);
    const [first] = claims as [Change];
    expect(await bench.connection.change(first)).toBe('spent');
    await claimed(jobs);
    await expect(bench.connection.change(first)).rejects.toThrow(/SUPERSEDED/);
    // Nor does what began the run take from its hands what it has claimed since.
    for (const recovery of recoveries) await bench.connection.change(recovery);
    expect(recoveries).toHaveLength(1);
    expect(await jobs.counts()).toEqual({ waiting: 1, active: 1, done: 1, dead: 0 });
  });

  test('who lost a job to a later process changes nothing of it, is told so, and gets no other', async () => {
    const [former, later] = [opened(), opened()];
    for (const n of [0, 1, 2]) await former.add(`job-${n}`, n);
    const hands = [await claimed(former), await claimed(former), await claimed(former)] as const;
    await later.recover();
    expect(await later.counts()).toEqual({ waiting: 3, active: 0, done: 0, dead: 0 });
    const again = await claimed(later);
    expect(again).toMatchObject({ id: 'job-0', started: 2 });
    const before = await shown(later);
    await former.finish(hands[0], 'done', 1, null, 'late');
    await former.hold(hands[1], { attemptsMade: 1, until: bench.now, reason: 'late', note: 'late', aside: false });
    await former.release(hands[2], false);
    await expect(former.claim()).rejects.toThrow(/SUPERSEDED/);
    expect(await shown(later)).toEqual(before);
    expect(bench.late).toEqual(['job-0', 'job-1', 'job-2']);
    await later.finish(again, 'done', 1, null);
    expect(await later.get('job-0')).toMatchObject({ state: 'done', note: null });
    // Finished by the one that has it: nobody is late by saying so again.
    await later.finish(again, 'done', 1, null);
    expect(bench.late).toHaveLength(3);
  });

  test('who no longer owns the database changes nothing, whatever it asks, and may read', async () => {
    let generation = 1;
    const jobs = opened({ generation: () => generation });
    for (const n of [0, 1, 2]) await jobs.add(`job-${n}`, n, { lane: 'a' });
    const hand = await claimed(jobs);
    await bench.connection.command('HSET', [bench.keys().owner, 'generation', '2']);
    const before = await shown(jobs);
    const held = { attemptsMade: 1, until: bench.now, reason: 'late', note: undefined, aside: false };
    const asked: (() => Promise<unknown>)[] = [
      ...[
        () => jobs.add('job-9', 9),
        () => jobs.remove('job-1'),
        () => jobs.bury('job-1', 'b'),
        () => jobs.redrive('job-1'),
      ],
      ...[() => jobs.hasten(['x']), () => jobs.hastenLane('a'), () => jobs.join('a', 'b'), () => jobs.claim()],
      ...[() => jobs.finish(hand, 'done', 1, null), () => jobs.hold(hand, held), () => jobs.release(hand, true)],
      () => opened({ generation: () => generation }).recover(),
    ];
    for (const ask of asked) await expect(ask()).rejects.toMatchObject({ code: 'not_owner' });
    expect(await shown(jobs)).toEqual(before);
    generation = 2;
    await jobs.finish(hand, 'done', 1, null);
    expect(await jobs.counts()).toMatchObject({ done: 1, waiting: 2 });
  });
});
