/** What becomes of a job: identity, outcomes, dead letters, pausing and stopping. */
import { expect, test } from '@jest/globals';
import type { Outcome } from '../../runtime/src/store/store.ts';
import { eventually } from '../support/deadline.ts';
import { DONE, type QueueBench } from './queue-bench.ts';

export function queueOutcomeContract(bench: QueueBench): void {
  test('adding gives the job as stored, and adding its id again changes nothing', async () => {
    const first = await bench.queue.add('job', 1, { lane: 'a', priority: 3, attempts: 2 });
    expect(first).toMatchObject({ id: 'job', data: 1, state: 'waiting', lane: 'a', priority: 3, attempts: 2 });
    expect(first).toMatchObject({ attemptsMade: 0, started: 0, reason: null, heldUntil: null, finishedAt: null });
    expect(await bench.queue.add('job', 2, { lane: 'b' })).toEqual(first);
    expect(await bench.queue.counts()).toEqual({ waiting: 1, active: 0, done: 0, dead: 0 });
  });

  test('fifty simultaneous additions of one id make one job, run once', async () => {
    await Promise.all(Array.from({ length: 50 }, (_, n) => bench.queue.add('job', n)));
    bench.run(() => DONE);
    await bench.settled(1);
    expect(bench.started).toHaveLength(1);
    expect((await bench.queue.add('job', 7)).state).toBe('done');
    await bench.settled(1);
    expect(bench.started).toHaveLength(1);
  });

  test('a held job holds its own lane and no other, and counts an attempt only when told to', async () => {
    await bench.add([0, 1], () => ({ lane: 'held' }));
    await bench.add([2, 3], () => ({ lane: 'free' }));
    let holds = 2;
    bench.run(({ data }) => {
      if (data !== 0 || holds === 0) return DONE;
      holds -= 1;
      // The first of them is over when it is ended, the second when its time has come.
      return {
        kind: 'hold',
        until: Date.now() + (holds === 0 ? 50 : 3_600_000),
        reason: 'pacing',
        attempt: holds === 0,
      };
    });
    await eventually(
      5_000,
      'the hold',
      () => bench.queue.get('job-0'),
      (job) => job?.heldUntil !== null,
    );
    expect(await bench.queue.get('job-0')).toMatchObject({ state: 'waiting', reason: 'pacing' });
    await eventually(
      5_000,
      'the other lane',
      () => bench.queue.counts(),
      ({ done }) => done === 2,
    );
    await bench.queue.hasten(['pacing']);
    await bench.settled(4);
    expect(bench.order()).toEqual([0, 2, 3, 0, 0, 1]);
    expect(bench.started.filter(({ data }) => data === 0).map((job) => [job.attemptsMade, job.started])).toEqual([
      [0, 1],
      [0, 2],
      [1, 3],
    ]);
  });

  test('what a handler notes is kept with the job until it notes something else', async () => {
    await bench.add([0], () => ({ lane: 'a' }));
    const notes: unknown[] = [];
    bench.run(({ note, attemptsMade }) => {
      notes.push(note);
      if (attemptsMade === 2) return { kind: 'done', note: { last: true } };
      const again = { kind: 'hold', until: Date.now(), reason: 'again', attempt: true } as const;
      return attemptsMade === 0 ? { ...again, note: ['first'] } : again;
    });
    await bench.settled(1);
    expect(notes).toEqual([null, ['first'], ['first']]);
    expect(await bench.queue.get('job-0')).toMatchObject({ state: 'done', note: { last: true } });
  });

  test('a throw is an attempt and a pause, and the last attempt makes a dead letter', async () => {
    await bench.add([0], () => ({ lane: 'a', attempts: 2 }));
    bench.run(({ data }) => {
      if (data === 0) throw new Error('broken');
      return DONE;
    });
    const before = Date.now();
    await bench.settled(1);
    expect(bench.started).toHaveLength(2);
    expect(Date.now() - before).toBeGreaterThanOrEqual(500);
    expect(await bench.queue.get('job-0')).toMatchObject({ state: 'dead', attemptsMade: 2, reason: 'broken' });
    expect(bench.errors.splice(0)).toEqual(['job-0: Error: broken', 'job-0: Error: broken']);
    await bench.add([1], () => ({ lane: 'a' }));
    await bench.settled(2);
  });

  test('a hold that uses up the attempts makes a dead letter, and so does being told that it is dead', async () => {
    await bench.add([0], () => ({ attempts: 1 }));
    await bench.add([1]);
    bench.run(({ data }) =>
      data === 0 ? { kind: 'hold', until: 0, reason: 'refused', attempt: true } : { kind: 'dead', reason: 'hopeless' },
    );
    await bench.settled(2);
    const dead = await bench.queue.list('dead', 10);
    expect(dead.map(({ reason, attemptsMade }) => [reason, attemptsMade])).toEqual([
      ['refused', 1],
      ['hopeless', 1],
    ]);
  });

  test('redriving a dead job runs it again with its attempts reset; others cannot be redriven', async () => {
    await bench.add([0], () => ({ attempts: 1 }));
    let broken = true;
    bench.run(() => (broken ? { kind: 'hold', until: 0, reason: 'refused', attempt: true } : DONE));
    await bench.settled(1);
    broken = false;
    expect(await bench.queue.redrive('job-0')).toBe(true);
    await eventually(
      5_000,
      'the second run',
      () => bench.queue.get('job-0'),
      (job) => job?.state === 'done',
    );
    expect(bench.started.map((job) => [job.attemptsMade, job.started, job.reason])).toEqual([
      [0, 1, null],
      [0, 2, null],
    ]);
    expect(await bench.queue.redrive('job-0')).toBe(false);
    expect(await bench.queue.redrive('absent')).toBe(false);
  });

  test('burying makes a waiting job a dead letter, scheduled or held, and lets its lane go on', async () => {
    await bench.add([0, 1], () => ({ lane: 'a' }));
    await bench.add([2], () => ({ lane: 'b', runAt: Date.now() + 60_000 }));
    bench.run(({ data }) =>
      data === 0 ? { kind: 'hold', until: Date.now() + 60_000, reason: 'long', attempt: false } : DONE,
    );
    await eventually(
      5_000,
      'the hold',
      () => bench.queue.get('job-0'),
      (job) => job?.heldUntil !== null,
    );
    expect(await bench.queue.bury('job-0', 'cancelled')).toBe(true);
    expect(await bench.queue.bury('job-2', 'cancelled')).toBe(true);
    await bench.settled(3);
    expect(await bench.queue.get('job-0')).toMatchObject({ state: 'dead', reason: 'cancelled', heldUntil: null });
    expect(bench.order()).toEqual([0, 1]);
    for (const id of ['job-0', 'job-1', 'absent']) expect(await bench.queue.bury(id, 'late')).toBe(false);
  });

  test('held jobs are tried again at once when what held them is over, and only those', async () => {
    await bench.add([0, 1], () => ({}));
    const held = new Set<number>();
    bench.run(({ data }) => {
      if (held.has(data)) return DONE;
      held.add(data);
      return { kind: 'hold', until: Date.now() + 60_000, reason: data === 0 ? 'over' : 'not over', attempt: false };
    });
    const isHeld = (job: { heldUntil: number | null } | undefined) => job?.heldUntil !== null;
    for (const id of ['job-0', 'job-1']) await eventually(5_000, 'the hold', () => bench.queue.get(id), isHeld);
    await bench.queue.hasten(['over', 'never']);
    await bench.queue.hasten(['not over'], 'job-0');
    await eventually(
      5_000,
      'the second run',
      () => bench.queue.get('job-0'),
      (job) => job?.state === 'done',
    );
    expect(await bench.queue.get('job-1')).toMatchObject({ state: 'waiting', reason: 'not over' });
    await bench.queue.hasten(['not over'], 'job-1');
    await bench.settled(2);
  });

  test('removing takes a job that is not active, and lets its lane go on', async () => {
    await bench.add([0, 1], () => ({ lane: 'a' }));
    const { promise: release, resolve } = Promise.withResolvers<Outcome>();
    await bench.add([2], () => ({ lane: 'b', priority: 1 }));
    bench.run(({ data }) => {
      if (data === 0) return { kind: 'hold', until: Date.now() + 60_000, reason: 'long', attempt: false };
      return data === 2 ? release : DONE;
    }, 2);
    await eventually(
      5_000,
      'the hold',
      () => bench.queue.get('job-0'),
      (job) => job?.heldUntil !== null,
    );
    expect(await bench.queue.remove('job-2')).toBe(false);
    expect(await bench.queue.remove('job-0')).toBe(true);
    expect(await bench.queue.remove('job-0')).toBe(false);
    await eventually(
      5_000,
      'the next',
      () => bench.queue.get('job-1'),
      (job) => job?.state === 'done',
    );
    resolve(DONE);
    await bench.settled(2);
    expect(await bench.queue.get('job-0')).toBeUndefined();
  });

  test('a paused queue starts nothing and finishes what is in hand', async () => {
    const { promise: release, resolve } = Promise.withResolvers<Outcome>();
    await bench.add([0, 1]);
    bench.run(() => release);
    await eventually(
      5_000,
      'the first',
      () => bench.started.length,
      (length) => length === 1,
    );
    await bench.queue.pause();
    resolve(DONE);
    await eventually(
      5_000,
      'its end',
      () => bench.queue.get('job-0'),
      (job) => job?.state === 'done',
    );
    await bench.add([2]);
    expect(await bench.queue.counts()).toEqual({ waiting: 2, active: 0, done: 1, dead: 0 });
    await bench.queue.resume();
    await bench.settled(3);
    expect(bench.order()).toEqual([0, 1, 2]);
  });

  test('aborting starts nothing more, tells the handlers, and waits for them', async () => {
    const { promise: release, resolve } = Promise.withResolvers<Outcome>();
    await bench.add([0, 1, 2]);
    let told = false;
    bench.run(async ({ data }, signal) => {
      signal.addEventListener('abort', () => (told = true));
      if (data === 0) return release;
      throw new Error('interrupted', {
        cause: await new Promise((resolve) => signal.addEventListener('abort', resolve)),
      });
    }, 2);
    await eventually(
      5_000,
      'two in hand',
      () => bench.started.length,
      (length) => length === 2,
    );
    let ended = false;
    const end = bench.stop().then(() => (ended = true));
    await eventually(
      5_000,
      'the other one back',
      () => bench.queue.get('job-1'),
      (job) => job?.state === 'waiting',
    );
    expect([told, ended]).toEqual([true, false]);
    resolve(DONE);
    await end;
    expect(await bench.queue.get('job-0')).toMatchObject({ state: 'done' });
    // Interrupted, not failed: no attempt is counted and it is due at once.
    expect(await bench.queue.get('job-1')).toMatchObject({ attemptsMade: 0, started: 1, heldUntil: null });
    expect(await bench.queue.get('job-2')).toMatchObject({ state: 'waiting', started: 0 });
  });

  test('a queue is processed once at a time, and again after it was stopped', async () => {
    bench.run(() => DONE);
    const again = { concurrency: 1, signal: new AbortController().signal, onError: () => undefined };
    await expect(bench.queue.process(async () => DONE, again)).rejects.toThrow(/already/);
    await bench.stop();
    await bench.add([0]);
    bench.run(() => DONE);
    await bench.settled(1);
  });
}
