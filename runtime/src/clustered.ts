/** One of several workers: what the cluster asks of the rooms, and what they ask of it. */
import { Mutex } from 'async-mutex';
import { Cluster, Passing, Telling } from './cluster/cluster.ts';
import type { Config } from './config.ts';
import { CannotStart } from './errors.ts';
import type { SessionId } from './ids.ts';
import type { Logger } from './log.ts';
import type { Neighbours } from './proxy/proxy.ts';
import type { SessionInfo, Sessions } from './session/session.ts';
import { clusterKeys, redisClient, RedisKeys } from './store/store.ts';

const COMMAND_MS = 3_000;

/** What a worker does with sessions that come and go, asked when the rooms are there. */
export interface Holder {
  sessions: Sessions;
  /** A session has come: what a former run left half done. */
  resume(id: SessionId): Promise<void>;
}

/** A lease is of no use by the time a slow answer comes. Rejects when there is no connection. */
async function connect(url: string, log: Logger) {
  const note = (err: Error) => log.debug({ err }, 'the connection of the cluster to Redis');
  const redis = redisClient(url, note, { commandTimeout: COMMAND_MS, connectTimeout: COMMAND_MS });
  await redis.connect();
  return redis;
}

/** Null when this runtime works alone. Throws `CannotStart` while another works alone with the same Redis. */
export async function openCluster(config: Config, holder: () => Holder, log: Logger): Promise<Cluster | null> {
  const { redisUrl, redisPrefix: prefix, clusterUrl: url, maxSessions: capacity } = config;
  if (redisUrl === undefined || url === undefined) return null;
  const redis = await connect(redisUrl, log);
  if ((await redis.exists(new RedisKeys(prefix, null).holder)) > 0) {
    redis.disconnect();
    throw new CannotStart(
      'A runtime without CLUSTER_URL works with this Redis. Stop it, set CLUSTER_URL there too, or choose another REDIS_PREFIX.',
    );
  }
  const subscriber = await connect(redisUrl, log);
  const keys = clusterKeys(prefix);
  const ownerKey = (name: string) =>
    name.startsWith('.') ? keys.lease(name) : new RedisKeys(prefix, name as SessionId).owner;
  return new Cluster({
    ...{ redis, subscriber, url, capacity, log },
    keys: { ...keys, owner: (name) => ownerKey(name) },
    holding: {
      known: async () => (await holder().sessions.everywhere()).map(({ id }) => id),
      has: (id) => holder().sessions.find(id as SessionId) !== undefined,
      isBeingLinked: (id) =>
        isBeingLinked(
          holder()
            .sessions.find(id as SessionId)
            ?.info(),
        ),
      async open({ name }) {
        const { sessions, resume } = holder();
        await sessions.adopt(name as SessionId);
        if (sessions.find(name as SessionId)) await resume(name as SessionId);
      },
      close: (id) => holder().sessions.handOver(id as SessionId, false),
      abandon: (id) => holder().sessions.handOver(id as SessionId, true),
    },
  });
}

const LINKING: readonly SessionInfo['status'][] = ['connecting', 'qr', 'pairing'];

const isBeingLinked = (session: SessionInfo | undefined): boolean =>
  session?.phone === null && LINKING.includes(session.status);

/** What of the cluster the room of sessions uses; nothing alone. */
export const ownershipIn = (cluster: Cluster | null) =>
  cluster === null
    ? undefined
    : {
        holds: (id: SessionId) => cluster.holds(id),
        reserve: (id: SessionId) => cluster.reserve(id),
        free: (id: SessionId) => cluster.free(id),
      };

/** What of it the pool of proxies uses; nothing alone. `sessions` is asked when they are there. */
export function neighboursIn(cluster: Cluster | null, sessions: () => Sessions): Neighbours | undefined {
  if (cluster === null) return undefined;
  // Those of this worker need not wait as those of others do.
  const here = new Mutex();
  return {
    taken: async () => await sessions().placedElsewhere(),
    alone: (work) => here.runExclusive(() => cluster.alone(work)),
  };
}

/** By which this worker tells others of what concerns their sessions; null alone. */
export const tellingIn = (cluster: Cluster | null, apiKey: string | undefined): Telling | null =>
  cluster === null || apiKey === undefined ? null : new Telling(cluster.find.bind(cluster), apiKey);

/** What of it the API uses. */
export const elsewhereIn = (cluster: Cluster | null) =>
  cluster === null
    ? undefined
    : { find: cluster.find.bind(cluster), others: cluster.others.bind(cluster), passing: new Passing() };

/** Without a lease a worker writes as one that came before all others: it is refused. */
export const generationIn = (cluster: () => Cluster | null) => (id: SessionId) => cluster()?.generation(id) ?? 0;
