/**
 * Every kind of traffic a session makes arrives by its own proxy and none around it, while proxies die, hang and return.
 * Counted at both ends: what the proxies opened, and what WhatsApp, its media host and a web server accepted.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { openProxy, type Contact, type Proxy } from '../../runtime/sandbox/sandbox.ts';
import { eventually } from '../support/deadline.ts';
import { startFileHost, type FileHost } from '../support/file-host.ts';
import { PHONE, startFlow, type Flow } from '../support/flow.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { SAMPLES } from '../support/sample-files.ts';
import { trustMediaHost } from '../support/trust.ts';

const OTHER_PHONE = '15550100002';
const DEADLINE_MS = 20_000;
const PAGE = Buffer.from('<html><head><title>Bench</title></head><body></body></html>');
let flow: Flow;
let receiver: Receiver;
let host: FileHost;
let own: Proxy;
let others: Proxy;
let ann: Contact;

/** Connections accepted by any server of this process, by its port. */
const accepted = new Map<number, number>();
const count = (message: unknown) => {
  const { localPort = 0 } = (message as { socket: Socket }).socket;
  accepted.set(localPort, (accepted.get(localPort) ?? 0) + 1);
};

beforeAll(async () => {
  subscribe('net.server.socket', count);
  receiver = await startReceiver();
  host = await startFileHost({ 'bench.jpg': SAMPLES.jpeg, 'page.html': PAGE });
  own = await openProxy({ kind: 'socks5', user: 'me', password: 'one' });
  others = await openProxy({ kind: 'http', user: 'you', password: 'two' });
  flow = await startFlow({ PROXY_POOL: others.url, CONNECT_TIMEOUT_MS: '800', MEDIA_TIMEOUT_MS: '1500' });
  trustMediaHost(flow.sandbox);
  await flow.link('sales', PHONE, { webhookUrl: receiver.url, proxyUrl: own.url });
  await flow.link('other', OTHER_PHONE);
  ann = flow.sandbox.contact('15550100901', { name: 'Ann' });
  await hear();
}, 60_000);
afterAll(async () => {
  await flow.end([/request failed/, /a proxy is in quarantine/]);
  for (const each of [own, others, host]) await each.close();
  await receiver.stop();
  unsubscribe('net.server.socket', count);
}, 30_000);
afterEach(() => {
  for (const port of ports()) expect([port, around(port)]).toEqual([port, 0]);
  expect([...others.destinations.keys()]).toEqual([new URL(flow.sandbox.url).host]);
});

const portOf = (url: string) => Number(new URL(url).port);
const ports = () => [portOf(flow.sandbox.url), flow.sandbox.media.port, portOf(host.url)];
const through = (proxy: Proxy, port: number) =>
  [...proxy.destinations].reduce((sum, [to, one]) => (to.endsWith(`:${port}`) ? sum + one.connections : sum), 0);
/** Connections that came to this port by no proxy. */
const around = (port: number) => (accepted.get(port) ?? 0) - through(own, port) - through(others, port);
const carried = (port: number) => [...own.destinations].find(([to]) => to.endsWith(`:${port}`))?.[1];

async function hear(): Promise<void> {
  const { messageId } = await ann.say(flow.sandbox.account(PHONE), 'hello');
  await receiver.next(({ data }) => data.messageId === messageId);
}

/** Sends, and resolves when it is on Ann's screen. */
async function send(kind: string, what: object): Promise<void> {
  const path = `/messages/${kind}`;
  const { status, body } = await flow.call('POST', path, { sessionId: 'sales', to: ann.phone, ...what });
  expect([status, body.error]).toEqual([202, undefined]);
  await ann.waitForMessage(({ messageId }) => messageId === body.data.messageId, DEADLINE_MS);
}

const picture = async () => {
  const { messageId } = await ann.sendFile(flow.sandbox.account(PHONE), {
    ...{ kind: 'image', bytes: Buffer.from(SAMPLES.jpeg), mime: 'image/jpeg' },
  });
  return (await receiver.next(({ data }) => data.messageId === messageId, DEADLINE_MS)).data.media.url as string;
};
const fetched = async (url: string) =>
  (await fetch(new URL(url, flow.app?.url), { headers: { authorization: 'Bearer test-key-0123456789' } })).status;

describe('a session sends and gets by its own proxy', () => {
  test('texts and what is asked about numbers', async () => {
    const before = carried(portOf(flow.sandbox.url))?.up ?? 0;
    await send('text', { text: 'hello' });
    const { status } = await flow.call('POST', '/contacts/check', { sessionId: 'sales', phones: ['+15550100902'] });
    expect(status).toBe(200);
    expect(carried(portOf(flow.sandbox.url))?.up).toBeGreaterThan(before + 100);
  }, 30_000);

  test('a file by its URL: fetched, and uploaded', async () => {
    await send('image', { url: `${host.url}/bench.jpg` });
    expect(carried(portOf(host.url))?.down).toBeGreaterThanOrEqual(SAMPLES.jpeg.length);
    expect(carried(flow.sandbox.media.port)?.up).toBeGreaterThanOrEqual(SAMPLES.jpeg.length);
  }, 30_000);

  test('the page that a link preview shows', async () => {
    const before = carried(portOf(host.url))?.connections ?? 0;
    await send('text', { text: `see ${host.url}/page.html`, linkPreview: true });
    expect(host.asked).toContain('/page.html');
    expect(carried(portOf(host.url))?.connections).toBeGreaterThan(before);
  }, 30_000);

  test('the picture of a person', async () => {
    ann.setPicture(SAMPLES.jpeg);
    const before = carried(flow.sandbox.media.port)?.down ?? 0;
    expect(await fetched(`/sessions/sales/chats/${ann.phone}/picture`)).toBe(200);
    expect(carried(flow.sandbox.media.port)?.down).toBeGreaterThanOrEqual(before + SAMPLES.jpeg.length);
  }, 30_000);

  test('a file that came with a message', async () => {
    const before = carried(flow.sandbox.media.port)?.down ?? 0;
    expect(await fetched(await picture())).toBe(200);
    expect(carried(flow.sandbox.media.port)?.down).toBeGreaterThanOrEqual(before + SAMPLES.jpeg.length);
  }, 30_000);
});

test.each(['down', 'hang'] as const)(
  'while the proxy is %s nothing goes around it; all goes on when it is back',
  async (fault) => {
    // Somebody else each time: who gets three messages in a row waits for the fourth.
    ann = flow.sandbox.contact(fault === 'down' ? '15550100911' : '15550100912');
    await hear();
    const url = await picture();
    own.faults[fault] = true;
    own.cut();
    expect(await fetched(url)).toBeGreaterThanOrEqual(500);
    const given = (what: object) => ({ sessionId: 'sales', to: ann.phone, ...what });
    const byUrl = await flow.call('POST', '/messages/image', given({ url: `${host.url}/bench.jpg`, caption: fault }));
    expect(byUrl).toMatchObject({ status: 422, body: { error: { code: 'file_not_fetched' } } });
    const show = async () => (await flow.call('GET', '/sessions/sales')).body.data;
    await eventually(DEADLINE_MS, 'the reason', show, ({ reason }) => reason.code === 'proxy_failed');
    const waiting = await flow.call(
      'POST',
      '/messages/image',
      given({ base64: SAMPLES.png.toString('base64'), caption: fault }),
    );
    expect(waiting.status).toBe(202);
    own.faults[fault] = false;
    await flow.call('POST', '/sessions/sales/reconnect');
    await flow.reaches('sales', 'connected');
    await ann.waitForMessage(({ messageId }) => messageId === waiting.body.data.messageId, DEADLINE_MS);
    expect(await fetched(url)).toBe(200);
  },
  60_000,
);
