import { expect, test } from '@jest/globals';
import { killAtRandom } from '../support/random-kills.ts';

// `npm run test:long` does the same three hundred times.
test('killed at random moments of linking, sending and receiving, nothing is lost or doubled and all open again', async () => {
  const rounds: string[] = [];
  const kills = await killAtRandom(9, Math.random, (round) => rounds.push(round)).catch((error: unknown) => {
    throw new Error(`in round ${rounds.at(-1)}`, { cause: error });
  });
  expect(kills).toMatchObject({ linking: 3, sending: 3, receiving: 3 });
}, 240_000);
