/** What Redis keeps of jobs is what it was given, in order, and little is asked of it at a time. */
import { expect, test } from '@jest/globals';
import type { Claim } from '../../runtime/src/store/job-runner.ts';
import { NOW, redisJobsBench } from './redis-jobs-bench.ts';
import { describeWithRedis } from '../support/with-redis.ts';

describeWithRedis('Jobs on Redis, kept', () => {
  const bench = redisJobsBench();
  const { opened, claimed } = bench;

  test('data and notes come back as they were, whatever they look like', async () => {
    const values: unknown[] = [
      { big: 2 ** 60, small: 1e-9, huge: 1e300, text: '\u0000::"\\/\u{1F600}\u2028', none: null },
      ...[[], {}, [[], {}], '', 'again', 'spent', 0, false, null, 'x'.repeat(300_000)],
    ];
    const jobs = opened();
    for (const [n, value] of values.entries()) await jobs.add(`job-${n}`, value);
    for (const [n, value] of values.entries()) {
      const job = await claimed(jobs);
      expect([job.id, job.data]).toEqual([`job-${n}`, value]);
      await jobs.hold(job, { attemptsMade: 0, until: bench.now + 1_000, reason: 'r', note: value, aside: false });
      expect(await jobs.get(job.id)).toMatchObject({ data: value, note: value });
    }
  });

  test('lanes, ids and reasons are told apart whatever is in them', async () => {
    const names = [
      '',
      'a',
      'a:',
      ':a',
      '1:a:',
      'a\u0000',
      'a\u0000b',
      '-',
      '-:',
      '0::',
      'active',
      'ÿ',
      '\u{1F600}',
      'a'.repeat(2_000),
    ];
    const jobs = opened();
    for (const [n, lane] of names.entries()) for (const nth of [0, 1]) await jobs.add(`${lane}-${nth}`, n, { lane });
    for (const [n, lane] of names.entries()) {
      const found = await jobs.list('waiting', 10, { lane });
      expect(found.map(({ data, lane: of }) => [data, of])).toEqual([
        [n, lane],
        [n, lane],
      ]);
    }
    for (const [, lane] of names.entries()) {
      const job = await claimed(jobs);
      expect(job.id).toBe(`${lane}-0`);
      await jobs.hold(job, { attemptsMade: 0, until: bench.now + 1_000, reason: lane, note: undefined, aside: false });
    }
    const { fronts } = await jobs.backlog();
    expect(fronts.map(({ reason }) => reason ?? 'null').toSorted()).toEqual(names.toSorted());
    expect(fronts.every((front) => front.jobs === 1 && front.state === 'held' && front.oldest === NOW)).toBe(true);
    await jobs.hasten(['a']);
    expect(await claimed(jobs)).toMatchObject({ lane: 'a', reason: null });
    expect((await jobs.claim()).job).toBeUndefined();
  });

  test('any whole number is a priority, and nothing else is', async () => {
    const jobs = opened();
    const priorities = [0, 1, -1, 10, -10, 9, -9, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
    for (const priority of priorities) await jobs.add(`job ${priority}`, priority, { priority });
    const order: unknown[] = [];
    for (let claim: Claim<unknown> = await jobs.claim(); claim.job; claim = await jobs.claim())
      order.push(claim.job.data);
    expect(order).toEqual(priorities.toSorted((one, other) => one - other));
    for (const priority of [1.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY])
      await expect(jobs.add('job', 0, { priority })).rejects.toThrow(TypeError);
  });

  test('more jobs fall due at once than Redis moves in a turn: they are in order all the same, and before what comes now', async () => {
    const jobs = opened();
    const numbers = Array.from({ length: 650 }, (_, n) => n);
    // The last to fall due goes first.
    await Promise.all(
      numbers.map((n) => jobs.add(`job-${n}`, n, { runAt: bench.now + 1 + n, priority: n === 649 ? -1 : 0 })),
    );
    bench.now += 1_000;
    await jobs.add('job-650', 650);
    const order: unknown[] = [];
    for (let claim: Claim<unknown> = await jobs.claim(); claim.job; claim = await jobs.claim())
      order.push(claim.job.data);
    expect(order).toEqual([649, ...numbers.slice(0, -1), 650]);
  });

  test('more is held for a reason than Redis hastens in a turn, and all of it is hastened', async () => {
    const jobs = opened();
    for (let n = 0; n < 450; n += 1) {
      await jobs.add(`job-${n}`, n);
      const reason = n % 9 === 0 ? 'other' : 'meant';
      await jobs.hold(await claimed(jobs), {
        attemptsMade: 0,
        until: bench.now + 1_000,
        reason,
        note: undefined,
        aside: false,
      });
    }
    await jobs.hasten(['meant']);
    let hastened = 0;
    while ((await jobs.claim()).job) hastened += 1;
    expect(hastened).toBe(400);
    expect(await jobs.backlog()).toMatchObject({
      fronts: [
        { state: 'active', jobs: 400 },
        { state: 'held', reason: 'other', jobs: 50 },
      ],
    });
  });

  test('what is done and no longer recognised leaves nothing behind', async () => {
    const jobs = opened({ keepDone: 500 });
    for (let n = 0; n < 130; n += 1) {
      await jobs.add(`job-${n}`, n);
      await jobs.finish(await claimed(jobs), 'done', 1, null, 'note');
    }
    bench.now += 500;
    expect(await jobs.get('job-0')).toBeUndefined();
    for (const n of [130, 131]) await jobs.add(`job-${n}`, n, { runAt: bench.now + 1_000 });
    for (const n of [130, 131]) await jobs.remove(`job-${n}`);
    const left = (await bench.connection.command('KEYS', [bench.keys().pattern])) as string[];
    const key = bench.keys().queue('q');
    expect(left.toSorted()).toEqual([`${key}:meta`, `${key}:told`]);
  });

  test('a claim asks Redis for the same few things however many jobs wait', async () => {
    const stats = async () => {
      const text = String(await bench.connection.command('INFO', ['commandstats']));
      const rows = [...text.matchAll(/cmdstat_(\w+):calls=(\d+),usec=(\d+)/g)];
      const inside = rows.filter(([, name]) => !['fcall', 'info'].includes(name ?? ''));
      const calls = inside.reduce((sum, row) => sum + Number(row[2]), 0);
      return { calls, usec: Number(rows.find(([, name]) => name === 'fcall')?.[3]) };
    };
    const used = async (waiting: number) => {
      const jobs = opened({}, `with-${waiting}`);
      for (let n = 0; n < waiting; n += 200) {
        const some = Array.from({ length: 200 }, (_, nth) => n + nth);
        await Promise.all(some.map((nth) => jobs.add(`job-${nth}`, nth)));
      }
      await jobs.recover();
      const costs: { calls: number; usec: number }[] = [];
      for (let n = 0; n < 50; n += 1) {
        const before = await stats();
        await jobs.finish(await claimed(jobs), 'done', 1, null);
        const after = await stats();
        costs.push({ calls: after.calls - before.calls, usec: after.usec - before.usec });
      }
      // The least, for what the machine does besides is in the others.
      return {
        calls: Math.max(...costs.map(({ calls }) => calls)),
        usec: Math.min(...costs.map(({ usec }) => usec)),
      };
    };
    const [few, many] = [await used(200), await used(10_000)];
    expect(many.calls).toBe(few.calls);
    expect(few.calls).toBeGreaterThan(10);
    expect(many.usec / few.usec).toBeLessThan(3);
  }, 120_000);
});
