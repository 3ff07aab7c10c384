/**
 * What is told between processes that share a Redis: that there may be something to do, or something was added. A connection that
 * subscribes can do nothing else, so it is one of its own, made when somebody first listens. Not all is certain to arrive: who
 * listens is told when something may have been missed.
 */
import type { Redis } from 'ioredis';
import { redisClient } from './redis-client.ts';

/** A connection that says nothing for so long is asked whether it is still there, and has as long to answer. */
const ASK_EVERY_MS = 10_000;

export class RedisWakes {
  readonly #url: string;
  readonly #listeners = new Map<string, (message: string | null) => void>();
  /** Of these channels nothing is missed. */
  readonly #heard = new Set<string>();
  #redis: Redis | undefined;
  #isClosed = false;
  #asking: NodeJS.Timeout | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  /** Calls `wake` with each message of the channel until `forget`, and with null when some may have been missed. */
  listen(channel: string, wake: (message: string | null) => void): void {
    this.#listeners.set(channel, wake);
    this.#redis ??= this.#connected();
    if (this.#redis.status === 'ready') this.#subscribe(this.#redis, [channel]);
  }

  forget(channel: string): void {
    this.#listeners.delete(channel);
    this.#heard.delete(channel);
    if (this.#redis?.status === 'ready') this.#redis.unsubscribe(channel).catch(() => undefined);
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#asking);
    this.#redis?.disconnect();
  }

  #connected(): Redis {
    // The connection for commands has the same trouble, and tells of it.
    const redis = redisClient(this.#url, () => undefined, { autoResubscribe: false, commandTimeout: ASK_EVERY_MS });
    redis.on('ready', () => this.#subscribe(redis, [...this.#listeners.keys()]));
    redis.on('close', () => this.#heard.clear());
    redis.on('message', (channel: string, message: string) => {
      // Before that it is among what may have been missed.
      if (this.#heard.has(channel)) this.#listeners.get(channel)?.(message);
    });
    // It goes on trying by itself.
    redis.connect().catch(() => undefined);
    this.#asking = setInterval(() => {
      if (redis.status === 'ready') redis.ping().catch(() => this.#isClosed || redis.disconnect(true));
    }, ASK_EVERY_MS);
    return redis;
  }

  #subscribe(redis: Redis, channels: string[]): void {
    if (channels.length === 0) return;
    const wakeAll = () => {
      for (const channel of channels) {
        if (this.#listeners.has(channel)) this.#heard.add(channel);
        this.#listeners.get(channel)?.(null);
      }
    };
    // What came before it listened; when it cannot, it connects again and subscribes to all.
    redis.subscribe(...channels).then(wakeAll, () => undefined);
  }
}
