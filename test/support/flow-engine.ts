/** Where the runtimes of flow tests keep what they have: with TEST_ENGINE=redis each flow has a Redis of its own. */
import { RedisConnection } from '../../runtime/src/store/redis-connection.ts';
import { RedisServer } from './redis-server.ts';

/** For tests of what is only so on SQLite's files. */
export const isOnRedis = process.env['TEST_ENGINE'] === 'redis';

const PREFIX = 'wa';

export interface FlowEngine {
  /** The settings of a runtime that has nothing yet. */
  environment: Record<string, string>;
  /** What `openEngine` is told, but for SQLite's directory. */
  place: string[];
  /** The settings of a second runtime that has all that the first has at this moment. */
  copy(): Promise<Record<string, string>>;
  stop(): Promise<void>;
}

const ON_FILES: FlowEngine = { environment: {}, place: [], copy: async () => ({}), stop: async () => undefined };

export async function startEngine(): Promise<FlowEngine> {
  if (!isOnRedis) return ON_FILES;
  const server = await RedisServer.start({ appendfsync: 'everysec' });
  return {
    environment: { REDIS_URL: server.url },
    place: ['redis', server.url, PREFIX],
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
