/** The queue contract on each engine, and what is particular to the embedded one. */
import { describe, expect, test } from '@jest/globals';
import { openStore } from '../../runtime/src/store/store.ts';
import { describeEachEngine } from '../support/engines.ts';
import { queueContract } from './queue-contract.ts';

describeEachEngine((engine) => {
  queueContract({
    async open() {
      engine.fresh();
      return engine.open();
    },
    reopen: () => engine.open(),
    victimArguments: () => engine.place(),
  });
});

describe('SQLite in memory', () => {
  queueContract({ open: async () => openStore({ directory: ':memory:' }), reopen: null, victimArguments: () => [] });
});

test('a done job is recognised for as long as it is kept, and then its id is free', async () => {
  let now = 1_000;
  const store = openStore({ directory: ':memory:', now: () => now });
  const queue = store.instance.queue<number>('q', { keepDone: 500 });
  const stopping = new AbortController();
  const running = queue.process(
    async ({ data }) => {
      if (data === 2) stopping.abort();
      return { kind: 'done' };
    },
    { concurrency: 1, signal: stopping.signal, onError: () => undefined },
  );
  await queue.add('job', 1);
  await queue.add('end', 2);
  await running;
  now = 1_499;
  expect(await queue.add('job', 3)).toMatchObject({ data: 1, state: 'done', finishedAt: 1_000 });
  now = 1_500;
  expect(await queue.get('job')).toBeUndefined();
  expect(await queue.add('job', 3)).toMatchObject({ data: 3, state: 'waiting' });
  // What is no longer recognised does not stay in the file.
  now = 2_000;
  await queue.add('more', 4);
  expect(await queue.counts()).toEqual({ waiting: 2, active: 0, done: 0, dead: 0 });
  await store.close();
});

test('closing a store ends its runs and waits for the handlers', async () => {
  const store = openStore({ directory: ':memory:' });
  const queue = store.instance.queue<number>('q', { keepDone: 500 });
  const { promise: begun, resolve: begin } = Promise.withResolvers<undefined>();
  const never = new AbortController().signal;
  const running = queue.process(
    async (_job, signal) => {
      begin(undefined);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return { kind: 'done' };
    },
    { concurrency: 1, signal: never, onError: () => undefined },
  );
  await queue.add('job', 1);
  await begun;
  await store.close();
  await running;
  await expect(queue.add('late', 2)).rejects.toThrow();
});
