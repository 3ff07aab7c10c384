/** Proxies that die, hang and return: who notices, what the sessions do, and what people are told. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { SandboxProxy } from '../../runtime/sandbox/network.ts';
import { eventually } from '../support/deadline.ts';
import { PHONE, startFlow, type Flow } from '../support/flow.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';

let flow: Flow;
let receiver: Receiver;
let proxies: SandboxProxy[];

beforeEach(async () => {
  receiver = await startReceiver();
  flow = await startFlow({
    ...{ CONNECT_TIMEOUT_MS: '500', PROXY_CHECK_INTERVAL_MS: '150', PROXY_CHECK_TIMEOUT_MS: '800' },
    ...{ ACK_TIMEOUT_MS: '300', KEEPALIVE_INTERVAL_MS: '1000', DEFAULT_WEBHOOK_URL: receiver.url },
  });
  await flow.stopRuntime();
  proxies = [
    await flow.sandbox.network.openProxy({ kind: 'socks5', user: 'me', password: 'hunter2' }),
    await flow.sandbox.network.openProxy({ kind: 'http' }),
  ];
  flow.environment['PROXY_POOL'] = proxies.map(({ url }) => url).join(',');
  await flow.startRuntime();
  await flow.link('sales');
}, 30_000);
afterEach(async () => {
  const connections = proxies.flatMap(({ destinations }) => [...destinations.values()]);
  const through = connections.reduce((sum, one) => sum + one.connections, 0);
  // One that a proxy opened and that was cut at once may never have been accepted; one around the proxies would be too many.
  expect(flow.sandbox.acceptedConnections).toBeLessThanOrEqual(through);
  // A ping may be under way when a connection is cut.
  await flow.end([/a proxy is in quarantine/, /connecting again does not help/, /the connection is unwell/]);
  await receiver.stop();
});

const show = async () => (await flow.call('GET', '/sessions/sales')).body.data;
const health = async (proxy: SandboxProxy) =>
  (await flow.call('GET', '/proxies')).body.data.proxies.find(({ port }: { port: number }) => port === proxy.port);
const becomes = (proxy: SandboxProxy, status: string) =>
  eventually(
    8_000,
    `${status} of the proxy`,
    () => health(proxy),
    (one) => one.status === status,
  );
const shownOf = ({ kind, port }: SandboxProxy) => `${kind}://127.0.0.1:${port}`;
const connectedThrough = (proxy: SandboxProxy, ms = 10_000) =>
  eventually(
    ms,
    'a connection by the proxy',
    show,
    ({ status, proxy: by }) => status === 'connected' && by === shownOf(proxy),
  );
const alert = (name: string, state: string) =>
  receiver.next(({ event, data }) => event === 'alert' && data.alert === name && data.state === state, 10_000);
/** The proxy the session uses, and the other. */
async function own(): Promise<[SandboxProxy, SandboxProxy]> {
  const { proxy } = await show();
  const [first, second] = proxies as [SandboxProxy, SandboxProxy];
  return proxy === shownOf(first) ? [first, second] : [second, first];
}

describe('a proxy that dies', () => {
  test('leaves the pool, and its session goes to the other and stays there', async () => {
    const [used, other] = await own();
    expect(await becomes(used, 'healthy')).toMatchObject({ latencyMs: expect.any(Number), failures: 0, error: null });
    used.faults.down = true;
    used.cut();
    await connectedThrough(other);
    expect(await becomes(used, 'quarantine')).toMatchObject({ error: expect.stringMatching(/^the proxy /) });
    expect((await health(used)).error).not.toContain('hunter2');
    used.faults.down = false;
    expect(await becomes(used, 'healthy')).toMatchObject({ failures: 0, sessions: 0 });
    expect(await show()).toMatchObject({ status: 'connected', proxy: shownOf(other) });
  }, 30_000);

  test('as does one that hangs; with both gone the session waits, and connects when one returns', async () => {
    const [used, other] = await own();
    for (const proxy of [used, other]) proxy.faults.hang = true;
    for (const proxy of [used, other]) proxy.cut();
    expect(await becomes(used, 'quarantine')).toMatchObject({ error: expect.stringMatching(/did not answer within/) });
    await eventually(10_000, 'the wait', show, ({ reason }) => reason.code === 'no_proxy_available');
    expect(await show()).toMatchObject({ status: 'reconnecting' });
    await alert('no_proxy_available', 'firing');
    other.faults.hang = false;
    await connectedThrough(other);
    await alert('no_proxy_available', 'resolved');
    used.faults.hang = false;
    await becomes(used, 'healthy');
    expect(await show()).toMatchObject({ proxy: shownOf(other) });
  }, 30_000);

  test('is told of once while its session lives, and again when it works', async () => {
    const [used] = await own();
    used.faults.refuse = true;
    await alert('proxy_down', 'firing');
    expect(await show()).toMatchObject({ status: 'connected', proxy: shownOf(used) });
    used.faults.refuse = false;
    await alert('proxy_down', 'resolved');
    expect(receiver.events.filter(({ data }) => data.alert === 'proxy_down')).toHaveLength(2);
  }, 30_000);
});

test('one connection that breaks is no reason to change the proxy', async () => {
  const [used] = await own();
  used.cut();
  await eventually(5_000, 'the break', show, ({ status }) => status !== 'connected');
  await connectedThrough(used);
}, 30_000);

test('a session that is unwell again and again is tried by the other proxy', async () => {
  const [, other] = await own();
  const contact = flow.sandbox.contact('15550100007');
  const fault = flow.sandbox.trouble.begin({ name: 'messages-lost', phone: PHONE });
  await flow.call('POST', '/messages/text', { sessionId: 'sales', to: contact.phone, text: 'Are you there?' });
  await connectedThrough(other, 30_000);
  fault?.stop();
  await eventually(
    20_000,
    'the message',
    () => contact.screen.length,
    (count) => count > 0,
  );
  expect(contact.screen).toHaveLength(1);
}, 60_000);
