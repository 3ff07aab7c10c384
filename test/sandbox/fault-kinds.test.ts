import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { FAULTS, startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Sandbox, SandboxEvents, Settings } from '../../runtime/sandbox/sandbox.ts';
import {
  connectClient,
  disconnect,
  linkedClient,
  next,
  receives,
  textOf,
  type WhatsAppClient,
} from '../support/baileys-client.ts';
import { within } from '../support/deadline.ts';

const DEADLINE_MS = 10_000;
let sandbox: Sandbox;
let account: Account;
let client: WhatsAppClient;

beforeAll(async () => {
  sandbox = await startSandbox({ preKeyStock: 'ample' });
  account = sandbox.account('15550100001');
  client = await linkedClient(sandbox, account);
});

afterEach(() => sandbox.trouble.stopAll());

afterAll(async () => {
  await disconnect(client);
  await sandbox.stop();
  expect(sandbox.unhandled).toEqual([]);
});

/** A client that is in, whatever the test before did to it. */
async function inside(): Promise<WhatsAppClient> {
  if (!account.isOnline() || !client.socket.ws.isOpen) {
    client = connectClient(sandbox, client.auth);
    await next(client, 'open');
    containCorruptFrames(client);
  }
  return client;
}

/** A bare client dies of a frame it cannot decrypt (B1): nobody catches what its handler throws. */
function containCorruptFrames({ socket }: WhatsAppClient): void {
  for (const listener of socket.ws.listeners('message') as ((data: Uint8Array) => Promise<void>)[]) {
    socket.ws.off('message', listener);
    socket.ws.on('message', (data: Uint8Array) => {
      Promise.resolve(listener(data)).catch((error: Error) => void socket.end(error));
    });
  }
}

/** Begins a fault, for the one account where it can be. */
const begin = (name: string, settings: Settings = {}) => {
  const isForOne = FAULTS.some((kind) => kind.name === name && kind.scope === 'account');
  return sandbox.trouble.begin({ name, settings, ...(isForOne && { phone: account.phone }) });
};

/** What a new connection of the linked client comes to. */
async function attempt(
  deadlineMs = DEADLINE_MS,
  options: Parameters<typeof connectClient>[2] = {},
): Promise<number | 'open' | 'nothing'> {
  await disconnect(client);
  client = connectClient(sandbox, client.auth, options);
  const { promise: outcome, resolve } = Promise.withResolvers<number | 'open'>();
  client.events.once('open', () => resolve('open'));
  client.events.once('close', (code) => resolve(code));
  return await within(deadlineMs, 'an outcome', outcome).catch(() => 'nothing' as const);
}

describe('a connection that is open ends with', () => {
  const codes = [401, 403, 405, 408, 411, 428, 429, 440, 500, 503, 515, 516, 599];
  test.each<[string, Settings, number]>([
    ...codes.map((code): [string, Settings, number] => ['stream-error', { code }, code]),
    ['stream-error-without-code', {}, 500],
    ['stream-error-without-code', { child: 'sandbox-future' }, 500],
    ['replaced', {}, 440],
    ['downgrade', {}, 411],
    ['stream-end', {}, 428],
    ['websocket-close', { code: 1000 }, 428],
    ['websocket-close', { code: 1011 }, 428],
    ['tcp-end', {}, 428],
    ['tcp-reset', {}, 428],
  ])('%s %j: %i', async (name, settings, code) => {
    await inside();
    const closed = next(client, 'close');
    begin(name, settings);
    expect(await closed).toEqual([code]);
  });

  test.each([
    'corrupt-frame',
    'corrupt-frames',
    'truncated-frame',
    'oversized-frame',
    'repeated-frame',
    'garbage-stanza',
  ])('%s: an error the client does not catch', async (name) => {
    await inside();
    const closed = next(client, 'close');
    begin(name);
    expect((await closed)[0]).not.toBe(401);
  });
});

/** Those that clients of the same server know names for, and those they may meet. */
const REASONS = [400, 401, 402, 403, 405, 406, 408, 409, 411, 413, 414, 415, 418, 429, 500, 501, 503];

describe('a client that wants in', () => {
  test.each<[string, Settings, number | 'nothing']>([
    ...REASONS.map((reason): [string, Settings, number] => ['login-failure', { reason }, reason]),
    ['login-failure-without-reason', {}, 500],
    ['temporary-ban', {}, 402],
    ['version-refused', {}, 405],
    ['handshake-hang', { step: 'upgrade' }, 'nothing'],
    ['handshake-hang', { step: 'hello' }, 'nothing'],
    ['handshake-hang', { step: 'finish' }, 'nothing'],
    ['login-hang', {}, 'nothing'],
    ['upgrade-status', { status: 503 }, 'nothing'],
    ['query-unanswered', { xmlns: 'encrypt' }, 'nothing'],
    ['query-unanswered', { xmlns: 'passive' }, 'nothing'],
    ['upgrade-reset', {}, 408],
    ['wrong-certificate', { flaw: 'issuer' }, 400],
  ])('meets %s %j: %s', async (name, settings, outcome) => {
    await inside();
    begin(name, settings);
    expect(await attempt(outcome === 'nothing' ? 700 : DEADLINE_MS)).toBe(outcome);
    if (outcome === 'nothing') client.socket.ws.emit('close', new Error('given up'));
    sandbox.trouble.stopAll();
    expect(await attempt()).toBe('open');
  });

  test.each(['upgrade', 'hello'])('gives up on a server that is silent at the %s, and finds it again', async (step) => {
    begin('handshake-hang', { step });
    expect(await attempt(DEADLINE_MS, { connectTimeoutMs: 400 })).toBe(408);
    sandbox.trouble.stopAll();
    expect(await attempt()).toBe('open');
  });

  test('meets a server that is down, and then one that is up again at the same place', async () => {
    await inside();
    const closed = next(client, 'close');
    sandbox.trouble.begin({ name: 'down' });
    expect(await closed).toEqual([428]);
    expect(await attempt()).toBe(408);
    sandbox.trouble.stopAll();
    await expect(attempt().then((first) => (first === 'open' ? first : attempt()))).resolves.toBe('open');
  });
});

describe('while it lasts', () => {
  test('nothing passes a frozen connection, and what came meanwhile is there after the next login', async () => {
    await inside();
    begin('frozen');
    await sandbox.contact('15550100011').say(account, 'through the ice');
    const pinged = client.socket.query({
      tag: 'iq',
      attrs: { to: '@s.whatsapp.net', type: 'get', xmlns: 'w:p' },
      content: [{ tag: 'ping', attrs: {} }],
    });
    pinged.catch(() => undefined);
    await expect(within(300, 'a pong', pinged)).rejects.toThrow('not within');
    (client.socket.ws as unknown as { socket: { terminate(): void } }).socket.terminate();
    expect(await attempt()).toBe('open');
    await receives(client, 'the text', (message) => textOf(message) === 'through the ice');
  });

  test('a deaf account is told nothing, and all of it at the next login', async () => {
    await inside();
    begin('deaf');
    await sandbox.contact('15550100012').say(account, 'can you hear me?');
    expect(account.linkedDevices()[0]?.waiting).toBe(1);
    sandbox.trouble.stopAll();
    expect(await attempt()).toBe('open');
    await receives(client, 'the text', (message) => textOf(message) === 'can you hear me?');
  });

  test("one account's messages are refused, lost or not acknowledged, and another's are taken", async () => {
    await inside();
    const other = await linkedClient(sandbox, sandbox.account('15550100002'));
    const friend = sandbox.contact('15550100014');
    for (const [name, acked] of [
      ['messages-refused', '479'],
      ['messages-lost', 'nothing'],
      ['acks-lost', 'nothing'],
    ]) {
      const fault = begin(name ?? '');
      const theirs = next(other, 'ack');
      await other.socket.sendMessage(friend.jid, { text: `theirs, ${name}` });
      expect((await theirs)[1]).toBeUndefined();
      const ours = next(client, 'ack').then(([, error]) => error ?? 'taken');
      ours.catch(() => undefined);
      await client.socket.sendMessage(friend.jid, { text: `ours, ${name}` });
      expect(await within(acked === 'nothing' ? 300 : DEADLINE_MS, 'an ack', ours).catch(() => 'nothing')).toBe(acked);
      fault?.stop();
      const again = next(client, 'ack');
      await client.socket.sendMessage(friend.jid, { text: `again, ${name}` });
      expect((await again)[1]).toBeUndefined();
      await ours.catch(() => undefined);
    }
    await friend.waitForMessage(({ text }) => text === 'ours, acks-lost', DEADLINE_MS);
    expect(friend.screen.some(({ text }) => text === 'ours, messages-lost' || text === 'ours, messages-refused')).toBe(
      false,
    );
    await disconnect(other);
  });

  test('a slow server answers late', async () => {
    await inside();
    begin('slow', { ms: 200 });
    const began = performance.now();
    await client.socket.onWhatsApp('15550100011');
    expect(performance.now() - began).toBeGreaterThan(190);
  });

  test('a slow server says what it had to say, its last word too, before it ends a connection', async () => {
    await inside();
    const said: string[] = [];
    const note = ({ direction, node }: SandboxEvents['stanza'][0]) => direction === 'out' && said.push(node.tag);
    sandbox.events.on('stanza', note);
    begin('slow', { ms: 5_000 });
    await sandbox.contact('15550100015').say(account, 'just in time');
    expect(said).toEqual([]);
    const closed = next(client, 'close');
    begin('stream-error', { code: 516 });
    expect(await closed).toEqual([516]);
    sandbox.events.off('stanza', note);
    expect(said).toEqual(['message', 'stream:error']);
  });

  test.each([
    ['pings-unanswered', 'w:p', 'nothing'],
    ['query-unanswered', 'usync', 'nothing'],
    ['query-refused', 'usync', 'an error'],
  ])('%s', async (name, xmlns, expected) => {
    await inside();
    begin(name);
    const tag = xmlns === 'w:p' ? 'ping' : 'usync';
    const asked = client.socket.query({
      tag: 'iq',
      attrs: { to: '@s.whatsapp.net', type: 'get', xmlns },
      content: [{ tag, attrs: {}, content: [] }],
    });
    const outcome = await within(400, 'an answer', asked).then(
      () => 'an answer',
      (error: Error) => (/not within/.test(error.message) ? 'nothing' : 'an error'),
    );
    expect(outcome).toBe(expected);
  });

  test.each(['unknown-notification', 'unknown-stanza', 'unknown-info', 'unknown-receipt'])(
    'the client outlives an %s, and goes on',
    async (name) => {
      await inside();
      begin(name);
      const { messageId } = await sandbox.contact('15550100013').say(account, `after ${name}`);
      await receives(client, 'the text', ({ key }) => key.id === messageId);
    },
  );
});
