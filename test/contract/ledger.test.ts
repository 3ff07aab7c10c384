/** Entries in their order, kept over a restart, on each engine. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parseSessionId } from '../../runtime/src/ids.ts';
import type { Added, Store } from '../../runtime/src/store/store.ts';
import { eventually } from '../support/deadline.ts';
import { describeEachEngine } from '../support/engines.ts';

const KEEP = { keep: 1_000 };
describeEachEngine((engine) => {
  let store: Store;
  let now: number;

  const open = () => engine.open(() => now);
  const ledger = (session = 'one') => store.session(parseSessionId(session)).ledger('events', KEEP);
  const add = (id: string, session?: string) => ledger(session).append(id, ({ sequence }) => `${id} is ${sequence}`);
  const ids = (entries: { id: string }[]) => entries.map(({ id }) => id).join('');

  beforeEach(async () => {
    engine.fresh();
    now = 1_000_000;
    store = await open();
  });
  afterEach(() => store.close());

  test('an id that is there gives its entry and writes nothing', async () => {
    const first = await add('a');
    expect(first).toMatchObject({ sequence: 1, id: 'a', body: 'a is 1' });
    await add('b');
    expect(await ledger().append('a', () => 'another')).toEqual(first);
    expect(await ledger().get('a')).toEqual(first);
    expect(await ledger().get('none')).toBeUndefined();
  });

  test('entries are read in order from either end, between two positions', async () => {
    const [, b, , d] = await Promise.all(['a', 'b', 'c', 'd'].map((id) => add(id)));
    expect(ids(await ledger().read({ limit: 10 }))).toBe('abcd');
    expect(ids(await ledger().read({ limit: 2, newestFirst: true }))).toBe('dc');
    expect(ids(await ledger().read({ after: b?.position ?? 0, before: d?.position ?? 0, limit: 10 }))).toBe('c');
  });

  test('positions grow from one ledger to the next, whatever the clock does, also after a restart', async () => {
    const positions = [await add('a', 'one'), await add('b', 'two')].map(({ position }) => position);
    now -= 500_000;
    positions.push((await add('c', 'one')).position);
    await store.close();
    store = await open();
    positions.push((await add('d', 'one')).position, (await add('e', 'two')).position);
    expect(positions.toSorted((one, other) => one - other)).toEqual(positions);
    expect(new Set(positions).size).toBe(5);
  });

  test('what is over is not there any more, its id is free, and the count goes on', async () => {
    await add('a');
    await add('b');
    now += 2_000;
    expect(await ledger().read({ limit: 10 })).toEqual([]);
    expect(await ledger().get('a')).toBeUndefined();
    await store.close();
    store = await open();
    expect(await add('a')).toMatchObject({ sequence: 3 });
    expect(await add('c')).toMatchObject({ sequence: 4 });
    expect(ids(await ledger().read({ limit: 10 }))).toBe('ac');
  });

  test('who follows a ledger hears of each entry once, in their order, and a position parts what was from what comes', async () => {
    await add('before');
    const between = await store.position();
    const heard: Added[] = [];
    const begun = Promise.withResolvers<undefined>();
    const stop = store.follow('events', (added) => {
      if (added) heard.push(added);
      begun.resolve(undefined);
    });
    // What comes before it listens is said to be missed.
    for (let n = 0; n === 0 || (heard.length === 0 && n < 100); n++) await add(`hello ${n}`).then(() => begun.promise);
    const entries = [await add('a', 'one'), await add('b', 'two'), await add('c', 'one')];
    await add('a', 'one');
    const ofThese = () => heard.filter(({ position }) => position >= (entries[0]?.position ?? 0));
    await eventually(30_000, 'all heard of', ofThese, ({ length }) => length >= 3);
    expect(ofThese()).toEqual(entries.map(({ position }, at) => ({ session: at === 1 ? 'two' : 'one', position })));
    expect((await ledger().read({ after: between, limit: 1 })).map(({ id }) => id)).toEqual(['hello 0']);
    expect((await ledger().read({ before: between, limit: 9 })).map(({ id }) => id)).toEqual(['before']);
    stop();
  }, 60_000);

  test('a body that cannot be made leaves no gap', async () => {
    const fail = () => {
      throw new Error('no body');
    };
    await expect(ledger().append('a', fail)).rejects.toThrow('no body');
    expect(await add('b')).toMatchObject({ sequence: 1 });
  });

  test('many at once get each number once and in the order they were asked for', async () => {
    const appended = await Promise.all(Array.from({ length: 50 }, (_none, at) => add(`e${at}`)));
    expect(appended.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 50 }, (_none, at) => at + 1));
    expect(appended.map(({ body }) => body)).toEqual(appended.map(({ id, sequence }) => `${id} is ${sequence}`));
    expect(await ledger().read({ limit: 100 })).toEqual(appended);
  });

  test('an id and a body may have any character', async () => {
    const strange = await ledger().append('a|b|\u00fc\n%', () => '|"\u{1f600}|\n');
    expect(strange).toMatchObject({ id: 'a|b|\u00fc\n%', body: '|"\u{1f600}|\n' });
    expect(await ledger().get('a|b|\u00fc\n%')).toEqual(strange);
    expect(await ledger().read({ limit: 1 })).toEqual([strange]);
  });
});
