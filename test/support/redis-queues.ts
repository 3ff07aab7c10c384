/** Queues on a Redis of a test's own. */
import { parseSessionId } from '../../runtime/src/ids.ts';
import { RedisConnection } from '../../runtime/src/store/redis-connection.ts';
import { RedisKeys } from '../../runtime/src/store/redis-keys.ts';
import { RedisQueue } from '../../runtime/src/store/redis-queue.ts';
import { RedisWakes } from '../../runtime/src/store/redis-wakes.ts';
import type { Queue } from '../../runtime/src/store/store.ts';
import type { QueueStore } from './queue-stores.ts';

export interface RedisQueuesOptions {
  url: string;
  /** Keeps the databases of one test apart from those of another. */
  prefix: string;
  now?: () => number;
  generation?: () => number | null;
}

/** As a store has them: an instance's queues are shared between processes, a session's are of one. */
export async function redisQueues({
  url,
  prefix,
  now = () => Date.now(),
  generation = () => null,
}: RedisQueuesOptions) {
  const connection = await RedisConnection.open({ url });
  const wakes = new RedisWakes(url);
  const queues = new Map<string, RedisQueue<never>>();
  const inFlight = new Set<Promise<unknown>>();
  const followed = <T>(answer: Promise<T>): Promise<T> => {
    const known = answer.finally(() => inFlight.delete(known));
    inFlight.add(known);
    return known;
  };
  const watched = {
    server: connection.server,
    read: (...call: Parameters<RedisConnection['read']>) => followed(connection.read(...call)),
    change: (...call: Parameters<RedisConnection['change']>) => followed(connection.change(...call)),
  };
  const database = (id: string | null) => ({
    queue<Data>(name: string, { keepDone }: { keepDone: number }): Queue<Data> {
      const keys = new RedisKeys(prefix, id === null ? null : parseSessionId(id));
      const key = keys.queue(name);
      const place = { connection: watched, key, owner: keys.owner, generation, keepDone, now };
      const queue = queues.get(key) ?? new RedisQueue<never>({ ...place, shared: id === null, wakes });
      queues.set(key, queue);
      return queue as unknown as RedisQueue<Data>;
    },
  });
  const store: QueueStore = {
    instance: database(null),
    session: (id) => database(id),
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()));
      wakes.close();
      await connection.close();
    },
  };
  /** Resolves when nothing is asked of Redis any more and nobody has yet to be told of an answer. */
  const idle = async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      await new Promise(setImmediate);
      if (inFlight.size > 0) turn = -1;
      await Promise.allSettled(inFlight);
    }
  };
  return { store, connection, idle };
}
