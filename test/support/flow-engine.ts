/** Where the runtimes of flow tests keep what they have: with TEST_ENGINE=redis each flow has a Redis of its own. */
import { RedisServer } from './redis-server.ts';

/** For tests of what is only so on SQLite's files. */
export const isOnRedis = process.env['TEST_ENGINE'] === 'redis';

export interface FlowEngine {
  /** The settings of a runtime that has nothing yet. */
  environment: Record<string, string>;
  stop(): Promise<void>;
}

export async function startEngine(): Promise<FlowEngine> {
  if (!isOnRedis) return { environment: {}, stop: async () => undefined };
  const server = await RedisServer.start({ appendfsync: 'everysec' });
  return { environment: { REDIS_URL: server.url }, stop: () => server.stop() };
}
