/** Who works with a Redis alone, and when the next one may. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { openSharedStore, RedisKeys } from '../../runtime/src/store/store.ts';
import { eventually, within } from '../support/deadline.ts';
import { RedisServer } from '../support/redis-server.ts';
import { describeWithRedis } from '../support/with-redis.ts';

const LIMIT = 90_000;
const PREFIX = 'wa';
const HELD_MS = 15_000;
const SOON_MS = 5_000;
const VICTIM = join(import.meta.dirname, '../support/holder-victim.ts');

describeWithRedis('a Redis that one process works with alone', () => {
  let server: RedisServer;
  let redis: Redis;
  let victim: ChildProcess;
  beforeEach(async () => {
    server = await RedisServer.start();
    redis = new Redis(server.url);
    victim = spawn(process.execPath, [VICTIM, server.url, PREFIX], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (victim.stdout) await within(30_000, 'the holder', once(victim.stdout, 'data'));
  }, LIMIT);
  afterEach(async () => {
    await kill();
    redis.disconnect();
    await server.stop();
  }, LIMIT);

  async function kill(): Promise<void> {
    if (victim.exitCode !== null || victim.signalCode !== null) return;
    const ended = once(victim, 'exit');
    victim.kill('SIGKILL');
    await ended;
  }
  const { holder } = new RedisKeys(PREFIX, null);
  const next = () => openSharedStore({ url: server.url, prefix: PREFIX, onLost: () => undefined });
  /** How long the next one waits when the time of the present one is over so soon. */
  async function waited(left: number): Promise<number> {
    await redis.pexpire(holder, left);
    const began = performance.now();
    await (await next()).close();
    return performance.now() - began;
  }

  test(
    'is taken at once from one that was killed on this machine, and nothing that it sent is done afterwards',
    async () => {
      const [name = ''] = (await redis.get(holder))?.split(' ') ?? [];
      await kill();
      // As if Redis had not read all that the dead one sent.
      const unread = new Redis(server.url, { connectionName: name, retryStrategy: () => null });
      await unread.ping();
      const cut = once(unread, 'end');
      expect(await waited(HELD_MS)).toBeLessThan(HELD_MS);
      await within(5_000, 'the end of its connection', cut);
    },
    LIMIT,
  );

  test(
    'is not taken from one that stands still, nor from one that was killed on another machine, before its time is over',
    async () => {
      victim.kill('SIGSTOP');
      expect(await waited(SOON_MS)).toBeGreaterThan(SOON_MS - 500);
      await redis.set(holder, 'connection another-machine/pid:[1]/999999');
      expect(await waited(SOON_MS)).toBeGreaterThan(SOON_MS - 500);
    },
    LIMIT,
  );

  test(
    'stays with it while it is full',
    async () => {
      await redis.config('SET', 'maxmemory', '1');
      const left = () => redis.pttl(holder);
      for (let renewals = 0; renewals < 2; renewals++) {
        await eventually(30_000, 'some of its time gone', left, (now) => now < 13_000);
        await eventually(30_000, 'a renewal', left, (now) => now > 14_000);
      }
      expect(victim.exitCode).toBeNull();
      await redis.config('SET', 'maxmemory', '0');
    },
    LIMIT,
  );

  test(
    'is not taken early where Redis does not say which connections there are',
    async () => {
      await kill();
      await redis.acl('SETUSER', 'default', '-client');
      expect(await waited(SOON_MS)).toBeGreaterThan(SOON_MS - 500);
    },
    LIMIT,
  );
});
