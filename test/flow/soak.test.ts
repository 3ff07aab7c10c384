import { expect, test } from '@jest/globals';
import { soak } from '../support/soak.ts';

// `npm run test:long` does it for twenty minutes with fifty sessions, and looks at the growth of the heap as well: within
// seconds a process is still warming up.
test('sessions under random faults lose and double nothing, and all are connected in the end', async () => {
  const seed = Math.floor(2 ** 31 * Math.random());
  const notes: string[] = [`seed ${seed}`];
  const times = { durationMs: 10_000, warmUpMs: 5_000, restMs: 0, faults: { everyMs: 1_000, quick: true } };
  const result = await soak({ sessions: 4, seed, ...times, note: (what) => notes.push(what) });
  expect({ ...result, notes }).toMatchObject({ lost: 0, doubled: 0, problems: [] });
  expect(result.faults).toBeGreaterThan(5);
  expect(Math.min(result.sent, result.received)).toBeGreaterThan(20);
  expect(result.growthPercent).toBeLessThan(10);
}, 300_000);
