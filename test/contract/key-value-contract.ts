/** What every key-value engine promises beyond Keyv's own suite. Takes a store factory, so that each engine runs the same. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Store } from '../../runtime/src/store/store.ts';

/** Registers the contract; `open` gives a fresh, empty store, `reopen` the same one as after a restart (null: it forgets). */
export function keyValueContract(open: () => Promise<Store>, reopen: (() => Promise<Store>) | null): void {
  let store: Store;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store.close());

  const entries = async (namespace: string) => {
    const seen: unknown[] = [];
    for await (const entry of store.instance.keyValue(namespace).iterator?.(undefined) ?? []) seen.push(entry);
    return seen;
  };

  test('setMany writes all entries, and getMany reads them in the order asked', async () => {
    const keyValue = store.instance.keyValue('a');
    await keyValue.setMany([
      { key: 'one', value: 1 },
      { key: 'two', value: { nested: Buffer.from('2') } },
    ]);
    expect(await keyValue.getMany(['two', 'absent', 'one'])).toEqual([{ nested: Buffer.from('2') }, undefined, 1]);
  });

  test('setMany writes nothing when one of its entries cannot be written', async () => {
    const keyValue = store.instance.keyValue('a');
    await keyValue.set('one', 'before');
    const unserialisable = { key: 'two', value: Symbol('no') };
    await expect(keyValue.setMany([{ key: 'one', value: 'after' }, unserialisable])).rejects.toThrow();
    const tooLate = { key: 'three', value: 'x', ttl: Number.NaN };
    await expect(keyValue.setMany([{ key: 'one', value: 'after' }, tooLate])).rejects.toThrow();
    expect(await keyValue.get('one')).toBe('before');
    expect(await entries('a')).toEqual([['one', 'before']]);
  });

  test('the last of two entries with the same key stands', async () => {
    const keyValue = store.instance.keyValue('a');
    await keyValue.setMany([
      { key: 'k', value: 1 },
      { key: 'k', value: 2 },
    ]);
    expect(await keyValue.get('k')).toBe(2);
  });

  test('namespaces are apart, also when one is the beginning of another or a key begins with it', async () => {
    await store.instance.keyValue('a').set('a:k', 'in a');
    await store.instance.keyValue('a:a').set('k', 'in a:a');
    expect(await store.instance.keyValue('a').get('k')).toBeUndefined();
    expect(await entries('a')).toEqual([['a:k', 'in a']]);
    await store.instance.keyValue('a').clear();
    expect(await store.instance.keyValue('a:a').get('k')).toBe('in a:a');
  });

  test('the instance and each session have values of their own', async () => {
    const one = store.session('one' as Parameters<Store['session']>[0]);
    const two = store.session('two' as Parameters<Store['session']>[0]);
    await one.keyValue('a').set('k', 1);
    expect(await two.keyValue('a').get('k')).toBeUndefined();
    expect(await store.instance.keyValue('a').get('k')).toBeUndefined();
    await store.removeSession('one' as Parameters<Store['session']>[0]);
    const again = store.session('one' as Parameters<Store['session']>[0]);
    expect(await again.keyValue('a').get('k')).toBeUndefined();
  });

  test('an expiry that is already past is accepted and the value does not survive', async () => {
    const keyValue = store.instance.keyValue('a');
    await keyValue.set('k', 'old');
    await keyValue.set('k', 'new', -1);
    expect(await keyValue.get('k')).toBeUndefined();
    expect(await keyValue.has('k')).toBe(false);
    expect(await entries('a')).toEqual([]);
  });

  test('the iterator gives every entry once, also when there are many and they are deleted meanwhile', async () => {
    const keyValue = store.instance.keyValue('a');
    const keys = Array.from({ length: 1_000 }, (_, index) => `key-${String(index).padStart(4, '0')}`);
    await keyValue.setMany(keys.map((key) => ({ key, value: key })));
    const seen: string[] = [];
    for await (const [key] of keyValue.iterator?.(undefined) ?? []) {
      seen.push(key);
      await keyValue.delete(key);
    }
    expect(seen.toSorted()).toEqual(keys);
    expect(await entries('a')).toEqual([]);
    // Each deletion waits for the disk.
  }, 60_000);

  test('deleteMany removes all it is given and says whether there was any', async () => {
    const keyValue = store.instance.keyValue('a');
    await keyValue.setMany(['one', 'two', 'three'].map((key) => ({ key, value: key })));
    expect(await keyValue.deleteMany(['one', 'two', 'absent'])).toBe(true);
    expect(await keyValue.deleteMany(['one'])).toBe(false);
    expect(await entries('a')).toEqual([['three', 'three']]);
  });

  if (reopen) {
    test('values and their expiry survive a restart', async () => {
      await store.instance.keyValue('a').setMany([
        { key: 'kept', value: 'v' },
        { key: 'gone', value: 'v', ttl: -1 },
      ]);
      await store.close();
      store = await reopen();
      expect(await store.instance.keyValue('a').getMany(['kept', 'gone'])).toEqual(['v', undefined]);
    });
  }
}
