/** What a restart and a killed process leave. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { eventually } from '../support/deadline.ts';
import { SESSION } from '../support/queue-stores.ts';
import { DONE, KEEP_DONE_MS, type QueueBench, type QueueEngine } from './queue-bench.ts';

const VICTIM = join(import.meta.dirname, '../support/queue-victim.ts');

export function queueRestartContract(bench: QueueBench, engine: QueueEngine): void {
  const { reopen } = engine;
  // An engine that keeps nothing over a restart has nothing to promise here.
  if (!reopen) return;

  test('a process killed with a job in hand loses nothing, keeps the order, and the job says it was started', async () => {
    await bench.store.close();
    const killed = await new Promise((resolve) => {
      execFile(process.execPath, [VICTIM, ...engine.victimArguments()], (error) => resolve(error?.signal));
    });
    expect(killed).toBe('SIGKILL');
    bench.store = await reopen();
    bench.queue = bench.store.session(SESSION).queue('victim', { keepDone: KEEP_DONE_MS });
    expect(await bench.queue.counts()).toEqual({ waiting: 4, active: 0, done: 1, dead: 0 });
    await bench.queue.add('urgent', 9, { lane: 'lane', priority: -1 });
    expect(await bench.queue.add('job-0', 99)).toMatchObject({ data: 0, state: 'done' });
    bench.run(() => DONE, 3);
    await bench.settled(6);
    expect(bench.order()).toEqual([1, 9, 2, 3, 4]);
    expect(bench.started.map((job) => [job.started, job.attemptsMade])).toEqual([[2, 0], ...Array(4).fill([1, 0])]);
  });

  test('held, scheduled and dead jobs are the same after a restart, and a pause is forgotten', async () => {
    const runAt = Date.now() + 60_000;
    await bench.add([0], () => ({ runAt }));
    await bench.add([1, 2]);
    bench.run(({ data }) =>
      data === 1
        ? { kind: 'hold', until: runAt, reason: 'pacing', attempt: true }
        : { kind: 'dead', reason: 'hopeless' },
    );
    await eventually(
      5_000,
      'both',
      () => bench.queue.counts(),
      ({ waiting, dead }) => waiting === 2 && dead === 1,
    );
    await bench.stop();
    await bench.queue.pause();
    const before = [await bench.queue.get('job-0'), await bench.queue.get('job-1'), await bench.queue.get('job-2')];
    expect(before[1]).toMatchObject({ heldUntil: runAt, reason: 'pacing', attemptsMade: 1 });
    await bench.store.close();
    bench.store = await reopen();
    bench.queue = bench.store.session(SESSION).queue('contract', { keepDone: KEEP_DONE_MS });
    expect([await bench.queue.get('job-0'), await bench.queue.get('job-1'), await bench.queue.get('job-2')]).toEqual(
      before,
    );
    bench.run(() => DONE);
    await bench.add([3]);
    await eventually(
      5_000,
      'the new one',
      () => bench.queue.get('job-3'),
      (job) => job?.state === 'done',
    );
  });
}
