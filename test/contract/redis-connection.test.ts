/** The connection to a real Redis: what happens to commands when it goes, comes back, says nothing or refuses. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { RedisConnection, type Change } from '../../runtime/src/store/redis-connection.ts';
import { functionLibrary } from '../../runtime/src/store/redis-functions.ts';
import { eventually, within } from '../support/deadline.ts';
import { RedisServer } from '../support/redis-server.ts';
import { describeWithRedis } from '../support/with-redis.ts';

const LIBRARY = functionLibrary(
  'test',
  `
writes('put', function(keys, args) return redis.call('SET', keys[1], args[1]) end)
writes('slow', function(keys, args)
  local until_ = clock() + tonumber(args[1]) * 1000
  while clock() < until_ do end
  return redis.call('SET', keys[1], 'done')
end)
reads('get', function(keys) return redis.call('GET', keys[1]) end)
`,
);

describeWithRedis('The connection to Redis', () => {
  let server: RedisServer;
  let connection: RedisConnection;
  const states: string[] = [];
  const put = (value: string, more: Partial<Change> = {}): Change => ({
    ...{ library: LIBRARY, name: 'put', keys: ['{t}:k'], args: [value] },
    ...{ owner: '{t}:owner', generation: null, ...more },
  });
  const value = () => connection.read({ library: LIBRARY, name: 'get', keys: ['{t}:k'], args: [] });

  beforeAll(async () => {
    server = await RedisServer.start();
    connection = await RedisConnection.open({ url: server.url, onConnection: (state) => states.push(state) });
  }, 60_000);
  afterEach(async () => {
    states.length = 0;
    await connection.command('FLUSHALL', []);
  });
  afterAll(async () => {
    await connection.close();
    await server.stop();
  });

  test('functions are there without being loaded beforehand, and again after Redis has lost them', async () => {
    await connection.change(put('one'));
    await connection.command('FUNCTION', ['FLUSH']);
    await Promise.all([connection.change(put('two')), connection.change(put('three'))]);
    expect(await value()).toBe('three');
  });

  test('an outage is waited for, and what was asked meanwhile is done in its order', async () => {
    await connection.change(put('before'));
    await server.kill();
    const asked = ['a', 'b', 'c', 'd'].map((each) => connection.change(put(each)));
    await server.up();
    await within(30_000, 'the answers', Promise.all(asked));
    expect(await value()).toBe('d');
    expect(states).toEqual(['lost', 'back']);
  }, 60_000);

  test('an outage that lasts is an error with a code, and nothing is done afterwards', async () => {
    await connection.change(put('before'));
    await server.kill();
    const late = connection.change(put('late'), { within: 300 });
    await expect(late).rejects.toMatchObject({ code: 'store_unavailable', retryAfter: expect.any(Number) });
    await server.up();
    expect(await value()).toBe('before');
  }, 60_000);

  test('what a frozen Redis was sent, and its caller was told had failed, is not done when it thaws', async () => {
    await connection.change(put('before'));
    server.freeze();
    try {
      const late = connection.change(put('late'), { within: 500 });
      await expect(late).rejects.toMatchObject({ code: 'store_unavailable' });
    } finally {
      server.thaw();
    }
    await eventually(30_000, 'an answer', value, (is) => is === 'before');
    // The frozen one read it from its socket before this connection's next command.
    expect(await connection.command('CLIENT', ['LIST'])).toEqual(expect.any(String));
    expect(await value()).toBe('before');
  }, 60_000);

  test('a change of a former owner is refused, those of the present one and of nobody are not', async () => {
    await connection.command('HSET', ['{t}:owner', 'generation', '10']);
    await connection.change(put('ten', { generation: 10 }));
    await expect(connection.change(put('nine', { generation: 9 }))).rejects.toMatchObject({ code: 'not_owner' });
    expect(await value()).toBe('ten');
    await connection.change(put('nobody'));
    expect(await value()).toBe('nobody');
  });

  test('closing waits for what is under way, and refuses what comes after', async () => {
    const own = await RedisConnection.open({ url: server.url });
    const slow = own.change(put('', { name: 'slow', args: [300] }));
    const closed = own.close();
    await expect(own.command('PING', [])).rejects.toThrow('closed');
    await closed;
    expect(await slow).toBe('OK');
    expect(await value()).toBe('done');
  });
});
