import { expect, test } from '@jest/globals';
import { storm } from '../support/storm.ts';

// `npm run storm` does it with two hundred, and looks at the event loop as well.
test('twenty sessions that lose their connections in the same instant are all back', async () => {
  const { allBackMs, unhandled } = await storm(20);
  expect(allBackMs).toBeLessThan(60_000);
  expect(unhandled).toEqual([]);
}, 120_000);
