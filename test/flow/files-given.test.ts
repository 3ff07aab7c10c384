/** Files by their URL and as uploads. */
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openProxy, type Contact, type Proxy, type ScreenMessage } from '../../runtime/sandbox/sandbox.ts';
import { startFileHost, type FileHost } from '../support/file-host.ts';
import { API_KEY, PHONE, startFlow, type Flow } from '../support/flow.ts';
import { SAMPLES } from '../support/sample-files.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { trustMediaHost } from '../support/trust.ts';

const DEADLINE_MS = 15_000;
const MAX_BYTES = 400_000;
const BIG = randomBytes(300_000);
let flow: Flow;
let receiver: Receiver;
let host: FileHost;
let proxy: Proxy;
let ann: Contact;
let nextPhone = 15_550_100_501;

beforeAll(async () => {
  receiver = await startReceiver();
  host = await startFileHost({
    'bench.jpg': SAMPLES.jpeg,
    'tone.mp3': SAMPLES.mp3,
    'big.bin': BIG,
    'too-big.bin': randomBytes(MAX_BYTES + 1),
  });
  proxy = await openProxy({ kind: 'socks5' });
  flow = await startFlow({ MEDIA_MAX_BYTES: String(MAX_BYTES), MEDIA_FETCH_TIMEOUT_MS: '1500' });
  trustMediaHost(flow.sandbox);
  await flow.link('sales', PHONE, { webhookUrl: receiver.url, proxyUrl: proxy.url });
}, 60_000);
afterAll(async () => {
  expect(readdirSync(join(flow.directory, 'sales', 'outgoing'))).toEqual([]);
  await flow.end();
  await proxy.close();
  await host.close();
  await receiver.stop();
}, 30_000);

async function friend(): Promise<Contact> {
  ann = flow.sandbox.contact(String(nextPhone++));
  const { messageId } = await ann.say(flow.sandbox.account(PHONE), 'hello');
  await receiver.next(({ data }) => data.messageId === messageId);
  return ann;
}

const row = (messageId: string): Promise<ScreenMessage> =>
  ann.waitForMessage((message) => message.messageId === messageId, DEADLINE_MS);
const body = (what: object) => ({ sessionId: 'sales', to: ann.phone, ...what });
const send = (kind: string, what: object, headers = {}) => flow.call('POST', `/messages/${kind}`, body(what), headers);

describe('a file by its URL', () => {
  test("is fetched through the session's proxy, as the upload goes through it, and is on the screen byte for byte", async () => {
    await friend();
    const before = proxy.destinations.get(new URL(host.url).host)?.connections ?? 0;
    const { status, body: answer } = await send('image', { url: `${host.url}/bench.jpg`, caption: 'by URL' });
    expect(status).toBe(202);
    const shown = await row(answer.data.messageId);
    expect(shown).toMatchObject({ kind: 'image', text: 'by URL' });
    expect(SAMPLES.jpeg.equals(await shown.file())).toBe(true);
    expect(proxy.destinations.get(new URL(host.url).host)?.connections).toBe(before + 1);
    expect([...proxy.destinations.keys()]).toContain(`127.0.0.1:${flow.sandbox.media.port}`);
  });

  test('says what it is and what it is called, when the caller does not', async () => {
    await friend();
    const named = await send('document', { url: `${host.url}/named/big.bin` });
    const shown = await row(named.body.data.messageId);
    expect(shown.content.documentMessage).toMatchObject({ fileName: 'liste été.csv', mimetype: 'text/csv' });
    expect(BIG.equals(await shown.file())).toBe(true);
    const plain = await send('document', { url: `${host.url}/tone.mp3?page=1` });
    expect((await row(plain.body.data.messageId)).content.documentMessage).toMatchObject({
      fileName: 'tone.mp3',
      mimetype: 'audio/mpeg',
    });
    const said = await send('document', {
      url: `${host.url}/bench.jpg`,
      fileName: 'a/b\\c.pdf',
      mimetype: 'application/pdf',
    });
    expect((await row(said.body.data.messageId)).content.documentMessage).toMatchObject({
      fileName: 'a_b_c.pdf',
      mimetype: 'application/pdf',
    });
  });

  test('may be behind a password and a redirect', async () => {
    await friend();
    const url = new URL(`${host.url}/locked/bench.jpg`);
    url.username = 'ann';
    url.password = 'se cret';
    expect((await send('image', { url: url.href })).status).toBe(202);
    expect((await send('image', { url: `${host.url}/moved/tone.mp3` })).body.error.details).toEqual([
      expect.stringContaining('audio/mpeg'),
    ]);
  });

  test('is fetched once for one Idempotency-Key', async () => {
    await friend();
    const key = { 'idempotency-key': 'by-url' };
    const what = { url: `${host.url}/bench.jpg?once` };
    const first = await send('image', what, key);
    const fetched = host.asked.length;
    const second = await send('image', what, key);
    expect(second.body.data.messageId).toBe(first.body.data.messageId);
    expect(host.asked).toHaveLength(fetched);
    expect((await send('image', { url: `${host.url}/bench.jpg?twice` }, key)).body.error.code).toBe(
      'idempotency_conflict',
    );
    await row(first.body.data.messageId);
    expect(ann.screen).toHaveLength(1);
  });

  const far = (to: string) => `/elsewhere/bench.jpg?to=${encodeURIComponent(to)}`;
  test.each<[string, string, number, string, RegExp | undefined]>([
    ['is no web address', 'ftp://example.com/a.jpg', 400, 'invalid_file_url', undefined],
    ['is no address', 'a.jpg', 400, 'invalid_file_url', undefined],
    ['leads into a private network', 'http://10.0.0.1/a.jpg', 400, 'address_not_allowed', undefined],
    [
      'leads to the metadata of a cloud',
      'http://169.254.169.254/latest/meta-data/',
      400,
      'address_not_allowed',
      undefined,
    ],
    ['hides a private address as a number', 'http://167772161/a.jpg', 400, 'address_not_allowed', undefined],
    ['hides a private address in octal', 'http://012.0.0.1/a.jpg', 400, 'address_not_allowed', undefined],
    ['hides a private address as IPv6', 'http://[::ffff:10.0.0.1]/a.jpg', 400, 'address_not_allowed', undefined],
    ['is sent on into a private network', far('http://192.168.1.1/a.jpg'), 400, 'address_not_allowed', undefined],
    ['is sent on to what is no web address', far('file:///etc/passwd'), 400, 'invalid_file_url', undefined],
    ['goes in a circle', '/circle/bench.jpg', 422, 'file_not_fetched', /redirects/],
    ['is not there', '/missing.jpg', 422, 'file_not_fetched', /HTTP 404/],
    ['wants a password', '/locked/bench.jpg', 422, 'file_not_fetched', /HTTP 401/],
    ['breaks off', '/cut/big.bin', 422, 'file_not_fetched', /./],
    ['says nothing more', '/silent/big.bin', 422, 'file_not_fetched', /too long/],
    ['comes compressed', '/gzip/bench.jpg', 422, 'file_not_fetched', /gzip/],
    ['says that it is too large', '/too-big.bin', 413, 'file_too_large', undefined],
    ['never ends', '/endless/big.bin', 413, 'file_too_large', undefined],
    ['is no host', 'http://127.0.0.1:1/a.jpg', 422, 'file_not_fetched', /the proxy/],
  ])('that %s is refused at once, and nothing stays', async (_what, url, status, code, details) => {
    await friend();
    const answer = await send('document', { url: url.startsWith('/') ? host.url + url : url });
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    if (details) expect(answer.body.error.details.join('\n')).toMatch(details);
    expect(answer.body.error.details.join('\n')).not.toContain(host.url);
  });

  test('is not fetched around a proxy that is down', async () => {
    await friend();
    const before = host.asked.length;
    proxy.faults.refuse = true;
    const answer = await send('image', { url: `${host.url}/bench.jpg` });
    proxy.faults.refuse = false;
    expect(answer.body.error).toMatchObject({
      code: 'file_not_fetched',
      details: [expect.stringMatching(/^the proxy/)],
    });
    expect(host.asked).toHaveLength(before);
  });
});

describe('an upload', () => {
  /** As a browser or curl sends a form. */
  async function upload(kind: string, fields: [string, string | Blob, string?][]) {
    const form = new FormData();
    for (const [name, value, fileName] of fields) {
      if (typeof value === 'string') form.append(name, value);
      else form.append(name, value, fileName);
    }
    const headers = { authorization: `Bearer ${API_KEY}` };
    const response = await fetch(`${flow.app?.url}/messages/${kind}`, { method: 'POST', headers, body: form });
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    return { status: response.status, body: (await response.json()) as any };
  }
  const blob = (bytes: Buffer, type = '') => new Blob([new Uint8Array(bytes)], { type });
  const fields = (): [string, string][] => [
    ['sessionId', 'sales'],
    ['to', ann.phone],
  ];

  test('with its fields before it is on the screen byte for byte', async () => {
    await friend();
    const { status, body: answer } = await upload('document', [
      ...fields(),
      ['caption', 'for @15550100598 and @15550100599'],
      ['mentions', '15550100598'],
      ['mentions', '15550100599'],
      ['readBefore', 'false'],
      ['ttl', '60'],
      ['file', blob(BIG, 'application/zip'), 'all.zip'],
    ]);
    expect([status, answer.error]).toEqual([202, undefined]);
    const shown = await row(answer.data.messageId);
    expect(shown.content.documentMessage).toMatchObject({
      fileName: 'all.zip',
      mimetype: 'application/zip',
      contextInfo: { mentionedJid: ['15550100598@s.whatsapp.net', '15550100599@s.whatsapp.net'] },
    });
    expect(BIG.equals(await shown.file())).toBe(true);
  });

  test.each<[string, () => [string, string | Blob, string?][], number, string, RegExp | undefined]>([
    ['has no file', fields, 400, 'invalid_request', /^file: is missing/],
    [
      'has its file first',
      () => [['file', blob(SAMPLES.jpeg), 'a.jpg'], ...fields()],
      400,
      'invalid_request',
      /sessionId: is missing/,
    ],
    [
      'says more after its file',
      () => [...fields(), ['file', blob(SAMPLES.jpeg), 'a.jpg'], ['caption', 'late']],
      400,
      'invalid_request',
      /^file: must be the last/,
    ],
    [
      'has an unknown field',
      () => [...fields(), ['colour', 'red'], ['file', blob(SAMPLES.jpeg), 'a.jpg']],
      400,
      'invalid_request',
      /^colour: is not a known field/,
    ],
    [
      'has a wrong field',
      () => [...fields(), ['ttl', 'soon'], ['file', blob(SAMPLES.jpeg), 'a.jpg']],
      400,
      'invalid_request',
      /^ttl: /,
    ],
    [
      'also names a URL',
      () => [...fields(), ['url', `${host.url}/bench.jpg`], ['file', blob(SAMPLES.jpeg), 'a.jpg']],
      400,
      'invalid_request',
      /^base64: give/,
    ],
    [
      'is too large',
      () => [...fields(), ['file', blob(randomBytes(MAX_BYTES + 1)), 'a.jpg']],
      413,
      'file_too_large',
      undefined,
    ],
    ['is no picture', () => [...fields(), ['file', blob(SAMPLES.mp3), 'a.jpg']], 400, 'file_not_usable', /audio\/mpeg/],
    ['is empty', () => [...fields(), ['file', blob(Buffer.alloc(0)), 'a.jpg']], 400, 'file_not_usable', /empty/],
  ])('that %s is refused', async (_what, form, status, code, details) => {
    await friend();
    const answer = await upload(code === 'file_too_large' ? 'document' : 'image', form());
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    if (details) expect(answer.body.error.details.join('\n')).toMatch(details);
  });
});
