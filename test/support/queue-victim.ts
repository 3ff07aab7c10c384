/** A process that is killed while it runs the second of five jobs of one lane. Arguments: see `queue-stores.ts`. */
import { openEngine } from './engine-place.ts';
import { SESSION } from './queue-stores.ts';

const store = await openEngine(process.argv.slice(2));
const queue = store.session(SESSION).queue<number>('victim', { keepDone: 60_000 });
for (const n of [0, 1, 2, 3, 4]) await queue.add(`job-${n}`, n, { lane: 'lane' });
await queue.process(
  async (job) => {
    if (job.data === 1) {
      process.kill(process.pid, 'SIGKILL');
      await new Promise(() => undefined);
    }
    return { kind: 'done' };
  },
  {
    concurrency: 3,
    signal: new AbortController().signal,
    onError: (error) => {
      throw error;
    },
  },
);
