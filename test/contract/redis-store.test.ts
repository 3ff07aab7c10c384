/** What is particular to the store in Redis: outages, owners, what it refuses to begin with, encryption, a cluster's slots. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { issueCertificate } from '../../runtime/sandbox/media/certificate.ts';
import { CannotStart } from '../../runtime/src/errors.ts';
import { parseSessionId } from '../../runtime/src/ids.ts';
import { freePort } from '../../runtime/src/demo/free-port.ts';
import { RedisConnection } from '../../runtime/src/store/redis-connection.ts';
import { RedisKeys } from '../../runtime/src/store/redis-keys.ts';
import { openSharedStore, type SharedStoreOptions, type Store } from '../../runtime/src/store/store.ts';
import { eventually, within } from '../support/deadline.ts';
import { RedisServer } from '../support/redis-server.ts';
import { describeWithRedis } from '../support/with-redis.ts';

const SALES = parseSessionId('sales');

describeWithRedis('The store in Redis', () => {
  let server: RedisServer;
  let observer: RedisConnection;
  let count = 0;
  let prefix: string;
  const stores: Store[] = [];
  const open = async (more: Partial<SharedStoreOptions> = {}) => {
    const store = await openSharedStore({ url: server.url, prefix, ...more });
    stores.push(store);
    return store;
  };
  const keysOf = async (pattern: string) => ((await observer.command('KEYS', [pattern])) as string[]).sort();

  beforeAll(async () => {
    server = await RedisServer.start();
    observer = await RedisConnection.open({ url: server.url });
  }, 60_000);
  beforeEach(() => {
    prefix = `p${(count += 1)}`;
  });
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
  });
  afterAll(async () => {
    await observer.close();
    await server.stop();
  });

  test('killed and started again in the middle of writing, Redis has all that was answered, and nothing twice', async () => {
    const database = (await open()).session(SALES);
    const ledger = database.ledger('events', { keep: 60_000_000 });
    const queue = database.queue<number>('jobs', { keepDone: 60_000 });
    const rows = database.keyValue('rows');
    const answered: number[] = [];
    let isOver = false;
    const writer = async () => {
      for (let n = 0; !isOver; n++) {
        const key = String(n);
        await Promise.all([rows.set(key, n), ledger.append(key, () => key), queue.add(key, n, { lane: 'lane' })]);
        answered.push(n);
      }
    };
    const writing = writer();
    for (let round = 1; round <= 3; round++) {
      const more = answered.length + 20;
      await eventually(
        30_000,
        'writes',
        () => answered.length,
        (length) => length >= more,
      );
      await server.kill();
      await server.up();
    }
    isOver = true;
    await within(30_000, 'the writer', writing);
    const all = answered.map(String);
    expect(await rows.getMany(all)).toEqual(answered);
    const entries = await ledger.read({ limit: 100_000 });
    expect(entries.map(({ id }) => id)).toEqual(all);
    expect(entries.map(({ sequence }) => sequence)).toEqual(answered.map((n) => n + 1));
    const jobs = await queue.list('waiting', 100_000);
    expect(jobs.map(({ data }) => data)).toEqual(answered);
  }, 120_000);

  test('who is no longer the owner of a session changes nothing of it, in whatever way', async () => {
    let generation = 1;
    const former = (await open({ generationOf: () => generation })).session(SALES);
    const queue = former.queue<number>('jobs', { keepDone: 1_000 });
    await former.keyValue('rows').set('k', 'first');
    await queue.add('one', 1);
    await observer.command('HSET', [new RedisKeys(prefix, SALES).owner, 'generation', '2']);
    const refused = [
      former.keyValue('rows').set('k', 'late'),
      former.write('rows', { set: [], remove: ['k'] }),
      former.keyValue('rows').clear(),
      former.ledger('events', { keep: 1_000 }).append('e', () => 'late'),
      queue.add('two', 2),
      queue.remove('one'),
    ];
    for (const refusal of await Promise.allSettled(refused)) {
      expect(refusal).toMatchObject({ status: 'rejected', reason: { code: 'not_owner' } });
    }
    const [store] = stores;
    await expect(store?.removeSession(SALES)).rejects.toMatchObject({ code: 'not_owner' });
    generation = 2;
    const present = (await open({ generationOf: () => generation })).session(SALES);
    expect(await present.snapshot('rows')).toEqual([['k', 'first']]);
    expect(await present.queue('jobs', { keepDone: 1_000 }).counts()).toMatchObject({ waiting: 1 });
    expect(await present.ledger('events', { keep: 1_000 }).read({ limit: 1 })).toEqual([]);
  });

  test('a removed session leaves its generation for a while and nothing else, and touches no other', async () => {
    const store = await open({ generationOf: () => 3 });
    const near = parseSessionId('sales2');
    for (const id of [SALES, near, parseSessionId('instance')]) {
      const database = store.session(id);
      await database.keyValue('rows').setMany([
        { key: 'a', value: 1, ttl: 60_000 },
        { key: 'b', value: 2 },
      ]);
      await database.ledger('events', { keep: 60_000 }).append('e', () => 'body');
      await database.queue('jobs', { keepDone: 1_000 }).add('one', 1);
    }
    await store.instance.keyValue('rows').set('kept', 1);
    const { owner } = new RedisKeys(prefix, SALES);
    await observer.command('HSET', [owner, 'generation', '3']);
    const others = (await keysOf(`{${prefix}:*`)).filter((key) => !key.includes(':sales}'));
    const removed = store.session(SALES);
    await store.removeSession(SALES);
    expect(await keysOf(`{${prefix}:*`)).toEqual([...others, owner].sort());
    expect(await observer.command('PTTL', [owner])).toBeGreaterThan(0);
    await expect(removed.keyValue('rows').set('late', 1)).rejects.toThrow('closed');
  });

  test('what was overwritten is not in the log of Redis any more once it was scrubbed', async () => {
    const store = await open();
    const secret = 'the-wrapped-key-of-a-session';
    await store.instance.keyValue('rows').set('k', secret);
    await store.instance.scrub();
    expect(server.files()).toContain(secret);
    await store.instance.keyValue('rows').delete('k');
    await Promise.all([store.instance.scrub(), store.instance.scrub()]);
    expect(server.files()).not.toContain(secret);
  }, 60_000);

  test('rows that expired go with later writes, of whichever namespace', async () => {
    let now = 1_000;
    const { instance } = await open({ now: () => now });
    await instance.keyValue('a').setMany(['x', 'y'].map((key) => ({ key, value: 1, ttl: 500 })));
    await instance.keyValue('a').set('y', 2);
    now = 2_000;
    await instance.keyValue('b').set('other', 1);
    expect(await observer.command('HKEYS', [new RedisKeys(prefix, null).rows('a')])).toEqual(['y']);
  });

  describe('one runtime at a time', () => {
    test('a second is refused while the first works, and begins once that has ended', async () => {
      const lost: string[] = [];
      const first = await open({ onLost: () => lost.push('first') });
      const started = performance.now();
      await expect(open({ onLost: () => lost.push('second') })).rejects.toThrow(
        /Another runtime works with this Redis/,
      );
      // The first has renewed what it holds meanwhile.
      expect(performance.now() - started).toBeGreaterThan(15_000);
      stores.splice(0);
      await first.close();
      await within(5_000, 'the second', open({ onLost: () => lost.push('second') }));
      expect(lost).toEqual([]);
    }, 60_000);

    test('one that cannot reach Redis is told to end before another can begin', async () => {
      const own = await RedisServer.start();
      const { promise: lost, resolve } = Promise.withResolvers<undefined>();
      const store = await openSharedStore({ url: own.url, prefix, onLost: () => resolve(undefined) });
      try {
        const began = performance.now();
        own.freeze();
        await within(14_000, 'the loss', lost);
        expect(performance.now() - began).toBeLessThan(15_000);
      } finally {
        own.thaw();
        await store.close();
        await own.stop();
      }
    }, 60_000);

    test('one whose place was taken is told to end', async () => {
      const { promise: lost, resolve } = Promise.withResolvers<undefined>();
      await open({ onLost: () => resolve(undefined) });
      await observer.command('SET', [new RedisKeys(prefix, null).holder, 'another']);
      await within(10_000, 'the loss', lost);
    }, 30_000);
  });
});

describeWithRedis('A Redis that the store does not begin with', () => {
  test.each([
    ['without a log', { appendonly: 'no' }, /set "appendonly yes"/],
    ['that throws keys away', { 'maxmemory-policy': 'allkeys-lru' }, /set "maxmemory-policy noeviction"/],
    ['with a password that was not given', { requirepass: 'hunter2' }, /NOAUTH/],
  ])(
    'one %s',
    async (_what, settings, why) => {
      const server = await RedisServer.start(settings);
      try {
        await expect(openSharedStore({ url: server.url, prefix: 'wa' })).rejects.toThrow(why);
      } finally {
        await server.stop();
      }
    },
    60_000,
  );

  test('one that is not there, without saying the password', async () => {
    const url = `redis://:hunter2@127.0.0.1:${await freePort()}`;
    const refusal = await openSharedStore({ url, prefix: 'wa' }).catch((error: unknown) => error as Error);
    expect(refusal).toBeInstanceOf(CannotStart);
    expect(String(refusal)).toMatch(/Redis at 127\.0\.0\.1:\d+ \(REDIS_URL\) cannot be used: .*ECONNREFUSED/);
    expect(String(refusal)).not.toContain('hunter2');
  }, 60_000);

  test('one whose password is another, or that has not so many databases', async () => {
    const server = await RedisServer.start({ requirepass: 'hunter2' });
    const at = (userinfo: string, path = '') => `redis://${userinfo}127.0.0.1:${server.port}${path}`;
    try {
      await expect(openSharedStore({ url: at(':wrong@'), prefix: 'wa' })).rejects.toThrow(/WRONGPASS/);
      await expect(openSharedStore({ url: at(':hunter2@', '/999'), prefix: 'wa' })).rejects.toThrow(/DB index/);
      const store = await openSharedStore({ url: at(':hunter2@', '/3'), prefix: 'wa' });
      await store.close();
    } finally {
      await server.stop();
    }
  }, 60_000);
});

describeWithRedis('Other ways to Redis', () => {
  const folder = mkdtempSync(join(tmpdir(), 'redis-tls-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('TLS with a user and a password; an authority that is not known is refused', async () => {
    const { authority, certificate, key } = await issueCertificate('localhost');
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const port = await freePort();
    const server = await RedisServer.start({
      ...{ 'tls-port': String(port), 'tls-auth-clients': 'no', user: 'runtime on >hunter2 ~* &* +@all' },
      ...{ 'tls-cert-file': file('cert.pem', certificate), 'tls-key-file': file('key.pem', key) },
    });
    const url = `rediss://runtime:hunter2@localhost:${port}`;
    try {
      await expect(openSharedStore({ url, prefix: 'wa' })).rejects.toThrow(/certificate/);
      const before = getCACertificates('default');
      setDefaultCACertificates([...before, authority]);
      const store = await openSharedStore({ url, prefix: 'wa' });
      setDefaultCACertificates(before);
      await store.instance.keyValue('a').set('k', 'v');
      expect(await store.instance.keyValue('a').get('k')).toBe('v');
      await store.close();
    } finally {
      await server.stop();
    }
  }, 60_000);

  test('a node of a Redis Cluster, which refuses what is in two slots', async () => {
    const server = await RedisServer.start({ 'cluster-enabled': 'yes' });
    try {
      const cli = (...args: string[]) =>
        execFileSync('redis-cli', ['-p', String(server.port), ...args], { encoding: 'utf8' });
      cli('cluster', 'addslotsrange', '0', '16383');
      await eventually(
        30_000,
        'the cluster',
        () => cli('cluster', 'info'),
        (info) => info.includes('cluster_state:ok'),
      );
      expect(cli('mset', 'a', '1', 'b', '2')).toContain('CROSSSLOT');
      const store = await openSharedStore({ url: server.url, prefix: 'wa', onLost: () => undefined });
      const database = store.session(SALES);
      await database.keyValue('rows').set('k', 'v', 60_000);
      await database.keyValue('rows').delete('k');
      await database.keyValue('rows').clear();
      await database.ledger('events', { keep: 1_000 }).append('e', () => 'body');
      expect(await database.ledger('events', { keep: 1_000 }).read({ limit: 1 })).toHaveLength(1);
      const queue = database.queue<number>('jobs', { keepDone: 1_000 });
      await queue.add('one', 1);
      await queue.remove('one');
      await queue.backlog();
      await store.instance.queue<number>('jobs', { keepDone: 1_000 }).add('one', 1);
      await store.removeSession(SALES);
      await store.close();
    } finally {
      await server.stop();
    }
  }, 60_000);
});
