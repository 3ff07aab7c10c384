/** Entries in their order, on disk and over a restart. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parseSessionId } from '../../runtime/src/ids.ts';
import { openStore, type Store } from '../../runtime/src/store/store.ts';

const KEEP = { keep: 1_000 };
let directory: string;
let store: Store;
let now: number;

const open = () => openStore({ directory, now: () => now });
const ledger = (session = 'one') => store.session(parseSessionId(session)).ledger('events', KEEP);
const add = (id: string, session?: string) => ledger(session).append(id, ({ sequence }) => `${id} is ${sequence}`);
const ids = (entries: { id: string }[]) => entries.map(({ id }) => id).join('');

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ledger-'));
  now = 1_000_000;
  store = open();
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

test('an id that is there gives its entry and writes nothing', () => {
  const first = add('a');
  expect(first).toMatchObject({ sequence: 1, id: 'a', body: 'a is 1' });
  add('b');
  expect(ledger().append('a', () => 'another')).toEqual(first);
  expect(ledger().get('a')).toEqual(first);
  expect(ledger().get('none')).toBeUndefined();
});

test('entries are read in order from either end, between two positions', () => {
  const [, b, , d] = ['a', 'b', 'c', 'd'].map((id) => add(id));
  expect(ids(ledger().read({ limit: 10 }))).toBe('abcd');
  expect(ids(ledger().read({ limit: 2, newestFirst: true }))).toBe('dc');
  expect(ids(ledger().read({ after: b?.position ?? 0, before: d?.position ?? 0, limit: 10 }))).toBe('c');
});

test('positions grow from one ledger to the next, whatever the clock does, also after a restart', async () => {
  const positions = [add('a', 'one'), add('b', 'two')].map(({ position }) => position);
  now -= 500_000;
  positions.push(add('c', 'one').position);
  await store.close();
  store = open();
  positions.push(add('d', 'one').position, add('e', 'two').position);
  expect(positions.toSorted((one, other) => one - other)).toEqual(positions);
  expect(new Set(positions).size).toBe(5);
});

test('what is over is not there any more, its id is free, and the count goes on', async () => {
  add('a');
  add('b');
  now += 2_000;
  expect(ledger().read({ limit: 10 })).toEqual([]);
  expect(ledger().get('a')).toBeUndefined();
  await store.close();
  store = open();
  expect(add('a')).toMatchObject({ sequence: 3 });
  expect(add('c')).toMatchObject({ sequence: 4 });
  expect(ids(ledger().read({ limit: 10 }))).toBe('ac');
});

test('a body that cannot be made leaves no gap', () => {
  const fail = () => {
    throw new Error('no body');
  };
  expect(() => ledger().append('a', fail)).toThrow('no body');
  expect(add('b')).toMatchObject({ sequence: 1 });
});
