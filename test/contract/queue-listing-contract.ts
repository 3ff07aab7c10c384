/** Where a job is found, and where it is not. */
import { expect, test } from '@jest/globals';
import { parseSessionId } from '../../runtime/src/ids.ts';
import { SESSION } from '../support/queue-stores.ts';
import { DONE, KEEP_DONE_MS, type QueueBench } from './queue-bench.ts';

export function queueListingContract(bench: QueueBench): void {
  test('pages show the jobs added last first, of the states asked for, and come to an end', async () => {
    await bench.add([0, 1, 2, 3, 4], (n) => ({ lane: 'a', ...(n === 3 && { runAt: Date.now() + 60_000 }) }));
    await bench.queue.bury('job-1', 'cancelled');
    const first = await bench.queue.page(['waiting'], 2);
    expect(first.jobs.map(({ data }) => data)).toEqual([4, 3]);
    const second = await bench.queue.page(['waiting'], 2, { before: first.next ?? 0 });
    expect([second.jobs.map(({ data }) => data), second.next]).toEqual([[2, 0], null]);
    expect((await bench.queue.page(['dead', 'waiting'], 10)).jobs.map(({ data }) => data)).toEqual([4, 3, 2, 1, 0]);
    expect((await bench.queue.page(['waiting'], 10, { lane: 'none' })).jobs).toEqual([]);
  });

  test('lists give a state in the order added, the newest first or one lane only', async () => {
    await bench.add([0, 1, 2, 3], (n) => ({
      lane: `lane-${n % 2}`,
      priority: -n,
      runAt: Date.now() + 60_000 * (n % 3),
    }));
    const ids = async (...parameters: Parameters<typeof bench.queue.list>) =>
      (await bench.queue.list(...parameters)).map(({ data }) => data);
    expect(await ids('waiting', 10)).toEqual([0, 1, 2, 3]);
    expect(await ids('waiting', 3, { newestFirst: true })).toEqual([3, 2, 1]);
    expect(await ids('waiting', 10, { lane: 'lane-1' })).toEqual([1, 3]);
    expect(await ids('done', 10)).toEqual([]);
  });

  test('queues of one database, and databases, are apart', async () => {
    const other = bench.store.session(SESSION).queue<number>('other', { keepDone: KEEP_DONE_MS });
    await other.add('job-0', 10);
    for (const database of [bench.store.instance, bench.store.session(parseSessionId('one'))])
      await database.queue<number>('contract', { keepDone: KEEP_DONE_MS }).add('job-0', 20);
    await bench.add([0]);
    bench.run(() => DONE);
    await bench.settled(1);
    expect(bench.order()).toEqual([0]);
    expect(await other.counts()).toMatchObject({ waiting: 1 });
  });
}
