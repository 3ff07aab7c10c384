/** The client library as all of this runtime's connections to Redis use it. */
import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import type { Socket as NetStream } from 'node:net';

/** How soon after it was lost a connection is tried again, ms. */
export const RECONNECT_MS = 250;

/**
 * Not connected yet. What is asked while there is no connection, and what is unanswered when one ends, fails at once: whether
 * it is asked again only its asker knows. `onError` is told of each trouble of the connection.
 */
export function redisClient(url: string, onError: (error: Error) => void, options: RedisOptions = {}): Redis {
  const redis = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    keepAlive: 10_000,
    retryStrategy: () => RECONNECT_MS,
    disableClientInfo: true,
    ...options,
  });
  redis.on('error', (error: Error) => {
    // The client hears one error of a socket; TLS has a second, which nobody would catch.
    (redis.stream as NetStream | undefined)?.on('error', () => undefined);
    onError(error);
  });
  return redis;
}
