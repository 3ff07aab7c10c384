/**
 * A worker without WhatsApp, as a process of its own: it takes leases as the runtime does, and writes down with the
 * machine's clock, which all processes share, when it acts for which session. `node lease-holder.ts REDIS_PORT FILE SESSIONS LEASE_MS`.
 */
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import pino from 'pino';
import { Cluster, type Lease } from '../../runtime/src/cluster/cluster.ts';

const [port, file, count, lease] = process.argv.slice(2);
const SESSIONS = Array.from({ length: Number(count) }, (_, at) => `session-${at}`);
const ACT_EVERY_MS = 20;
const ttlMs = Number(lease);
const TIMES = { ttlMs, renewEveryMs: ttlMs / 4, marginMs: ttlMs / 5 };

const connect = () =>
  new Redis(Number(port), '127.0.0.1', {
    ...{ lazyConnect: true, enableOfflineQueue: false, autoResendUnfulfilledCommands: false },
    ...{ commandTimeout: 2_000, maxRetriesPerRequest: 0, retryStrategy: () => 200 },
  }).on('error', () => undefined);
const redis = connect();
const subscriber = connect();
await Promise.all([redis.connect(), subscriber.connect()]);

const running = new Map<string, { lease: Lease; timer: NodeJS.Timeout }>();
const write = (what: string, lease: Pick<Lease, 'name' | 'generation'>, at = process.hrtime.bigint()) =>
  appendFileSync(
    String(file),
    `${JSON.stringify({ what, id: lease.name, generation: lease.generation, at: Number(at / 1_000n) })}\n`,
  );
const act = (lease: Lease) => {
  // The time is of before the question, so that a freeze between the two does not make a late one of it.
  const at = process.hrtime.bigint();
  if (lease.held()) write('act', lease, at);
};
const end = async (id: string) => {
  const run = running.get(id);
  if (!run) return;
  clearInterval(run.timer);
  running.delete(id);
  write('end', run.lease);
};

const cluster = new Cluster({
  ...{ redis, subscriber },
  keys: {
    owner: (name) => `{test:${name}}:owner`,
    ...{ beats: '{test:.cluster}:beats', facts: '{test:.cluster}:facts', channel: 'test:placement' },
  },
  ...{ url: 'http://127.0.0.1', capacity: 100, times: TIMES, log: pino({ level: 'silent' }) },
  holding: {
    known: async () => SESSIONS,
    has: (id) => running.has(id),
    isBeingLinked: () => false,
    open: async (lease) => {
      if (running.has(lease.name)) write('twice', lease);
      running.set(lease.name, { lease, timer: setInterval(() => act(lease), ACT_EVERY_MS) });
      act(lease);
    },
    ...{ close: end, abandon: end },
  },
});
const stopping = new AbortController();
const keeping = cluster.runOnce(async (signal, lease) => {
  const timer = setInterval(() => act(lease), ACT_EVERY_MS);
  await once(signal, 'abort');
  clearInterval(timer);
}, stopping.signal);
await cluster.start(stopping.signal);
process.stdout.write('STARTED=yes\n');
await once(process, 'SIGTERM');
stopping.abort();
await Promise.all([cluster.leave(), keeping]);
redis.disconnect();
subscriber.disconnect();
