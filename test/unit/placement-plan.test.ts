import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { plan, roomiest, type Placed, type Worker } from '../../runtime/src/cluster/plan.ts';

const worker = (id: string, capacity = 100): Worker => ({ id, capacity });
const held = (by: string | null, count: number): Placed[] =>
  Array.from({ length: count }, (_, at) => ({ id: `${by ?? 'free'}-${at}`, holder: by }));
const counts = (self: string, workers: Worker[], sessions: Placed[]) => {
  const { claim, shed } = plan(self, workers, sessions);
  return [claim.length, shed.length];
};

describe('what a worker takes and gives up', () => {
  const two = [worker('a'), worker('b')];
  const three = [...two, worker('c')];
  const ROWS: [string, string, Worker[], Placed[], [claim: number, shed: number]][] = [
    ['alone it takes all', 'a', [worker('a')], held(null, 7), [7, 0]],
    ['alone it takes no more than it can', 'a', [worker('a', 5)], held(null, 7), [5, 0]],
    ['of two each takes half', 'a', two, held(null, 8), [4, 0]],
    ['an odd one may go to either', 'b', two, held(null, 9), [5, 0]],
    ['of those of a dead one it takes its share', 'a', two, [...held('a', 3), ...held(null, 3)], [0, 0]],
    ['of those of a dead one both take', 'a', two, [...held('a', 3), ...held('b', 3), ...held(null, 2)], [1, 0]],
    ['it gives up to one that joins', 'a', three, [...held('a', 6), ...held('b', 6)], [0, 2]],
    ['who joins takes what is free only', 'c', three, [...held('a', 6), ...held('b', 6)], [0, 0]],
    [
      'it gives up nothing for which another is waiting already',
      'a',
      [worker('a', 4), worker('b', 3)],
      [...held('a', 6), ...held(null, 3)],
      [0, 0],
    ],
    [
      'it gives up nothing that is to stay',
      'a',
      two,
      held('a', 4).map((each, at) => ({ ...each, stays: at > 0 })),
      [0, 1],
    ],
    ['one more than another is no reason to move', 'a', two, [...held('a', 4), ...held('b', 3)], [0, 0]],
    ['little room elsewhere is made up for', 'a', [worker('a'), worker('b', 2)], held(null, 10), [8, 0]],
    [
      'it does not give up to one that is full',
      'a',
      [worker('a', 8), worker('b', 2)],
      [...held('a', 8), ...held('b', 2)],
      [0, 0],
    ],
    ['it gives up what is above its capacity', 'a', [worker('a', 2), worker('b', 9)], held('a', 6), [0, 4]],
    ['what a forgotten worker holds is not free', 'a', [worker('a')], held('gone', 5), [0, 0]],
    ['one that nobody counts does nothing', 'a', [worker('b')], held(null, 5), [0, 0]],
  ];
  test.each(ROWS)('%s', (_, self, workers, sessions, expected) => {
    expect(counts(self, workers, sessions)).toEqual(expected);
  });

  test('however it began, all have a place soon, nobody above capacity, and then all rest', () => {
    const world = fc.record({
      capacities: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 }),
      holders: fc.array(fc.integer({ min: -1, max: 4 }), { maxLength: 40 }),
    });
    fc.assert(
      fc.property(world, ({ capacities, holders }) => {
        const workers = capacities.map((capacity, at) => worker(`w${at}`, capacity));
        // Who has more than it can take, and nobody to give it to, keeps it: here nobody begins like that.
        const begun = (at: number, n: number) =>
          holders.slice(0, n).filter((each) => each === at).length < (capacities[at] ?? 0);
        const sessions = holders.map((at, n): Placed => {
          return { id: `s${n}`, holder: begun(at, n) ? (workers[at]?.id ?? null) : null };
        });
        let moves = 1;
        for (let round = 0; moves > 0; round++) {
          if (round > 50) throw new Error('it does not come to rest');
          moves = 0;
          for (const { id } of workers) {
            const { claim, shed } = plan(id, workers, sessions);
            expect(claim.length === 0 || shed.length === 0).toBe(true);
            for (const each of sessions) {
              if (claim.includes(each.id)) each.holder = id;
              if (shed.includes(each.id)) each.holder = null;
            }
            moves += claim.length + shed.length;
          }
        }
        const room = capacities.reduce((sum, each) => sum + each, 0);
        expect(sessions.filter(({ holder }) => holder !== null)).toHaveLength(Math.min(room, sessions.length));
        const loads = workers.map(({ id }) => sessions.filter(({ holder }) => holder === id).length);
        expect(loads.every((load, at) => load <= (capacities[at] ?? 0))).toBe(true);
        // The lowest at which all have a place, or as many as can.
        const placed = (level: number) => capacities.reduce((sum, each) => sum + Math.min(each, level), 0);
        let fair = 0;
        while (placed(fair) < Math.min(room, sessions.length)) fair += 1;
        expect(Math.max(...loads)).toBeLessThanOrEqual(fair);
      }),
      { numRuns: 1_000, examples: [[{ capacities: [4, 4, 1], holders: [0, 0, 0, 0, 0, 0] }]] },
    );
  });

  test('two who claim at one time begin with different ones', () => {
    const sessions = held(null, 30);
    expect(plan('a', two, sessions).claim).not.toEqual(plan('b', two, sessions).claim);
  });
});

describe('where a new session goes', () => {
  test.each([
    ['the emptiest', [10, 10], [3, 2], 'w1'],
    ['the emptiest for its size', [10, 100], [3, 5], 'w1'],
    ['the same for all who ask, of equals', [10, 10], [3, 3], 'w0'],
    ['none when all are full', [2, 2], [2, 2], null],
  ])('%s', (_, capacities, loads, expected) => {
    expect(roomiest(capacities.map((capacity, at) => ({ ...worker(`w${at}`, capacity), held: loads[at] ?? 0 })))).toBe(
      expected,
    );
  });
});
