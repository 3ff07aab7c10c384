/** Sessions behind a pool of proxies: real proxies, the real client, and not one connection around them. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openProxy, type Proxy } from '../../runtime/sandbox/proxies/proxies.ts';
import { eventually } from '../support/deadline.ts';
import { startFlow, type Flow } from '../support/flow.ts';

const connectionsThrough = (proxy: Proxy) =>
  [...proxy.destinations.values()].reduce((sum, { connections }) => sum + connections, 0);

/** How many connections came to WhatsApp without a proxy. */
const direct = (flow: Flow, proxies: Proxy[]) =>
  flow.sandbox.acceptedConnections - proxies.reduce((sum, proxy) => sum + connectionsThrough(proxy), 0);

const show = async (flow: Flow, id: string) => (await flow.call('GET', `/sessions/${id}`)).body.data;
const listed = async (flow: Flow) => (await flow.call('GET', '/proxies')).body.data.proxies;
const shownOf = ({ port }: Proxy, kind = 'socks5') => `${kind}://127.0.0.1:${port}`;
const waitsForProxy = (flow: Flow, id: string) =>
  eventually(
    5_000,
    `${id} waiting`,
    () => show(flow, id),
    ({ reason }) => reason.code === 'no_proxy_available',
  );

describe('a pool of two', () => {
  let flow: Flow;
  let small: Proxy;
  let large: Proxy;
  const more: Proxy[] = [];
  const all = () => [small, large, ...more];
  beforeAll(async () => {
    small = await openProxy({ kind: 'socks5', user: 'me', password: 'hunter2/:' });
    large = await openProxy({ kind: 'http', user: 'you', password: 'hunter2' });
    const pool = [
      { url: small.url, maxSessions: 1, region: 'BR', label: 'small' },
      { url: large.url, maxSessions: 2 },
    ];
    flow = await startFlow({ PROXY_POOL: JSON.stringify(pool), PROXY_CHECK_INTERVAL_MS: '0' });
  });
  afterAll(async () => {
    await flow.end();
    for (const proxy of all()) await proxy.close();
  });

  test('sessions made at once get no more places than there are; one waits and says why', async () => {
    const ids = ['a', 'b', 'c', 'd'];
    const made = await Promise.all(ids.map((sessionId) => flow.call('POST', '/sessions', { sessionId })));
    expect(made.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    const states = await eventually(
      10_000,
      'three codes and one that waits',
      () => Promise.all(ids.map((id) => show(flow, id))),
      (sessions) => sessions.filter(({ status }) => status === 'qr').length === 3,
    );
    const waiting = states.filter(({ status }) => status !== 'qr');
    expect(waiting).toMatchObject([{ status: 'connecting', proxy: null, reason: { code: 'no_proxy_available' } }]);
    expect(waiting[0].reason.message).toMatch(/No proxy is free/);
    expect(states.every(({ proxyMode }) => proxyMode === 'pool')).toBe(true);
    expect((await listed(flow)).map(({ sessions }: { sessions: number }) => sessions)).toEqual([1, 2]);
    expect(direct(flow, all())).toBe(0);
  });

  test('the list has nothing secret, nor has anything else', async () => {
    const { body } = await flow.call('GET', '/proxies');
    expect(body.data.proxies).toMatchObject([
      {
        protocol: 'socks5',
        host: '127.0.0.1',
        port: small.port,
        user: 'm***',
        region: 'br',
        label: 'small',
        origin: 'config',
      },
      { protocol: 'http', host: '127.0.0.1', port: large.port, user: 'y***', maxSessions: 2, status: 'unknown' },
    ]);
    const sessions = await flow.call('GET', '/sessions');
    expect(JSON.stringify([body, sessions.body, flow.logged])).not.toMatch(/hunter2/);
  });

  test('the one that waits connects as soon as a proxy is added, and no sooner', async () => {
    const [waiting] = (await flow.call('GET', '/sessions')).body.data.sessions.filter(
      ({ status }: { status: string }) => status !== 'qr',
    );
    const third = await openProxy({ kind: 'socks5' });
    more.push(third);
    const { status, body } = await flow.call('POST', '/proxies', { url: third.url, region: 'de', maxSessions: 1 });
    expect({ status, data: body.data }).toMatchObject({
      status: 201,
      data: { origin: 'api', user: null, region: 'de' },
    });
    expect(await flow.reaches(waiting.sessionId, 'qr')).toMatchObject({ proxy: shownOf(third) });
    expect(direct(flow, all())).toBe(0);
  });

  test('everybody keeps their place over a restart, and what was added is there again', async () => {
    const places = async () =>
      (await flow.call('GET', '/sessions')).body.data.sessions.map((one: { sessionId: string; proxy: string }) => [
        one.sessionId,
        one.proxy,
      ]);
    const [before, pool] = [await places(), await listed(flow)];
    await flow.stopRuntime();
    await flow.startRuntime();
    expect(await places()).toEqual(before);
    expect((await listed(flow)).sort(byId)).toEqual(pool.sort(byId));
    for (const [id] of before) await flow.reaches(id, 'qr');
    expect(direct(flow, all())).toBe(0);
  }, 30_000);

  test('a proxy that is removed carries nothing any more; who had a place there waits', async () => {
    const third = more[0] as Proxy;
    const { proxyId } = (await listed(flow)).find(({ port }: { port: number }) => port === third.port);
    expect(await flow.call('DELETE', `/proxies/${proxyId}`)).toMatchObject({
      status: 200,
      body: { data: { deleted: true, sessions: 1 } },
    });
    expect(third.open).toBe(0);
    const sessions = (await flow.call('GET', '/sessions')).body.data.sessions;
    const { sessionId } = sessions.find(({ proxy }: { proxy: string | null }) => proxy === null);
    await waitsForProxy(flow, sessionId);
    // Somebody leaves, and the one that waits gets the place.
    const leaving = sessions.find(({ proxy }: { proxy: string }) => proxy === shownOf(large, 'http'));
    await flow.call('DELETE', `/sessions/${leaving.sessionId}`);
    expect(await flow.reaches(sessionId, 'qr')).toMatchObject({ proxy: shownOf(large, 'http') });
    expect(direct(flow, all())).toBe(0);
  }, 30_000);

  test('what is in the pool already, comes from the configuration or is not there is refused', async () => {
    expect(await flow.call('POST', '/proxies', { url: small.url.replace('hunter2', 'other') })).toMatchObject({
      status: 409,
      body: { error: { code: 'proxy_exists' } },
    });
    const [{ proxyId }] = await listed(flow);
    expect(await flow.call('DELETE', `/proxies/${proxyId}`)).toMatchObject({
      status: 409,
      body: { error: { code: 'proxy_configured' } },
    });
    expect(await flow.call('POST', '/sessions', { proxy: { mode: 'pool', region: 'jp' } })).toMatchObject({
      status: 409,
      body: { error: { code: 'proxy_pool_empty' } },
    });
    expect(await listed(flow)).toHaveLength(2);
  });
});

const byId = (a: { proxyId: string }, b: { proxyId: string }) => (a.proxyId < b.proxyId ? -1 : 1);

test('who is logged out, or never linked and was given up, leaves the place to who waits', async () => {
  const proxy = await openProxy({ kind: 'socks5' });
  const flow = await startFlow({ PROXY_POOL: JSON.stringify([{ url: proxy.url, maxSessions: 1 }]) });
  await flow.link('first');
  await flow.call('POST', '/sessions', { sessionId: 'second' });
  await waitsForProxy(flow, 'second');
  await flow.call('POST', '/sessions/first/disconnect');
  expect((await show(flow, 'second')).reason.code).toBe('no_proxy_available');
  await flow.call('POST', '/sessions/first/reconnect');
  await flow.reaches('first', 'connected');
  await flow.call('POST', '/sessions/first/logout');
  await flow.reaches('second', 'qr');
  expect(await show(flow, 'first')).toMatchObject({ status: 'logged_out', proxyMode: 'pool', proxy: null });
  await flow.call('POST', '/sessions/first/reconnect');
  await waitsForProxy(flow, 'first');
  await flow.call('POST', '/sessions/second/disconnect');
  await flow.reaches('first', 'qr');
  expect(direct(flow, [proxy])).toBe(0);
  await flow.end();
  await proxy.close();
}, 60_000);

describe('the choice of a session', () => {
  let flow: Flow;
  const proxies: Proxy[] = [];
  const open = async (kind: 'socks5' | 'http') => {
    const proxy = await openProxy({ kind, user: 'me', password: 'pä ss:/@' });
    proxies.push(proxy);
    return proxy;
  };
  beforeAll(async () => {
    const proxy = await open('socks5');
    flow = await startFlow({ DEFAULT_PROXY_URL: proxy.url });
    await flow.link('linked');
  }, 30_000);
  afterAll(async () => {
    await flow.end();
    for (const proxy of proxies) await proxy.close();
  });

  test('can be changed while it is connected: by default, its own, the pool, and each carries all', async () => {
    const [byDefault] = proxies as [Proxy];
    expect(await show(flow, 'linked')).toMatchObject({ proxyMode: 'default', proxy: shownOf(byDefault) });
    const own = await open('http');
    const change = (choice: object) => flow.call('PUT', '/sessions/linked/proxy', choice);
    expect((await change({ mode: 'own', url: own.url })).body.data).toMatchObject({ proxyMode: 'own' });
    expect(await flow.reaches('linked', 'connected')).toMatchObject({ proxy: shownOf(own, 'http') });
    expect([byDefault.open, own.open]).toEqual([0, 1]);
    const pooled = await open('socks5');
    await flow.call('POST', '/proxies', { url: pooled.url, region: 'br' });
    await change({ mode: 'pool', region: 'BR' });
    expect(await flow.reaches('linked', 'connected')).toMatchObject({ proxy: shownOf(pooled), proxyRegion: 'br' });
    expect([byDefault.open, own.open, pooled.open]).toEqual([0, 0, 1]);
    expect(direct(flow, proxies)).toBe(0);
  }, 30_000);

  test('is not touched by choosing what holds already, nor by what is refused', async () => {
    const before = await show(flow, 'linked');
    const { acceptedConnections } = flow.sandbox;
    expect((await flow.call('PUT', '/sessions/linked/proxy', { mode: 'pool', region: 'br' })).status).toBe(200);
    for (const choice of [
      { mode: 'own' },
      { mode: 'own', url: 'ftp://x' },
      { mode: 'pool', region: 'jp' },
      { mode: 'any' },
    ])
      expect((await flow.call('PUT', '/sessions/linked/proxy', choice)).status).toBeGreaterThanOrEqual(400);
    expect(await show(flow, 'linked')).toEqual(before);
    expect(flow.sandbox.acceptedConnections).toBe(acceptedConnections);
  });

  test('stays over a restart; without its default proxy it waits rather than go without', async () => {
    await flow.call('PUT', '/sessions/linked/proxy', { mode: 'default' });
    await flow.reaches('linked', 'connected');
    await flow.stopRuntime();
    const { DEFAULT_PROXY_URL = '' } = flow.environment;
    delete flow.environment['DEFAULT_PROXY_URL'];
    await flow.startRuntime();
    await waitsForProxy(flow, 'linked');
    expect(direct(flow, proxies)).toBe(0);
    await flow.stopRuntime();
    flow.environment['DEFAULT_PROXY_URL'] = DEFAULT_PROXY_URL;
    await flow.startRuntime();
    await flow.reaches('linked', 'connected');
    expect(direct(flow, proxies)).toBe(0);
  }, 30_000);

  test('is none only when somebody says so', async () => {
    await flow.call('PUT', '/sessions/linked/proxy', { mode: 'none' });
    expect(await flow.reaches('linked', 'connected')).toMatchObject({ proxy: null, proxyMode: 'none' });
    expect(direct(flow, proxies)).toBe(1);
  });

  test('a proxy can be tried out first: how long it takes, or why it does not work', async () => {
    const proxy = await open('http');
    const tryOut = async () => (await flow.call('POST', '/proxies/test', { url: proxy.url })).body.data;
    expect(await tryOut()).toEqual({ ok: true, latencyMs: expect.any(Number), error: null });
    proxy.faults.status = 503;
    expect(await tryOut()).toMatchObject({ ok: false, latencyMs: null, error: expect.stringMatching(/HTTP 503/) });
    const [known] = await listed(flow);
    const { body } = await flow.call('POST', `/proxies/${known.proxyId}/test`);
    expect(body.data).toMatchObject({ ok: true, error: null });
    expect(JSON.stringify(flow.logged)).not.toMatch(/ss:\/@|p%C3%A4/);
  });
});
