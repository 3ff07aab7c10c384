/** Queues on a Redis of a test's own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { Redis } from 'ioredis';
import { queueCall } from '../../runtime/src/store/redis-queue-call.ts';
import type { QueueCall } from '../../runtime/src/store/redis-jobs.ts';
import { RedisQueue } from '../../runtime/src/store/redis-queue.ts';
import type { Queue } from '../../runtime/src/store/store.ts';
import { eventually } from './deadline.ts';
import type { QueueStore } from './queue-stores.ts';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

/** A Redis that keeps what it has in a directory, every write before it is answered. */
export class RedisServer {
  readonly directory: string;
  port = 0;
  #child: ChildProcess | undefined;

  constructor(directory: string) {
    this.directory = directory;
  }

  async start(): Promise<void> {
    await mkdir(this.directory, { recursive: true });
    this.port ||= await freePort();
    const options = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'yes', '--dir', this.directory];
    this.#child = spawn('redis-server', ['--port', String(this.port), ...options], { stdio: 'ignore' });
    const redis = new Redis(this.port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => 20 });
    redis.on('error', () => undefined);
    try {
      await eventually(
        30_000,
        'Redis',
        () => redis.ping().catch(String),
        (answer) => answer === 'PONG',
      );
    } finally {
      redis.disconnect();
    }
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}

export interface RedisQueuesOptions {
  port: number;
  /** Keeps the databases of one test apart from those of another. */
  name: string;
  now?: () => number;
  generation?: () => string;
}

/** As a store has them: an instance's queues are shared between processes, a session's are of one. */
export function redisQueues({ port, name, now = () => Date.now(), generation = () => '' }: RedisQueuesOptions) {
  const redis = new Redis(port, '127.0.0.1', { retryStrategy: () => 50, maxRetriesPerRequest: 2 });
  redis.on('error', () => undefined);
  const queues = new Map<string, RedisQueue<never>>();
  const inFlight = new Set<Promise<unknown>>();
  const followed = (call: QueueCall): QueueCall => {
    return (...parameters) => {
      const answer = call(...parameters).finally(() => inFlight.delete(answer));
      inFlight.add(answer);
      return answer;
    };
  };
  const database = (id: string, shared: boolean) => ({
    queue<Data>(queue: string, { keepDone }: { keepDone: number }): Queue<Data> {
      const tag = `{wa:${name}-${id}}`;
      const base = `${tag}:q:${queue}`;
      const call = followed(queueCall(redis, { base, owner: `${tag}:owner`, generation, keepDone }));
      const made = queues.get(base) ?? new RedisQueue<never>({ call, now, shared });
      queues.set(base, made);
      return made as unknown as RedisQueue<Data>;
    },
  });
  const close = async () => {
    await Promise.all([...queues.values()].map((queue) => queue.close()));
    redis.disconnect();
  };
  const store: QueueStore = { instance: database('instance', true), session: (id) => database(id, false), close };
  /** Resolves when nothing is asked of Redis any more and nobody has yet to be told of an answer. */
  const idle = async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      await new Promise(setImmediate);
      if (inFlight.size > 0) turn = -1;
      await Promise.allSettled(inFlight);
    }
  };
  return { store, redis, idle };
}
