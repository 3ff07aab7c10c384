/**
 * A process that adds jobs and runs them until it is killed, and says on its standard output what it was told and did:
 * `added <n>`, `run <n> <started>`. Arguments: the number to begin with, how many to add, and see `queue-stores.ts`.
 */
import { writeSync } from 'node:fs';
import { openEngine } from './engine-place.ts';
import { SESSION, WORKER_LANES } from './queue-stores.ts';

const [from = '0', most = '0', ...where] = process.argv.slice(2);
const store = await openEngine(where);
const queue = store.session(SESSION).queue<number>('worked', { keepDone: 60_000 });

async function addAll(): Promise<void> {
  for (let n = Number(from); n < Number(from) + Number(most); n += 1) {
    await queue.add(`job-${n}`, n, { lane: `lane-${n % WORKER_LANES}` });
    writeSync(1, `added ${n}\n`);
  }
}

const running = queue.process(
  async (job) => {
    writeSync(1, `run ${job.data} ${job.started}\n`);
    await new Promise(setImmediate);
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
await Promise.all([addAll(), running]);
