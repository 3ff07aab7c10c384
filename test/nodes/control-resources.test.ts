/** What Session Control does beside sessions, and linking step by step, from n8n's engine to the runtime and back. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { controlOn } from '../support/control-node.ts';
import { N8nEngine } from '../support/n8n-engine.ts';
import { startRuntime, type RuntimeProcess } from '../support/runtime-process.ts';

const ACCOUNT = '15550100070';
const LINKED = '15550100071';
const SHY = '+15550100072';

let runtime: RuntimeProcess;
let engine: N8nEngine;
const run = controlOn(() => engine);
const json = async (...given: Parameters<typeof run>) => (await run(...given)).map((item) => item.json);

beforeAll(async () => {
  runtime = await startRuntime();
  engine = await N8nEngine.load({ baseUrl: runtime.url, apiKey: runtime.apiKey });
  await runtime.linkedSession('desk', ACCOUNT);
});

afterAll(() => runtime?.stop());

test('linking: first the code as an image, then that it was scanned', async () => {
  const item = [{ session: 'new' }];
  await run('create', { sessionId: 'new' });
  const [first] = await run('link', { shownCode: '', timeout: 30 }, item);
  expect(first?.json).toMatchObject({ outcome: 'scan', linked: false, status: 'qr', qr: expect.any(String) });
  expect(first?.binary?.data).toMatchObject({ mimeType: 'image/png', fileName: 'new-qr.png' });
  const waiting = json('link', { shownCode: String(first?.json.qr), timeout: 60 }, item);
  await runtime.sandbox.scan(LINKED, String(first?.json.qr));
  expect(await waiting).toMatchObject([{ outcome: 'linked', linked: true, phone: `+${LINKED}`, qr: null }]);
  expect(await json('link', { shownCode: '', timeout: 5 }, item)).toMatchObject([{ outcome: 'linked' }]);
  await run('logOut', {}, item);
  // Asked anew, a session at rest is woken; told that its code was shown, it says that it rests.
  expect(await json('link', { shownCode: 'some code', timeout: 5 }, item)).toMatchObject([
    { outcome: 'refused', status: 'logged_out', reason: { code: 'logged_out_by_user' } },
  ]);
  expect(await json('link', { shownCode: '', timeout: 30 }, item)).toMatchObject([{ outcome: 'scan' }]);
  await run('delete', { keepLinked: true }, item);
});

test('linking a session that is not there says so', async () => {
  await expect(json('link', { shownCode: '' }, [{ session: 'nowhere' }])).rejects.toMatchObject({
    message: 'There is no session with this id.',
    context: { itemIndex: 0 },
  });
});

test('somebody opts out, is found, and is let in again', async () => {
  const optOut = { resource: 'optOut', contact: SHY };
  expect(await json('check', optOut)).toEqual([{ optOut: null }]);
  expect(await json('add', { ...optOut, basis: 'asked by phone' })).toMatchObject([{ basis: 'asked by phone' }]);
  expect(await json('check', optOut)).toMatchObject([{ optOut: { basis: 'asked by phone', at: expect.any(Number) } }]);
  expect(await json('getAll', { resource: 'optOut' })).toHaveLength(1);
  expect(await json('remove', optOut)).toEqual([{ removed: true }]);
  expect(await json('getAll', { resource: 'optOut' })).toEqual([]);
  await expect(json('add', { ...optOut, basis: ' ' })).rejects.toMatchObject({ httpCode: '400' });
  await expect(json('check', { ...optOut, contact: 'call me' })).rejects.toMatchObject({
    message: 'The recipient is neither a phone number nor a WhatsApp address.',
  });
});

test('a proxy is added, tried out, chosen for a session, and removed', async () => {
  const proxy = { resource: 'proxy' };
  const { url } = await runtime.sandbox.call<{ url: string }>('POST', '/proxies', { kind: 'socks5' });
  const options = { label: 'first', region: 'here', weight: 2, maxSessions: 3 };
  const [added] = await json('create', { ...proxy, proxyUrl: url, options });
  expect(added).toMatchObject({ protocol: 'socks5', label: 'first', region: 'here', weight: 2, maxSessions: 3 });
  const proxyId = String(added?.proxyId);
  expect(await json('test', { ...proxy, proxyId })).toMatchObject([{ ok: true, error: null }]);
  expect(await json('getAll', proxy)).toMatchObject([{ proxyId }]);
  const choose = (more: object) => json('choose', { ...proxy, ...more });
  expect(await choose({ mode: 'pool', region: 'here' })).toMatchObject([{ proxyMode: 'pool', proxyRegion: 'here' }]);
  expect(await choose({ mode: 'own', proxyUrl: url })).toMatchObject([{ proxyMode: 'own' }]);
  expect(await choose({ mode: 'none' })).toMatchObject([{ proxyMode: 'none', proxy: null }]);
  expect(await json('delete', { ...proxy, proxyId })).toEqual([{ deleted: true, sessions: 0 }]);
  await expect(json('test', { ...proxy, proxyId })).rejects.toMatchObject({
    message: 'There is no proxy with this id in the pool.',
  });
  await expect(json('create', { ...proxy, proxyUrl: 'my proxy', options: {} })).rejects.toMatchObject({
    message: 'The proxy address is not valid.',
  });
});

test("the runtime's health and what changed at WhatsApp", async () => {
  expect(await json('getHealth', { resource: 'runtime' })).toMatchObject([
    { status: 'ok', version: expect.any(String) },
  ]);
  expect(await json('getProtocolReport', { resource: 'runtime' })).toMatchObject([{ period: {}, anomalies: [] }]);
});
