/** A Redis is worked with by one runtime alone or shared by workers, never both: two would open the same accounts. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { Members } from '../../runtime/src/cluster/members.ts';
import { openCluster } from '../../runtime/src/clustered.ts';
import { loadConfig } from '../../runtime/src/config.ts';
import { createLog } from '../../runtime/src/log.ts';
import { clusterKeys, openSharedStore, redisClient } from '../../runtime/src/store/store.ts';
import { within } from '../support/deadline.ts';
import { RedisServer } from '../support/redis-server.ts';
import { describeWithRedis } from '../support/with-redis.ts';

const LIMIT = 60_000;
const PREFIX = 'wa';
const WORKER = { id: 'w', url: 'http://127.0.0.1:1', capacity: 1, held: 0 };

describeWithRedis('a Redis', () => {
  let server: RedisServer;
  let redis: Redis;
  let members: Members;
  beforeEach(async () => {
    server = await RedisServer.start();
    redis = redisClient(server.url, () => undefined);
    await redis.connect();
    members = new Members(redis, clusterKeys(PREFIX));
  }, LIMIT);
  afterEach(async () => {
    redis.disconnect();
    await server.stop();
  }, LIMIT);
  const alone = (onLost: () => void) => openSharedStore({ url: server.url, prefix: PREFIX, onLost });

  test(
    'that workers share is not for one alone, until they have left',
    async () => {
      await members.beat(WORKER);
      await expect(alone(() => undefined)).rejects.toThrow('Workers share the sessions of this Redis');
      await members.leave(WORKER.id);
      await (await alone(() => undefined)).close();
    },
    LIMIT,
  );

  test(
    'that one works with alone is not for workers; of two that began at one time, the one alone ends',
    async () => {
      const lost = Promise.withResolvers<undefined>();
      const store = await alone(() => lost.resolve(undefined));
      const config = loadConfig({
        ...{ REDIS_URL: server.url, REDIS_PREFIX: PREFIX, CLUSTER_URL: WORKER.url },
        ...{ API_KEY: 'key-of-this-test-only', ENCRYPTION_KEY: 'ab'.repeat(32) },
      });
      const nobody = () => {
        throw new Error('nobody is asked');
      };
      const opened = openCluster(config, nobody, createLog('silent'));
      await expect(opened).rejects.toThrow('A runtime without CLUSTER_URL works with this Redis');
      await members.beat(WORKER);
      await within(15_000, 'the loss', lost.promise);
      await store.close();
    },
    LIMIT,
  );
});
