/** What a restart and a killed process leave. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from '@jest/globals';
import { eventually } from '../support/deadline.ts';
import { SESSION, WORKER_LANES } from '../support/queue-stores.ts';
import { DONE, KEEP_DONE_MS, type QueueBench, type QueueEngine } from './queue-bench.ts';

const WORKER = join(import.meta.dirname, '../support/queue-worker.ts');
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

  test('processes killed again and again while they add and run jobs lose none, keep the order, and run again only what was in hand', async () => {
    await bench.store.close();
    const added = new Set<number>();
    const lives: { n: number; started: number }[][] = [];
    for (let life = 0; life < 4; life += 1) {
      const child = spawn(process.execPath, [WORKER, String(life * 10_000), '10000', ...engine.victimArguments()], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const exited = once(child, 'exit');
      const runs: (typeof lives)[number] = [];
      lives.push(runs);
      for await (const line of createInterface({ input: child.stdout })) {
        const [what, n, started] = line.split(' ');
        if (what === 'added') added.add(Number(n));
        else runs.push({ n: Number(n), started: Number(started) });
        if (runs.length === 40 + life * 13) child.kill('SIGKILL');
      }
      expect((await exited)[1]).toBe('SIGKILL');
    }
    bench.store = await reopen();
    bench.queue = bench.store.session(SESSION).queue('worked', { keepDone: KEEP_DONE_MS });
    const { done, active } = await bench.queue.counts();
    expect(active).toBe(0);
    expect(done).toBeGreaterThan(100);
    bench.run(() => DONE, 3);
    const left = await eventually(
      60_000,
      'the rest',
      () => bench.queue.counts(),
      ({ waiting, active: inHand }) => waiting + inHand === 0,
    );
    expect(left).toMatchObject({ dead: 0 });
    await bench.stop();
    lives.push(bench.started.map(({ data, started }) => ({ n: data, started })));

    const runs = lives.flat();
    const of = Map.groupBy(runs, ({ n }) => n);
    expect([...added].filter((n) => !of.has(n))).toEqual([]);
    expect(left.done).toBe(of.size);
    // Three may be in hand whenever a process is killed; that they were is known by how often they were started.
    expect(runs.length - of.size).toBeLessThanOrEqual(4 * 3);
    for (const life of lives) expect(new Set(life.map(({ n }) => n)).size).toBe(life.length);
    for (const [, starts] of of) {
      const counted = starts.map(({ started }) => started);
      expect(counted).toEqual(counted.toSorted((one, other) => one - other));
      expect(counted.length === 1 || new Set(counted).size === counted.length).toBe(true);
    }
    for (let lane = 0; lane < WORKER_LANES; lane += 1) {
      const order = runs.filter(({ n }) => n % WORKER_LANES === lane).map(({ n }) => n);
      expect(order).toEqual(order.toSorted((one, other) => one - other));
    }
  }, 180_000);
}
