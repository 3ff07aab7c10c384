/** The compose file of several workers: what each is given is taken by the runtime, by Redis, nginx and Prometheus. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { loadConfig } from '../../runtime/src/config.ts';
import { checkServer } from '../../runtime/src/store/redis-server-checks.ts';
import { RedisConnection } from '../../runtime/src/store/redis-connection.ts';
import { RedisServer } from '../support/redis-server.ts';
import { describeWithRedis } from '../support/with-redis.ts';

interface Service {
  environment?: Record<string, string>;
  extends?: { file: string; service: string };
  depends_on?: Record<string, { condition: string }>;
}
interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, null>;
  configs: Record<string, { content: string }>;
}

const read = (name: string) =>
  parse(readFileSync(new URL(`../../runtime/deploy/${name}`, import.meta.url), 'utf8'), { merge: true }) as Compose;
const alone = read('compose.yaml');
const many = read('compose.workers.yaml');

const PASSWORD = 'letters123';
/** What its first lines and those of compose.yaml tell the operator to write. */
const ENV: Record<string, string> = {
  API_KEY: 'a-key-of-many-letters',
  REDIS_PASSWORD: PASSWORD,
  ENCRYPTION_KEY: 'ab'.repeat(32),
};
/** Puts variables in as compose does; one that has to be there and is not is an error. */
const filled = (text: string) =>
  text.replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_all, name: string, kind?: string, rest?: string) => {
    if (ENV[name] === undefined && kind !== '-') throw new Error(`.env has no ${name}`);
    return ENV[name] ?? rest ?? '';
  });

const workers = Object.keys(many.services).filter((name) => name.startsWith('whatsapp'));
const environmentOf = (name: string) => {
  const given = { ...alone.services['whatsapp']?.environment, ...many.services[name]?.environment };
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, filled(value)]));
};

describe('the compose file of several workers', () => {
  test('has three, the first in place of the one, the others made like it', () => {
    expect(workers).toEqual(['whatsapp', 'whatsapp-2', 'whatsapp-3']);
    for (const name of workers.slice(1))
      expect(many.services[name]?.extends).toEqual({ file: 'compose.yaml', service: 'whatsapp' });
  });

  test.each(workers)('gives %s what the runtime takes, and an address of its own', (name) => {
    // HOST is the container's, from the Dockerfile.
    const config = loadConfig({ ...environmentOf(name), HOST: '0.0.0.0' });
    expect(config).toMatchObject({
      clusterUrl: `http://${name}:3003`,
      redisUrl: `redis://:${PASSWORD}@redis:6379`,
      encryptionKey: expect.anything(),
    });
    expect(many.services[name]?.depends_on).toEqual({ redis: { condition: 'service_healthy' } });
  });

  test('has nginx and Prometheus know all of them, and nginx wait for them', () => {
    const servers = [...(many.configs['upstream']?.content ?? '').matchAll(/server (\S+):3003;/g)];
    expect(servers.map(([, host]) => host)).toEqual(workers);
    const job = (compose: Compose) =>
      parse(compose.configs['prometheus']?.content ?? '') as { scrape_configs: { static_configs: unknown }[] };
    const [one, all] = [job(alone), job(many)];
    expect(all.scrape_configs[0]?.static_configs).toEqual([{ targets: workers.map((name) => `${name}:9090`) }]);
    expect({ ...all.scrape_configs[0], static_configs: [] }).toEqual({ ...one.scrape_configs[0], static_configs: [] });
    const awaited = { ...alone.services['nginx']?.depends_on, ...many.services['nginx']?.depends_on };
    expect(Object.keys(awaited)).toEqual(workers);
  });
});

describeWithRedis('the Redis of the compose file', () => {
  test('is one that the runtime takes, behind its password', async () => {
    const lines = filled(many.configs['redis']?.content ?? '')
      .trim()
      .split('\n');
    const settings = Object.fromEntries(
      lines.map((line): [string, string] => {
        const space = line.indexOf(' ');
        return [line.slice(0, space), line.slice(space + 1).replace('""', '')];
      }),
    );
    // Nothing of what the tests' own servers are given.
    const server = await RedisServer.start({ appendonly: 'no', 'maxmemory-policy': 'allkeys-lru', ...settings });
    try {
      await expect(RedisConnection.open({ url: server.url })).rejects.toThrow('NOAUTH');
      const connection = await RedisConnection.open({ url: server.url.replace('//', `//:${PASSWORD}@`) });
      await checkServer(connection);
      await connection.close();
    } finally {
      await server.stop();
    }
  });
});
