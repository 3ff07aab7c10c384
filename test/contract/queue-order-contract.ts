/** What runs when: lanes, priorities, times. */
import { expect, test } from '@jest/globals';
import { eventually } from '../support/deadline.ts';
import { DONE, type QueueBench } from './queue-bench.ts';

export function queueOrderContract(bench: QueueBench): void {
  test('two lanes that are joined are one line, in the order of what is in them', async () => {
    await bench.add([0, 1, 2, 3, 4, 5], (n) => ({ lane: n % 2 === 0 ? 'even' : 'odd' }));
    await bench.add([6], () => ({ lane: 'else' }));
    await bench.queue.join('odd', 'even');
    bench.run(async () => DONE, 5);
    await bench.settled(7);
    expect(bench.order().filter((n) => n !== 6)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('a job that runs while its lane is joined to another stays before all that is there', async () => {
    await bench.add([0, 1], () => ({ lane: 'first' }));
    const inHand = Promise.withResolvers<undefined>();
    const joined = Promise.withResolvers<undefined>();
    let held = false;
    bench.run(async ({ data }) => {
      if (data !== 0 || held) return DONE;
      inHand.resolve(undefined);
      await joined.promise;
      held = true;
      return { kind: 'hold', until: Date.now() + 5, reason: 'not yet', attempt: false };
    }, 1);
    await inHand.promise;
    await bench.add([2, 3], () => ({ lane: 'second' }));
    await bench.queue.join('first', 'second');
    joined.resolve(undefined);
    await bench.settled(4);
    expect(bench.order()).toEqual([0, 0, 1, 2, 3]);
  });

  test('jobs of a lane run one at a time in the order added, lanes at the same time', async () => {
    const inHand = new Map<string, number>();
    let most = 0;
    const all = Promise.withResolvers<undefined>();
    await bench.add([0, 1, 2, 3, 4, 5, 6, 7, 8], (n) => ({ lane: `lane-${n % 3}` }));
    bench.run(async ({ lane }) => {
      inHand.set(lane, (inHand.get(lane) ?? 0) + 1);
      expect(inHand.get(lane)).toBe(1);
      most = Math.max(
        most,
        [...inHand.values()].reduce((a, b) => a + b),
      );
      if (most === 3) all.resolve(undefined);
      await all.promise;
      inHand.set(lane, 0);
      return DONE;
    }, 5);
    await bench.settled(9);
    expect(most).toBe(3);
    for (const lane of [0, 1, 2])
      expect(bench.order().filter((n) => n % 3 === lane)).toEqual([lane, lane + 3, lane + 6]);
  });

  test('never more jobs are in hand than asked for', async () => {
    let inHand = 0;
    let most = 0;
    const all = Promise.withResolvers<undefined>();
    await bench.add(Array.from({ length: 20 }, (_, n) => n));
    bench.run(async () => {
      most = Math.max(most, ++inHand);
      if (most === 4) all.resolve(undefined);
      await all.promise;
      await new Promise(setImmediate);
      inHand -= 1;
      return DONE;
    }, 4);
    await bench.settled(20);
    expect(most).toBe(4);
  });

  test('a job that steps aside lets its lane go on, and when its time has come goes before what waits', async () => {
    await bench.add([0, 1, 2, 3], () => ({ lane: 'a' }));
    let refusals = 1;
    bench.run(async ({ data }) => {
      if (data === 0 && refusals-- > 0) {
        return { kind: 'hold', until: Date.now() + 3_600_000, reason: 'refused', attempt: true, aside: true };
      }
      // Beyond its time while the next is in hand: one at a time all the same.
      if (data === 1) await bench.queue.hastenLane('a');
      return DONE;
    }, 5);
    await bench.settled(4);
    expect(bench.order()).toEqual([0, 1, 0, 2, 3]);
  });

  test('what stepped aside is known as waiting until its time, and can be removed', async () => {
    const until = Date.now() + 3_600_000;
    await bench.add([0, 1], () => ({ lane: 'a' }));
    bench.run(async ({ data }) =>
      data === 0 ? { kind: 'hold', until, reason: 'refused', attempt: true, aside: true } : DONE,
    );
    await eventually(
      5_000,
      'the other',
      () => bench.queue.counts(),
      ({ done }) => done === 1,
    );
    const [aside] = await bench.queue.list('waiting', 10, { lane: 'a' });
    expect(aside).toMatchObject({ data: 0, state: 'waiting', attemptsMade: 1, reason: 'refused', heldUntil: until });
    expect(await bench.queue.remove(aside?.id ?? '')).toBe(true);
    expect(await bench.queue.counts()).toMatchObject({ waiting: 0, active: 0, done: 1 });
  });

  test('a held job is not overtaken by an urgent one of its lane', async () => {
    await bench.add([0], () => ({ lane: 'a' }));
    let held = false;
    bench.run(({ data }) => {
      if (data !== 0 || held) return DONE;
      held = true;
      return { kind: 'hold', until: Date.now() + 3_600_000, reason: 'pacing', attempt: false };
    });
    await eventually(
      5_000,
      'the hold',
      () => bench.queue.get('job-0'),
      (job) => job?.heldUntil !== null,
    );
    await bench.add([1], () => ({ lane: 'a', priority: -1 }));
    await bench.queue.hastenLane('a');
    await bench.settled(2);
    expect(bench.order()).toEqual([0, 0, 1]);
  });

  test('lower priority numbers go first, among lanes and within one', async () => {
    await bench.add([0, 1], () => ({ lane: 'a', priority: 5 }));
    await bench.add([2], () => ({ lane: 'a', priority: 1 }));
    await bench.add([3], () => ({ lane: 'b', priority: 0 }));
    await bench.add([4], () => ({ lane: 'c', priority: 3 }));
    bench.run(() => DONE);
    await bench.settled(5);
    expect(bench.order()).toEqual([3, 2, 4, 0, 1]);
  });

  test('a scheduled job waits for its time and does not hold up its lane', async () => {
    await bench.add([0], () => ({ lane: 'a', runAt: Date.now() + 3_600_000 }));
    await bench.add([1], () => ({ lane: 'a' }));
    let at = 0;
    bench.run(({ data }) => {
      if (data === 2) at = Date.now();
      return DONE;
    });
    const finished = (jobs: number) =>
      eventually(
        30_000,
        `${jobs} finished`,
        () => bench.queue.counts(),
        ({ done }) => done === jobs,
      );
    await finished(1);
    const runAt = Date.now() + 60;
    await bench.add([2], () => ({ lane: 'a', runAt }));
    await finished(2);
    expect(bench.order()).toEqual([1, 2]);
    expect(at).toBeGreaterThanOrEqual(runAt);
    expect(await bench.queue.get('job-0')).toMatchObject({ state: 'waiting', started: 0 });
  });

  test('a scheduled job takes its place when it falls due: behind what was added before, ahead of what comes later', async () => {
    const runAt = Date.now() + 1_000;
    await bench.add([0, 1], () => ({ lane: 'a', runAt }));
    await bench.add([2], () => ({ lane: 'b', runAt }));
    await bench.add([3], () => ({ lane: 'a' }));
    await bench.add([4], () => ({ lane: 'c' }));
    await eventually(
      5_000,
      'its time',
      async () => Date.now(),
      (now) => now >= runAt,
    );
    await bench.add([5], () => ({ lane: 'b' }));
    await bench.add([6], () => ({ lane: 'a' }));
    await bench.add([7], () => ({ lane: 'a', priority: -1 }));
    bench.run(() => DONE);
    await bench.settled(8);
    expect(bench.order()).toEqual([7, 3, 4, 0, 1, 2, 5, 6]);
  });

  test('ten thousand jobs in two thousand lanes are each run once, in the order of their lane', async () => {
    const numbers = Array.from({ length: 10_000 }, (_, n) => n);
    for (let from = 0; from < numbers.length; from += 500) {
      const some = numbers.slice(from, from + 500);
      await Promise.all(some.map((n) => bench.queue.add(`job-${n}`, n, { lane: `lane-${n % 2_000}` })));
    }
    bench.run(() => DONE, 50);
    await bench.settled(10_000);
    expect(bench.order().toSorted((a, b) => a - b)).toEqual(numbers);
    const last = new Map<number, number>();
    for (const n of bench.order()) {
      expect(last.get(n % 2_000) ?? -1).toBeLessThan(n);
      last.set(n % 2_000, n);
    }
  }, 120_000);
}
