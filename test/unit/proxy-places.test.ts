/** Who gets a place at which proxy. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ProxyId, SessionId } from '../../runtime/src/ids.ts';
import { Places, type Seat } from '../../runtime/src/proxy/places.ts';
import { createChooser } from '../../runtime/src/proxy/strategy.ts';
import type { ProxyStrategy } from '../../runtime/src/proxy-list.ts';

const STRATEGIES: ProxyStrategy[] = ['round-robin', 'least-used', 'random'];
const seat = (id: string, more: Partial<Seat> = {}): Seat => ({
  ...{ id: id as ProxyId, weight: 1, maxSessions: null, region: null, usable: true },
  ...more,
});
const session = (id: string | number) => `s${id}` as SessionId;
const places = (seats: Seat[], strategy: ProxyStrategy = 'round-robin', random = Math.random) =>
  new Places(() => seats, createChooser(strategy, random));
const takeMany = (given: Places, count: number) =>
  Array.from({ length: count }, (_none, at) => given.take(session(at), null));

describe('how places are shared out', () => {
  test('in turn, by weight and without bursts', () => {
    const turns = takeMany(places([seat('a', { weight: 2 }), seat('b'), seat('c')]), 8);
    expect(turns.join('')).toBe('abcaabca');
  });

  test('to the least used, by weight', () => {
    expect(takeMany(places([seat('a'), seat('b', { weight: 3 })], 'least-used'), 8).join('')).toBe('abbbabbb');
  });

  test('at random, by weight', () => {
    const dice = [0, 0.24, 0.26, 0.99];
    const random = () => dice.shift() ?? 0;
    expect(takeMany(places([seat('a'), seat('b', { weight: 3 })], 'random', random), 4).join('')).toBe('aabb');
  });
});

test('whatever happens, no proxy has more sessions than it may, and a session has one place', () => {
  const step = fc.record({
    session: fc.nat(9),
    what: fc.constantFrom('take', 'move', 'leave', 'failed', 'quarantine'),
  });
  fc.assert(
    fc.property(fc.constantFrom(...STRATEGIES), fc.array(step, { maxLength: 60 }), (strategy, steps) => {
      const seats = [seat('a', { maxSessions: 2 }), seat('b', { maxSessions: 3 }), seat('c', { maxSessions: 1 })];
      const given = places(seats, strategy);
      for (const { session: at, what } of steps) {
        if (what === 'quarantine')
          seats[at % 3] = { ...(seats[at % 3] as Seat), usable: seats[at % 3]?.usable === false };
        else if (what === 'take' || what === 'move') given[what](session(at), null);
        else given[what](session(at));
        for (const { id, maxSessions } of seats) expect(given.at(id).length).toBeLessThanOrEqual(maxSessions ?? 0);
      }
    }),
  );
});

describe('a place is kept', () => {
  test('whatever others do, and after one failure', () => {
    const given = places([seat('a'), seat('b')]);
    expect(given.take(session(1), null)).toBe('a');
    given.failed(session(1));
    expect(given.take(session(1), null)).toBe('a');
    given.worked(session(1));
    given.failed(session(1));
    expect(given.take(session(1), null)).toBe('a');
  });

  test('until two failures in a row, if another is free, and then the new one', () => {
    const seats = [seat('a'), seat('b', { maxSessions: 1 })];
    const given = places(seats);
    expect([given.take(session(1), null), given.take(session(2), null)]).toEqual(['a', 'b']);
    for (const _time of [1, 2, 3]) given.failed(session(1));
    expect(given.take(session(1), null)).toBe('a');
    given.leave(session(2));
    expect([given.take(session(1), null), given.take(session(1), null)]).toEqual(['b', 'b']);
  });

  test('but not at a proxy in quarantine, and nothing is better than one of those', () => {
    const seats = [seat('a')];
    const given = places(seats);
    given.take(session(1), null);
    seats[0] = seat('a', { usable: false });
    expect(given.take(session(1), null)).toBeNull();
    expect(given.of(session(1))).toBe('a');
    seats[0] = seat('a');
    expect(given.take(session(1), null)).toBe('a');
  });

  test('over a restart, even where there are more than there may be now; not at a proxy that is gone', () => {
    const given = places([seat('a', { maxSessions: 1 })]);
    for (const at of [1, 2]) given.claim(session(at), 'a' as ProxyId);
    given.claim(session(3), 'gone' as ProxyId);
    expect([1, 2, 3].map((at) => given.take(session(at), null))).toEqual(['a', 'a', null]);
  });

  test('only of the region that is asked for', () => {
    const given = places([seat('a'), seat('b', { region: 'br' })]);
    expect(given.take(session(1), 'br')).toBe('b');
    expect(given.take(session(1), 'de')).toBeNull();
    expect(given.of(session(1))).toBeNull();
    expect(given.take(session(1), null)).not.toBeNull();
  });
});
