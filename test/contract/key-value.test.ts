/** The key-value contract, ours and Keyv's own, on each engine. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, test } from '@jest/globals';
import keyvTestSuite, { keyvIteratorTests } from '@keyv/test-suite';
import Keyv from 'keyv';
import { SqliteFile } from '../../runtime/src/store/sqlite-file.ts';
import { SqliteKeyValue } from '../../runtime/src/store/sqlite-key-value.ts';
import { openStore } from '../../runtime/src/store/store.ts';
import { describeEachEngine } from '../support/engines.ts';
import { keyValueContract } from './key-value-contract.ts';

const root = await mkdtemp(join(tmpdir(), 'key-value-'));
afterAll(() => rm(root, { recursive: true, force: true }));

describeEachEngine((engine) => {
  const fresh = (now?: () => number) => {
    engine.fresh();
    return engine.open(now);
  };
  keyValueContract(fresh, () => engine.open());

  test('bytes, and texts that look like how they are written, come back as they were', async () => {
    const store = await fresh();
    const rows = store.instance.keyValue('a');
    const values = { text: ':base64:aGk=', colons: ['::', ':', '"::'], bytes: Buffer.from('hi'), quoted: '":base64:' };
    await rows.set('mixed', values);
    await store.instance.write('a', { set: [{ key: 'plain', value: { ':': ':x' } }], remove: [] });
    expect(await rows.get('mixed')).toEqual(values);
    expect(await store.instance.snapshot('a')).toEqual([
      ['mixed', values],
      ['plain', { ':': ':x' }],
    ]);
    await store.close();
  });

  test('a value is gone when the clock reaches its expiry, unless it was written again', async () => {
    let now = 1_000;
    const store = await fresh(() => now);
    const rows = store.instance.keyValue('a');
    await rows.set('k', 'v', 500);
    await rows.set('kept', 'v', 500);
    await rows.set('kept', 'w');
    now = 1_499;
    expect(await rows.get('k')).toBe('v');
    now = 1_500;
    expect(await rows.get('k')).toBeUndefined();
    expect(await store.instance.snapshot('a')).toEqual([['kept', 'w']]);
    await store.instance.keyValue('b').set('other', 'v');
    expect(await rows.get('kept')).toBe('w');
    await store.close();
  });

  test('the version of a namespace grows by one with whatever changes in it, and with nothing else', async () => {
    const store = await fresh();
    const rows = store.instance.keyValue('a');
    const versions = [await store.instance.version('a')];
    const changes = [
      () => rows.set('k', 'v'),
      () => store.instance.write('a', { set: [], remove: ['k'] }),
      () => rows.set('k', 'v'),
      () => rows.delete('k'),
      () => rows.clear(),
    ];
    for (const change of changes) {
      await change();
      versions.push(await store.instance.version('a'));
    }
    expect(new Set(versions).size).toBe(6);
    expect(versions).toEqual(versions.map((_version, at) => (versions[0] ?? 0) + at));
    await store.instance.keyValue('b').set('k', 'v');
    await rows.get('k');
    expect(await store.instance.version('a')).toBe(versions.at(-1));
    await store.close();
  });
});

describe('SQLite in memory', () => {
  keyValueContract(async () => openStore({ directory: ':memory:' }), null);
});

describe("Keyv's own suite on SQLite", () => {
  const file = new SqliteFile(join(root, 'suite.sqlite'));
  afterAll(() => file.database.close());
  // The suite is written for vitest, whose tests are handed `expect`; jest's are not.
  const runner = {
    beforeEach,
    afterEach,
    it: (name: string, run: (t: { expect: typeof expect }) => unknown) =>
      it(name, async () => void (await run({ expect }))),
  } as unknown as Parameters<typeof keyvTestSuite>[0];
  const adapter = () => new SqliteKeyValue(file, undefined, () => Date.now());
  keyvTestSuite(runner, Keyv, adapter);
  keyvIteratorTests(runner, Keyv, adapter);
});

test('a value is gone when the clock reaches its expiry, and its row soon after', async () => {
  let now = 1_000;
  const file = new SqliteFile(':memory:');
  const adapter = new SqliteKeyValue(file, 'a', () => now);
  await adapter.set('k', 'v', 500);
  now = 1_499;
  expect(await adapter.get('k')).toBe('v');
  now = 1_500;
  expect(await adapter.get('k')).toBeUndefined();
  // Removed now and then, not with each write.
  now = 2_000;
  await adapter.set('other', 'v');
  expect(file.database.prepare('SELECT key FROM key_value').all()).toEqual([{ key: 'other' }]);
  file.database.close();
});

test('a second process cannot open a directory that is in use, and is told so', async () => {
  const directory = join(root, 'shared');
  const store = openStore({ directory });
  try {
    expect(() => openStore({ directory })).toThrow(/in use by another process/);
  } finally {
    await store.close();
  }
});
