/** The unmodified client behind the sandbox's proxies, through everything that goes wrong with them. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { downloadMediaMessage } from '@whiskeysockets/baileys';
import type { UserFacingSocketConfig } from '@whiskeysockets/baileys';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Contact, Sandbox, SandboxProxy, Settings } from '../../runtime/sandbox/sandbox.ts';
import { openWayOut } from '../../runtime/src/proxy/proxy.ts';
import { connectClient, disconnect, linkedClient, memoryAuth, next, receives } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { within } from '../support/deadline.ts';
import { trustMediaHost } from '../support/trust.ts';

const DEADLINE_MS = 10_000;
const CONNECT_MS = 1_000;
const BYTES = randomBytes(20_000);
let sandbox: Sandbox;
let ann: Contact;
let chat: string;

beforeAll(async () => {
  sandbox = await startSandbox({ preKeyStock: 'ample' });
  trustMediaHost(sandbox);
  ann = sandbox.contact('15550100011', { name: 'Ann' });
  chat = new URL(sandbox.url).host;
});

afterAll(async () => {
  await sandbox.stop();
  expect(sandbox.unhandled).toEqual([]);
});

const wayThrough = (url: string) => {
  const { agent, dispatcher, close } = openWayOut(url, CONNECT_MS);
  const options: Partial<UserFacingSocketConfig> = {
    ...{ agent: agent as never, fetchAgent: agent as never, options: { dispatcher } as object },
    connectTimeoutMs: CONNECT_MS,
  };
  return { options, close };
};

describe.each([
  ['socks5', '15550100001'],
  ['http', '15550100002'],
] as const)('behind a %s proxy that asks for user and password, the client', (kind, phone) => {
  let proxy: SandboxProxy;
  let way: ReturnType<typeof wayThrough>;
  let account: Account;
  let client: WhatsAppClient;

  beforeAll(async () => {
    proxy = await sandbox.network.openProxy({ kind, user: 'us er@', password: 'pä ss/?#' });
    way = wayThrough(proxy.url);
    account = sandbox.account(phone);
    const before = sandbox.acceptedConnections;
    client = await linkedClient(sandbox, account, memoryAuth(), way.options);
    // Nothing of it came any other way.
    expect(proxy.destinations.get(chat)?.connections).toBe(sandbox.acceptedConnections - before);
  });

  afterEach(() => sandbox.trouble.stopAll());

  afterAll(async () => {
    await disconnect(client);
    await way.close();
    await proxy.close();
  });

  const begin = (name: string, settings: Settings = {}) =>
    sandbox.trouble.begin({ name, settings: { proxy: proxy.id, ...settings } });

  /** What a new connection comes to: open, or the code it closes with. */
  async function attempt(options = way.options): Promise<number | 'open'> {
    await disconnect(client);
    client = connectClient(sandbox, client.auth, options);
    const { promise: outcome, resolve } = Promise.withResolvers<number | 'open'>();
    client.events.once('open', () => resolve('open'));
    client.events.once('close', (code) => resolve(code));
    return within(DEADLINE_MS, 'an outcome', outcome);
  }

  const answered = async (words: string) => {
    const text = `${words} by ${kind}`;
    await client.socket.sendMessage(ann.jid, { text });
    await ann.waitForMessage((row) => row.text === text, DEADLINE_MS);
    const { messageId } = await ann.say(account, `${text} indeed`);
    await receives(client, 'the answer', ({ key }) => key.id === messageId);
  };

  test('links, logs in and talks, and the bytes are counted both ways', async () => {
    await answered('hello');
    expect(client.complaints).toEqual([]);
    const { up = 0, down = 0, connections } = proxy.destinations.get(chat) ?? {};
    expect(connections).toBe(2);
    expect(Math.min(up, down)).toBeGreaterThan(1_000);
    expect(proxy.refusedCredentials).toBe(0);
  });

  test('sends and fetches files, which are counted apart', async () => {
    const media = `127.0.0.1:${sandbox.media.port}`;
    const traffic = () => ({ up: 0, down: 0, ...proxy.destinations.get(media) });
    const sent = await client.socket.sendMessage(ann.jid, { document: BYTES, mimetype: 'text/plain' });
    const row = await ann.waitForMessage(({ messageId }) => messageId === sent?.key.id, DEADLINE_MS);
    expect(BYTES.equals(await row.file())).toBe(true);
    expect(traffic().up).toBeGreaterThan(BYTES.length);
    const { messageId } = await ann.sendFile(account, { kind: 'document', bytes: BYTES, mime: 'text/plain' });
    const received = await receives(client, 'the file', ({ key }) => key.id === messageId);
    const bytes = await downloadMediaMessage(received, 'buffer', { options: way.options.options as object });
    expect(BYTES.equals(bytes)).toBe(true);
    expect(traffic().down).toBeGreaterThan(BYTES.length);
  });

  test.each<[string, Settings]>([
    ['proxy-refuse', {}],
    ['proxy-status', { status: 503 }],
    ['proxy-down', {}],
    ['proxy-hang', {}],
    ['proxy-password', { password: 'changed' }],
  ])('does not get in while there is %s %j, and does when it is over', async (name, settings) => {
    const reached = sandbox.acceptedConnections;
    const fault = begin(name, settings);
    expect(await attempt()).not.toBe('open');
    expect(account.isOnline()).toBe(false);
    expect(sandbox.acceptedConnections).toBe(reached);
    fault?.stop();
    expect(await attempt()).toBe('open');
  });

  test('is let in by the right password only', async () => {
    const refused = proxy.refusedCredentials;
    const wrong = wayThrough(`${kind}://us%20er%40:wrong@127.0.0.1:${proxy.port}`);
    expect(await attempt(wrong.options)).not.toBe('open');
    expect(proxy.refusedCredentials).toBe(refused + 1);
    await wrong.close();
    expect(await attempt()).toBe('open');
  });

  test('is cut off, and comes back', async () => {
    const closed = next(client, 'close');
    begin('proxy-cut');
    expect(await closed).toEqual([428]);
    expect(await attempt()).toBe('open');
    await answered('after the cut');
  });

  test('talks slowly through a slow proxy, and keeps the order', async () => {
    const fault = begin('proxy-slow', { ms: 60 });
    const began = performance.now();
    await answered('slowly');
    expect(performance.now() - began).toBeGreaterThan(115);
    fault?.stop();
    const texts = ['one', 'two', 'three'].map((text) => `${text} by ${kind}`);
    for (const text of texts) await client.socket.sendMessage(ann.jid, { text });
    await ann.waitForMessage(({ text }) => text === texts[2], DEADLINE_MS);
    expect(ann.screen.slice(-3).map(({ text }) => text)).toEqual(texts);
  });

  test('talks through a throttled proxy, at its pace', async () => {
    begin('proxy-throttle', { bytesPerSecond: 20_000 });
    const began = performance.now();
    const sent = await client.socket.sendMessage(ann.jid, { document: BYTES, mimetype: 'text/plain' });
    const row = await ann.waitForMessage(({ messageId }) => messageId === sent?.key.id, DEADLINE_MS);
    expect(performance.now() - began).toBeGreaterThan(900);
    expect(BYTES.equals(await row.file())).toBe(true);
  });

  test('hears nothing behind a frozen relay before the proxy, and all of it afterwards', async () => {
    const relay = await sandbox.network.openRelay(proxy.id);
    expect(new URL(relay.url)).toMatchObject({
      protocol: `${kind}:`,
      username: 'us%20er%40',
      port: String(relay.port),
    });
    const behind = wayThrough(relay.url);
    expect(await attempt(behind.options)).toBe('open');
    const frozen = sandbox.trouble.begin({ name: 'relay-frozen', settings: { relay: relay.id } });
    const { messageId } = await ann.say(account, 'behind ice');
    const heard = receives(client, 'the text', ({ key }) => key.id === messageId);
    await expect(within(200, 'a text', heard)).rejects.toThrow('not within');
    frozen?.stop();
    await heard;
    const closed = next(client, 'close');
    sandbox.trouble.begin({ name: 'relay-cut', settings: { relay: relay.id } });
    expect(await closed).toEqual([428]);
    await behind.close();
    await relay.close();
    expect(await attempt()).toBe('open');
  });
});
