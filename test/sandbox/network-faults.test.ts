import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { downloadMediaMessage } from '@whiskeysockets/baileys';
import type { WAMessage } from '@whiskeysockets/baileys';
import { parseScenario, runScenario } from '../../runtime/sandbox/scenarios/scenarios.ts';
import { FAULTS, startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Contact, Sandbox, Settings } from '../../runtime/sandbox/sandbox.ts';
import { disconnect, linkedClient, receives } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { controlCaller } from '../support/control-call.ts';
import { eventually } from '../support/deadline.ts';
import { trustMediaHost } from '../support/trust.ts';

const BYTES = Buffer.from('the bytes of a file');
let sandbox: Sandbox;
let account: Account;
let client: WhatsAppClient;
let ann: Contact;

beforeAll(async () => {
  sandbox = await startSandbox({ preKeyStock: 'ample', controlPort: 0 });
  trustMediaHost(sandbox);
  account = sandbox.account('15550100001');
  ann = sandbox.contact('15550100011', { name: 'Ann' });
  client = await linkedClient(sandbox, account);
});

afterEach(() => sandbox.trouble.stopAll());

afterAll(async () => {
  await disconnect(client);
  await sandbox.stop();
  expect(sandbox.unhandled).toEqual([]);
  // It says of each host that it could not upload there, which is what was to happen.
  const others = client.complaints.filter(
    (line) => !/upload/i.test(String((JSON.parse(line) as { msg?: string }).msg)),
  );
  expect(others).toEqual([]);
});

const call = controlCaller(() => sandbox.controlUrl);
const begin = (name: string, settings: Settings = {}) => sandbox.trouble.begin({ name, settings });

/** Nothing has changed but what is named. */
const well = { uploadStatus: null, downloadStatus: null, truncate: false, flipByte: false, delayMs: 0, hang: false };

describe('what goes wrong with files', () => {
  let message: WAMessage;

  beforeAll(async () => {
    const { messageId } = await ann.sendFile(account, { kind: 'document', bytes: BYTES, mime: 'text/plain' });
    message = await receives(client, 'the file', ({ key }) => key.id === messageId);
  });

  const download = () => downloadMediaMessage(message, 'buffer', {});

  test.each<[string, Settings, object]>([
    ['media-download-status', { status: 410 }, { downloadStatus: 410 }],
    ['media-flipped', {}, { flipByte: true }],
  ])('%s %j: the client cannot open a file, and can when it is over', async (name, settings, changed) => {
    const fault = begin(name, settings);
    expect(sandbox.media.faults).toEqual({ ...well, ...changed });
    const opened = download().then(
      (bytes) => BYTES.equals(bytes),
      () => false,
    );
    expect(await opened).toBe(false);
    fault?.stop();
    expect(sandbox.media.faults).toEqual(well);
    expect(BYTES.equals(await download())).toBe(true);
  });

  // The client's own download never ends when its connection does.
  test.each<[string, object]>([
    ['media-truncated', { truncate: true }],
    ['media-hang', { hang: true }],
  ])('%s: a download does not come to its end, and does when it is over', async (name, changed) => {
    const { url } = message.message?.documentMessage ?? {};
    const read = async () => (await fetch(url ?? '', { signal: AbortSignal.timeout(500) })).arrayBuffer();
    const whole = (await read()).byteLength;
    const fault = begin(name);
    expect(sandbox.media.faults).toEqual({ ...well, ...changed });
    await expect(read()).rejects.toThrow();
    fault?.stop();
    expect(sandbox.media.faults).toEqual(well);
    expect((await read()).byteLength).toBe(whole);
  });

  test('media-slow makes it wait', async () => {
    begin('media-slow', { ms: 150 });
    const began = performance.now();
    await download();
    expect(performance.now() - began).toBeGreaterThanOrEqual(145);
  });

  test('media-upload-status: the client cannot send a file', async () => {
    const fault = begin('media-upload-status', { status: 413 });
    const send = () => client.socket.sendMessage(ann.jid, { document: BYTES, mimetype: 'text/plain' });
    await expect(send()).rejects.toThrow();
    fault?.stop();
    expect(await send()).toBeDefined();
  });

  test('media-down: nothing listens, until it is over', async () => {
    const fault = begin('media-down');
    await expect(download()).rejects.toThrow();
    fault?.stop();
    const back = () => download().catch(() => null);
    await eventually(5_000, 'the host', back, (bytes) => bytes !== null);
  });

  test('a file is taken from the host over HTTP', async () => {
    const { messageId } = await ann.sendFile(account, { kind: 'document', bytes: BYTES, mime: 'text/plain' });
    const gone = await receives(client, 'the file', ({ key }) => key.id === messageId);
    const path = `/contacts/${ann.phone}/forget-file`;
    expect(await call('POST', path, { messageId })).toEqual({ status: 200, body: {} });
    await expect(downloadMediaMessage(gone, 'buffer', {})).rejects.toThrow();
    expect((await call('POST', path, { messageId })).status).toBe(404);
  });

  test('media-lost: the phone cannot upload again what is gone, and can when it is over', async () => {
    const { messageId } = await ann.sendFile(account, { kind: 'image', bytes: BYTES, mime: 'image/jpeg' });
    const gone = await receives(client, 'the file', ({ key }) => key.id === messageId);
    sandbox.media.forget(gone.message?.imageMessage?.directPath ?? '');
    const fault = sandbox.trouble.begin({ name: 'media-lost', phone: account.phone });
    await expect(client.socket.updateMediaMessage(gone)).rejects.toThrow('NOT_FOUND');
    fault?.stop();
    const found = await client.socket.updateMediaMessage(gone);
    expect(BYTES.equals(await downloadMediaMessage(found, 'buffer', {}))).toBe(true);
  });

  test('faults that change one thing leave it as it was, in whichever order they end', () => {
    const first = begin('media-slow', { ms: 10 });
    const second = begin('media-slow', { ms: 20 });
    const third = begin('media-hang');
    expect(sandbox.media.faults).toMatchObject({ delayMs: 20, hang: true });
    first?.stop();
    expect(sandbox.media.faults).toMatchObject({ delayMs: 20, hang: true });
    third?.stop();
    second?.stop();
    expect(sandbox.media.faults).toEqual(well);
  });
});

test.each<[string, Settings, RegExp]>([
  ['media-upload-status', { status: 200 }, /status must be an HTTP status of a refusal/],
  ['media-slow', { ms: -1 }, /ms must be 0 to/],
  ['proxy-hang', {}, /no proxy is open; POST \/proxies opens one/],
  ['proxy-cut', { proxy: 'p99' }, /there is no proxy p99/],
  ['relay-frozen', {}, /no relay is open; POST \/relays opens one/],
  ['proxy-throttle', { bytesPerSecond: 0 }, /bytesPerSecond must be at least 1/],
])('%s %j is refused and changes nothing', (name, settings, sentence) => {
  expect(() => begin(name, settings)).toThrow(sentence);
  expect(sandbox.trouble.active.size).toBe(0);
  expect(sandbox.media.faults).toEqual(well);
});

describe('over HTTP', () => {
  test('a proxy is opened, used, looked at, put into trouble and closed', async () => {
    const opened = await call('POST', '/proxies', { kind: 'socks5', user: 'me', password: 'secret' });
    const { id, port, url } = opened.body;
    expect(opened).toMatchObject({ status: 200, body: { kind: 'socks5', open: 0, destinations: [] } });
    expect(url).toBe(`socks5://me:secret@127.0.0.1:${port}`);
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    socket.end(Buffer.from([5, 1, 2, 1, 2, 'm'.charCodeAt(0), 'e'.charCodeAt(0), 1, 'x'.charCodeAt(0)])).resume();
    await once(socket, 'close');
    expect((await call('GET', `/proxies/${id}`)).body).toMatchObject({ id, refusedCredentials: 1 });
    const { fault } = (await call('POST', '/faults', { name: 'proxy-slow', settings: { proxy: id, ms: 7 } })).body;
    expect((await call('GET', '/proxies')).body).toMatchObject({ proxies: [{ id, faults: { delayMs: 7 } }] });
    await call('POST', `/faults/${(fault as { id: string }).id}/stop`);
    expect((await call('GET', `/proxies/${id}`)).body).toMatchObject({ faults: { delayMs: 0 } });
    expect(await call('POST', `/proxies/${id}/close`)).toEqual({ status: 200, body: {} });
    expect((await call('GET', `/proxies/${id}`)).status).toBe(404);
    expect((await call('GET', '/proxies')).body).toEqual({ proxies: [] });
  });

  test('a relay is opened, frozen, thawed, cut and closed', async () => {
    const { id, url, port } = (await call('POST', '/relays', {})).body;
    expect(url).toBe(sandbox.url.replace(/:\d+\//, `:${port}/`));
    const client = connect(Number(port), '127.0.0.1');
    let heard = '';
    client.setEncoding('utf8').on('data', (text: string) => (heard += text));
    client.on('error', () => undefined);
    await once(client, 'connect');
    const isOpen = (open: number) => async () =>
      (((await call('GET', '/relays')).body['relays'] as { open: number }[])[0]?.open ?? -1) === open;
    await eventually(5_000, 'the connection', isOpen(1), (open) => open);
    await call('POST', `/relays/${id}/freeze`);
    client.write('GET / HTTP/1.1\r\nHost: sandbox\r\n\r\n');
    expect(heard).toBe('');
    await call('POST', `/relays/${id}/thaw`);
    await eventually(
      5_000,
      'an answer',
      () => heard,
      (text) => text.startsWith('HTTP/1.1 426'),
    );
    const closed = new Promise((resolve) => client.once('close', resolve));
    await call('POST', `/relays/${id}/cut`);
    await closed;
    expect(await call('POST', `/relays/${id}/close`)).toEqual({ status: 200, body: {} });
    expect((await call('POST', `/relays/${id}/thaw`)).status).toBe(404);
  });

  test.each([
    ['/proxies', { kind: 'https' }, 400, 'kind must be socks5 or http'],
    ['/proxies', { kind: 'http', password: 'secret' }, 400, 'a password needs a user'],
    ['/proxies', { kind: 'http', user: '' }, 400, 'user must have 1 to 255 bytes'],
    ['/proxies', { kind: 'socks5', user: 'é'.repeat(128) }, 400, 'user must have 1 to 255 bytes'],
    ['/relays', { to: 'p99' }, 400, 'there is no proxy p99'],
    ['/relays/r99/freeze', {}, 404, 'nothing r99 is open'],
    ['/proxies/p99/close', {}, 404, 'nothing p99 is open'],
  ])('POST %s %j is refused with a sentence', async (path, body, status, sentence) => {
    expect(await call('POST', path, body)).toEqual({ status, body: { error: expect.stringContaining(sentence) } });
  });

  test('every fault can be begun, and every one that lasts be stopped', async () => {
    await call('POST', '/proxies', { kind: 'http', user: 'me', password: 'secret' });
    await call('POST', '/relays', {});
    const { faults } = (await call('GET', '/faults')).body;
    expect((faults as { name: string }[]).map(({ name }) => name)).toEqual(FAULTS.map(({ name }) => name));
    for (const { name, lasting } of FAULTS.filter((kind) => /^(media|proxy|relay)-/.test(kind.name))) {
      const { status, body } = await call('POST', '/faults', { name });
      expect([name, status]).toEqual([name, 200]);
      if (!lasting) continue;
      const { id } = body['fault'] as { id: string };
      expect((await call('POST', `/faults/${id}/stop`)).status).toBe(200);
    }
    expect(sandbox.trouble.active.size).toBe(0);
    expect(sandbox.media.faults).toEqual(well);
  });
});

test('a scenario has them too', async () => {
  const proxy = await sandbox.network.openProxy({ kind: 'socks5' });
  const steps = `
name: Trouble on the way
contacts:
  ada: { phone: '15550100201' }
steps:
  - fault: proxy-hang
    settings: { proxy: ${proxy.id} }
    during:
      - fault: media-upload-status
        settings: { status: 507 }
        during: [{ wait: 1ms }]
  - fault: relay-frozen
    settings: { relay: r99 }
`;
  const seen: object[] = [];
  sandbox.events.on('fault', ({ name, state }) => seen.push({ name, state, hang: proxy.faults.hang }));
  const report = await runScenario(sandbox, parseScenario(steps, 'way.yaml'), { account: account.phone });
  expect(seen).toEqual([
    { name: 'proxy-hang', state: 'begun', hang: true },
    { name: 'media-upload-status', state: 'begun', hang: true },
    { name: 'media-upload-status', state: 'ended', hang: true },
    { name: 'proxy-hang', state: 'ended', hang: false },
  ]);
  expect(report.steps.at(-1)).toMatchObject({ ok: false, problem: 'there is no relay r99' });
});

const refused = (port: number) => expect(once(connect(port, '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED');

test.each(['down', 'media-down'])(
  'a sandbox that stops while there is the fault %s leaves nothing that listens',
  async (name) => {
    const other = await startSandbox();
    const [port, media] = [Number(new URL(other.url).port), other.media.port];
    const fault = other.trouble.begin({ name });
    fault?.stop();
    other.trouble.begin({ name });
    await other.stop();
    for (const each of [port, media]) {
      const socket = connect(each, '127.0.0.1');
      await expect(once(socket, 'connect')).rejects.toThrow('ECONNREFUSED');
    }
  },
);

test('proxies and relays end with the sandbox', async () => {
  const other = await startSandbox();
  const proxy = await other.network.openProxy({ kind: 'http' });
  const relay = await other.network.openRelay(proxy.id);
  const ports = [proxy.port, relay.port];
  await other.stop();
  expect([other.network.proxies.size, other.network.relays.size]).toEqual([0, 0]);
  for (const port of ports) await refused(port);
  await expect(other.network.openProxy({ kind: 'http' })).rejects.toThrow('the sandbox has stopped');
});
