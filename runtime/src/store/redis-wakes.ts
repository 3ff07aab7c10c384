/**
 * What is told between processes that share a queue: that there may be something to do. A connection that subscribes can do
 * nothing else, so it is one of its own, made when somebody first listens. Nothing is certain to arrive: who listens looks
 * again now and then as well.
 */
import type { Redis } from 'ioredis';
import { redisClient } from './redis-client.ts';

export class RedisWakes {
  readonly #url: string;
  readonly #listeners = new Map<string, () => void>();
  #redis: Redis | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  /** Calls `wake` at each message of the channel until `forget`, and when some may have been missed. */
  listen(channel: string, wake: () => void): void {
    this.#listeners.set(channel, wake);
    this.#redis ??= this.#connected();
    if (this.#redis.status === 'ready') this.#subscribe(this.#redis, [channel]);
  }

  forget(channel: string): void {
    this.#listeners.delete(channel);
    if (this.#redis?.status === 'ready') this.#redis.unsubscribe(channel).catch(() => undefined);
  }

  close(): void {
    this.#redis?.disconnect();
  }

  #connected(): Redis {
    // The connection for commands has the same trouble, and tells of it.
    const redis = redisClient(this.#url, () => undefined, { autoResubscribe: false });
    redis.on('ready', () => this.#subscribe(redis, [...this.#listeners.keys()]));
    redis.on('message', (channel: string) => this.#listeners.get(channel)?.());
    // It goes on trying by itself.
    redis.connect().catch(() => undefined);
    return redis;
  }

  #subscribe(redis: Redis, channels: string[]): void {
    if (channels.length === 0) return;
    const wakeAll = () => channels.forEach((channel) => this.#listeners.get(channel)?.());
    // What came before it listened; when it cannot, it connects again and subscribes to all.
    redis.subscribe(...channels).then(wakeAll, () => undefined);
  }
}
