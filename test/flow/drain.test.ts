import { expect, test } from '@jest/globals';
import { drain } from '../support/drain.ts';

// `npm run drain` does it with ten thousand messages and fifty kills.
test('queued messages arrive once and in order though the runtime is killed while they drain, and the counters add up', async () => {
  const seed = Math.floor(2 ** 31 * Math.random());
  const notes: string[] = [`seed ${seed}`];
  const result = await drain({ messages: 1_000, kills: 5, sessions: 10, seed, note: (what) => notes.push(what) });
  const right = { kills: 5, missing: 0, doubled: 0, outOfOrder: 0, sent: 1_000, failed: 0, problems: [], ok: true };
  expect({ ...result, notes }).toMatchObject(right);
}, 600_000);
