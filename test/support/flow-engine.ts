/** Where the runtimes of flow tests keep what they have: with TEST_ENGINE=redis each has a Redis of its own, which outlives it. */
import { execFileSync } from 'node:child_process';
import { RedisConnection } from '../../runtime/src/store/redis-connection.ts';
import { bytesIn, RedisServer } from './redis-server.ts';

/** For tests of what is only so on SQLite's files. */
export const isOnRedis = process.env['TEST_ENGINE'] === 'redis';

/** What a second runtime says that would work with the same. */
export const IN_USE = isOnRedis ? 'Another runtime works with this Redis' : 'in use by another process';

const PREFIX = 'wa';

export interface FlowEngine {
  /** The settings of a runtime that has nothing yet. */
  environment: Record<string, string>;
  /** What `openEngine` is told; SQLite's files are in the directory. */
  place(directory: string): string[];
  /** All that is kept on the disk, whatever its state; SQLite's files are in the directory. */
  files(directory: string): string;
  /** The settings of a second runtime that has nothing. */
  second: Record<string, string>;
  /** As on a full disk nothing more is kept, until it `isFull` no longer. */
  fill(isFull: boolean, runtime: number | undefined): Promise<void>;
  /** The settings of a second runtime that has all that the first has at this moment. */
  copy(): Promise<Record<string, string>>;
  stop(): Promise<void>;
}

const ON_FILES: FlowEngine = {
  environment: {},
  place: (directory) => ['sqlite', directory],
  files: (directory) => bytesIn(directory),
  second: {},
  copy: async () => ({}),
  // The runtime's files cannot grow any more.
  fill: async (isFull, runtime) =>
    void execFileSync('prlimit', ['--pid', String(runtime), `--fsize=${isFull ? 1 : 'unlimited'}:`]),
  stop: async () => undefined,
};

export async function startEngine(): Promise<FlowEngine> {
  if (!isOnRedis) return ON_FILES;
  // It outlives every runtime and is never killed itself: a slow disk need not hold it up. What it writes can be read.
  const server = await RedisServer.start({ rdbcompression: 'no' });
  return {
    environment: { REDIS_URL: server.url },
    place: () => ['redis', server.url, PREFIX],
    files: () => server.files(),
    second: { REDIS_URL: server.url, REDIS_PREFIX: 'second' },
    async fill(isFull) {
      const connection = await RedisConnection.open({ url: server.url });
      await connection.command('CONFIG', ['SET', 'maxmemory', isFull ? 1 : 0]);
      await connection.close();
    },
    async copy() {
      const connection = await RedisConnection.open({ url: server.url });
      for (const key of (await connection.command('KEYS', [`{${PREFIX}:*`])) as string[])
        await connection.command('COPY', [key, key.replace(`{${PREFIX}:`, '{copy:'), 'REPLACE']);
      await connection.close();
      return { REDIS_URL: server.url, REDIS_PREFIX: 'copy' };
    },
    stop: () => server.stop(),
  };
}
