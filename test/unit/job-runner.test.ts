/** The runner of jobs on an engine that answers later: what is claimed is run once, or given back. */
import { expect, test } from '@jest/globals';
import { JobRunner, type Claim, type JobSource } from '../../runtime/src/store/job-runner.ts';
import type { Job } from '../../runtime/src/store/store.ts';
import { eventually, within } from '../support/deadline.ts';

const job = (id: string): Job<null> => ({
  ...{ id, data: null, state: 'active', lane: id, priority: 0, runAt: 0, createdAt: 0, attemptsMade: 0 },
  ...{ attempts: null, started: 1, reason: null, heldUntil: null, finishedAt: null, note: null },
});

/** An engine whose claims are answered when the test says so; and a runner on it. */
function bench(concurrency: number) {
  const asked: ((claim: Claim<null>) => void)[] = [];
  const did: string[] = [];
  const note = async (what: string) => void did.push(what);
  const source: JobSource<null> = {
    claim: () => new Promise((resolve) => asked.push(resolve)),
    finish: ({ id }, step) => note(`${step} ${id}`),
    hold: ({ id }) => note(`held ${id}`),
    release: ({ id }, begun) => note(`${begun ? 'interrupted' : 'not begun'} ${id}`),
  };
  const stopping = new AbortController();
  const handler = async ({ id }: Job<null>) => {
    did.push(`run ${id}`);
    return { kind: 'done' } as const;
  };
  const onError = (error: unknown) => void did.push(String(error));
  const options = { concurrency, signal: stopping.signal, onError };
  const runner = new JobRunner(source, handler, options, () => 0, false);
  const answer = async (claim: Claim<null>) => {
    await eventually(
      30_000,
      'a claim',
      () => asked.length,
      (length) => length > 0,
    );
    asked.shift()?.(claim);
  };
  const seen = (last: string) =>
    eventually(
      30_000,
      last,
      () => did,
      (all) => all.includes(last),
    );
  return { runner, running: runner.run(), asked, did, stopping, answer, seen };
}

test('one claim is asked for at a time, and what wakes the runner meanwhile is looked at afterwards', async () => {
  const { runner, running, asked, did, stopping, answer, seen } = bench(5);
  runner.wake();
  runner.wake();
  expect(asked).toHaveLength(1);
  await answer({ job: undefined, due: undefined });
  await answer({ job: job('a') });
  await seen('done a');
  await answer({ job: undefined, due: undefined });
  stopping.abort();
  await within(30_000, 'the end', running);
  expect(did).toEqual(['run a', 'done a']);
});

test('a job that was claimed while the runner was stopped is given back as not begun, before the run ends', async () => {
  const { running, did, stopping, answer } = bench(1);
  stopping.abort();
  await answer({ job: job('a') });
  await within(30_000, 'the end', running);
  expect(did).toEqual(['not begun a']);
});

test('so is one that was claimed while it was paused, and it runs when it is resumed', async () => {
  const { runner, running, did, stopping, answer, seen } = bench(1);
  runner.pause();
  await answer({ job: job('a') });
  await seen('not begun a');
  runner.resume();
  await answer({ job: job('a') });
  await seen('done a');
  await answer({ job: undefined, due: undefined });
  stopping.abort();
  await within(30_000, 'the end', running);
  expect(did).toEqual(['not begun a', 'run a', 'done a']);
});
