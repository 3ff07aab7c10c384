import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Contact, FileToSend } from '../../runtime/sandbox/sandbox.ts';
import { eventually } from '../support/deadline.ts';
import { API_KEY, PHONE, startLinkedFlow, type Flow } from '../support/flow.ts';
import type { Receiver } from '../support/receiver.ts';
import { trustMediaHost } from '../support/trust.ts';

const BYTES = randomBytes(200_001);
const PICTURE: FileToSend = { kind: 'image', bytes: BYTES, mime: 'image/jpeg' };
/** Over and above everything a fetch could be slowed down by here. */
const DEADLINE_MS = 15_000;

let flow: Flow;
let receiver: Receiver;
let ann: Contact;

beforeAll(async () => {
  ({ flow, receiver } = await startLinkedFlow({ MEDIA_TIMEOUT_MS: '1500' }));
  trustMediaHost(flow.sandbox);
  ann = flow.sandbox.contact('15550100401', { name: 'Ann' });
}, 60_000);
afterAll(async () => {
  await flow.end([/request failed/]);
  await receiver.stop();
}, 30_000);
afterEach(() => {
  const { faults } = flow.sandbox.media;
  Object.assign(faults, { downloadStatus: null, truncate: false, flipByte: false, delayMs: 0, hang: false });
});

async function received(file: FileToSend) {
  const { messageId } = await ann.sendFile(flow.sandbox.account(PHONE), file);
  const { data } = await receiver.next((event) => event.event === 'message' && event.data.messageId === messageId);
  return data;
}

async function get(url: string, headers: Record<string, string> = {}, method = 'GET') {
  const response = await fetch(new URL(url, flow.app?.url), {
    method,
    headers: { authorization: `Bearer ${API_KEY}`, ...headers },
  });
  return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
}

async function refused(url: string) {
  const { status, body } = await get(url);
  const { error } = JSON.parse(body.toString());
  return { status, code: error.code, details: error.details };
}

const folder = () => join(flow.directory, 'sales', 'media');
const onDisk = (): string[] => (existsSync(folder()) ? readdirSync(folder()) : []);

describe('a file that came with a message', () => {
  test.each<[FileToSend, object]>([
    [{ kind: 'image', bytes: BYTES, mime: 'image/jpeg', caption: 'the bench' }, { mimetype: 'image/jpeg' }],
    [
      { kind: 'video', bytes: BYTES, mime: 'video/mp4', seconds: 7 },
      { mimetype: 'video/mp4', seconds: 7 },
    ],
    [{ kind: 'video', bytes: BYTES, mime: 'video/mp4', videoNote: true, seconds: 3 }, { seconds: 3 }],
    [
      { kind: 'audio', bytes: BYTES, mime: 'audio/mp4', seconds: 9 },
      { mimetype: 'audio/mp4', seconds: 9 },
    ],
    [{ kind: 'voice', bytes: BYTES, mime: 'audio/ogg; codecs=opus', seconds: 2 }, { seconds: 2 }],
    [
      { kind: 'document', bytes: BYTES, mime: 'application/pdf', fileName: 'plän (1).pdf' },
      { fileName: 'plän (1).pdf' },
    ],
    [
      { kind: 'sticker', bytes: Buffer.from('R'), mime: 'image/webp' },
      { mimetype: 'image/webp', bytes: 1 },
    ],
    [{ kind: 'image', bytes: BYTES.subarray(16), mime: 'image/jpeg', viewOnce: true }, { mimetype: 'image/jpeg' }],
  ])('is fetched by the address in the event, the same to the byte: $kind', async (file, shown) => {
    const { kind, media } = await received(file);
    expect([kind, media]).toEqual([file.kind, expect.objectContaining(shown)]);
    expect(media.url).toMatch(/^\/media\/sales\/m_[0-9a-f]{24}$/);
    const { status, headers, body } = await get(media.url);
    expect([status, headers.get('content-type'), headers.get('content-length')]).toEqual([
      200,
      file.mime,
      String(file.bytes.length),
    ]);
    expect(headers.get('etag')).toBe(`"${media.sha256}"`);
    expect(body.equals(file.bytes)).toBe(true);
    if (file.fileName) expect(headers.get('content-disposition')).toContain('pl%C3%A4n%20%281%29.pdf');
  });

  test('is not fetched before somebody asks, then once for all who ask, and is sealed on the disk', async () => {
    const { media } = await received(PICTURE);
    const id = media.url.split('/').at(-1);
    expect(onDisk()).not.toContain(id);
    const answers = await Promise.all([get(media.url), get(media.url), get(media.url)]);
    expect(answers.every(({ body }) => body.equals(BYTES))).toBe(true);
    // What the host would give now is spoilt: who asks again is given what is kept.
    flow.sandbox.media.faults.flipByte = true;
    expect((await get(media.url)).body.equals(BYTES)).toBe(true);
    expect(readFileSync(join(folder(), id)).includes(BYTES.subarray(0, 32))).toBe(false);
  });

  test('is given in parts', async () => {
    const { url } = (await received(PICTURE)).media;
    const parts: [string, number, Buffer, string | null][] = [
      ['bytes=0-9', 206, BYTES.subarray(0, 10), 'bytes 0-9/200001'],
      ['bytes=70000-', 206, BYTES.subarray(70_000), 'bytes 70000-200000/200001'],
      ['bytes=-5', 206, BYTES.subarray(-5), 'bytes 199996-200000/200001'],
      ['bytes=5-999999', 206, BYTES.subarray(5), 'bytes 5-200000/200001'],
      ['bytes=1-2,5-6', 200, BYTES, null],
      ['lines=1-2', 200, BYTES, null],
    ];
    for (const [range, status, bytes, place] of parts) {
      const answer = await get(url, { range });
      expect([answer.status, answer.headers.get('content-range')]).toEqual([status, place]);
      expect(answer.body.equals(bytes)).toBe(true);
    }
    const outside = await get(url, { range: 'bytes=200001-' });
    expect([outside.status, outside.headers.get('content-range')]).toEqual([416, 'bytes */200001']);
    expect(JSON.parse(outside.body.toString()).error.code).toBe('range_not_satisfiable');
    const head = await get(url, {}, 'HEAD');
    expect([head.status, head.headers.get('content-length'), head.body.length]).toEqual([200, '200001', 0]);
  });

  test('that is not what was sent is given to nobody, and fetched anew by who asks again', async () => {
    const { url } = (await received(PICTURE)).media;
    flow.sandbox.media.faults.flipByte = true;
    expect(await refused(url)).toMatchObject({ status: 502, code: 'media_corrupt', details: ['its hash is another'] });
    flow.sandbox.media.faults.flipByte = false;
    flow.sandbox.media.faults.truncate = true;
    expect(await refused(url)).toMatchObject({ status: 502, code: 'media_unavailable' });
    expect(onDisk().filter((name) => name.endsWith('.part'))).toEqual([]);
    flow.sandbox.media.faults.truncate = false;
    expect((await get(url)).body.equals(BYTES)).toBe(true);
  });

  test('is waited for no longer than its time, and the trouble of the host is told', async () => {
    const { url } = (await received(PICTURE)).media;
    const { faults } = flow.sandbox.media;
    faults.hang = true;
    const silent = await refused(url);
    expect(silent).toMatchObject({ status: 502, code: 'media_unavailable', details: ['nothing came for 1500 ms'] });
    faults.hang = false;
    faults.downloadStatus = 500;
    const failing = await refused(url);
    expect(failing).toMatchObject({ code: 'media_unavailable', details: ['the media host answered HTTP 500'] });
    faults.downloadStatus = null;
    expect((await get(url)).status).toBe(200);
  });

  test('that was changed on the disk is not given out, and is fetched anew', async () => {
    const { url } = (await received(PICTURE)).media;
    await get(url);
    const path = join(folder(), url.split('/').at(-1));
    const sealed = readFileSync(path);
    writeFileSync(path, sealed.with(60, (sealed[60] ?? 0) ^ 1));
    expect(await refused(url)).toMatchObject({ code: 'media_corrupt', details: ['it was damaged on the disk here'] });
    expect((await get(url)).body.equals(BYTES)).toBe(true);
  });

  test('is not found under an id nobody was told, nor without the key', async () => {
    const { url } = (await received(PICTURE)).media;
    expect(await refused('/media/sales/m_000000000000000000000000')).toMatchObject({
      status: 404,
      code: 'media_not_found',
    });
    expect(await refused('/media/sales/..%2Fsession.sqlite')).toMatchObject({ status: 404, code: 'media_not_found' });
    expect(await refused('/media/nobody/m_000000000000000000000000')).toMatchObject({ code: 'session_not_found' });
    expect((await get(url, { authorization: 'Bearer wrong' })).status).toBe(401);
  });

  test('is there after a restart, and what a crash left half fetched is not', async () => {
    const { url } = (await received(PICTURE)).media;
    await get(url);
    writeFileSync(join(folder(), 'm_half.part'), 'half');
    await flow.stopRuntime();
    await flow.startRuntime();
    expect((await get(url)).body.equals(BYTES)).toBe(true);
    await eventually(DEADLINE_MS, 'the half is gone', onDisk, (names) => !names.includes('m_half.part'));
    await flow.reaches('sales', 'connected');
  }, 30_000);
});

describe('a file that WhatsApp has forgotten', () => {
  const account = () => flow.sandbox.account(PHONE);

  async function forgotten() {
    const { messageId } = await ann.sendFile(account(), PICTURE);
    const { data } = await receiver.next((event) => event.event === 'message' && event.data.messageId === messageId);
    const path = ann.message(messageId)?.content.imageMessage?.directPath ?? '';
    expect(flow.sandbox.media.forget(path)).toBe(true);
    return data.media.url;
  }

  test("is uploaded again by the account's phone, which is asked once however many ask", async () => {
    const url = await forgotten();
    const { uploadsAgain } = account();
    const asked: string[] = [];
    account().uploadsAgain = (path) => {
      asked.push(path);
      return uploadsAgain(path);
    };
    const answers = await Promise.all([get(url), get(url)]);
    expect(answers.every(({ body }) => body.equals(BYTES))).toBe(true);
    // When it has had its time here, it is fetched from where the phone put it.
    rmSync(join(folder(), url.split('/').at(-1) ?? ''));
    expect((await get(url)).body.equals(BYTES)).toBe(true);
    expect(asked).toHaveLength(1);
    account().uploadsAgain = uploadsAgain;
  });

  test('and that the phone has lost too is gone', async () => {
    const url = await forgotten();
    const { uploadsAgain } = account();
    account().uploadsAgain = () => null;
    expect(await refused(url)).toMatchObject({ status: 410, code: 'media_gone' });
    account().uploadsAgain = uploadsAgain;
  });

  test('waits for a phone that is not there for no longer than its time', async () => {
    const url = await forgotten();
    account().phoneOffline();
    expect(await refused(url)).toMatchObject({ status: 504, code: 'phone_silent' });
    account().phoneBack();
    expect((await get(url)).body.equals(BYTES)).toBe(true);
  });

  test('cannot be asked for without a connection, what WhatsApp still has is fetched all the same', async () => {
    const [gone, kept] = [await forgotten(), (await received(PICTURE)).media.url];
    await flow.call('POST', '/sessions/sales/disconnect');
    expect((await get(kept)).body.equals(BYTES)).toBe(true);
    const { code, details } = await refused(gone);
    expect([code, details]).toEqual(['media_unavailable', [expect.stringContaining('without a connection')]]);
    await flow.call('POST', '/sessions/sales/reconnect');
    await flow.reaches('sales', 'connected');
  }, 20_000);
});

test('a file that had its time is removed, and fetched again when somebody asks', async () => {
  const { url } = (await received(PICTURE)).media;
  await get(url);
  const id = url.split('/').at(-1);
  const longAgo = new Date(Date.now() - 3 * 86_400_000);
  utimesSync(join(folder(), id), longAgo, longAgo);
  flow.sandbox.media.faults.downloadStatus = 500;
  expect(await refused(url)).toMatchObject({ code: 'media_unavailable' });
  flow.sandbox.media.faults.downloadStatus = null;
  expect((await get(url)).body.equals(BYTES)).toBe(true);
  utimesSync(join(folder(), id), longAgo, longAgo);
  await flow.stopRuntime();
  await flow.startRuntime();
  await eventually(DEADLINE_MS, 'it is removed', onDisk, (names) => !names.includes(id));
  await flow.reaches('sales', 'connected');
}, 30_000);
