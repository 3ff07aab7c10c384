import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Contact, ScreenMessage } from '../../runtime/sandbox/sandbox.ts';
import { eventually } from '../support/deadline.ts';
import { PHONE, startLinkedFlow, type Flow } from '../support/flow.ts';
import { SAMPLES } from '../support/sample-files.ts';
import type { Receiver } from '../support/receiver.ts';
import { trustMediaHost } from '../support/trust.ts';

const DEADLINE_MS = 15_000;
let flow: Flow;
let receiver: Receiver;
let ann: Contact;
let nextPhone = 15_550_100_401;

beforeAll(async () => {
  ({ flow, receiver } = await startLinkedFlow());
  trustMediaHost(flow.sandbox);
}, 60_000);
afterAll(async () => {
  expect(filesKept()).toEqual([]);
  await flow.end([/Error in uploading/]);
  await receiver.stop();
}, 30_000);

const filesKept = () => readdirSync(join(flow.directory, 'sales', 'outgoing'));

/** Somebody new, who has written before: to one person no more than three messages go in a row. */
async function friend(): Promise<Contact> {
  ann = flow.sandbox.contact(String(nextPhone++));
  const { messageId } = await ann.say(flow.sandbox.account(PHONE), 'hello');
  await receiver.next(({ data }) => data.messageId === messageId);
  return ann;
}

async function send(kind: string, what: object, to = ann.phone) {
  return await flow.call('POST', `/messages/${kind}`, {
    sessionId: 'sales',
    to,
    ...what,
    waitFor: 'sent',
    timeout: 15,
  });
}

/** Sends it and returns what the contact's screen shows. */
async function shown(kind: string, what: object, to?: string): Promise<ScreenMessage> {
  const { status, body } = await send(kind, what, to);
  expect([status, body.error, body.data?.reached]).toEqual([202, undefined, true]);
  return await ann.waitForMessage(({ messageId }) => messageId === body.data.messageId, DEADLINE_MS);
}

const base64 = (bytes: Buffer) => ({ base64: bytes.toString('base64') });
const ROWS: [what: string, kind: string, bytes: Buffer, said: object, row: object, carried: object][] = [
  ['a PNG', 'image', SAMPLES.png, {}, { kind: 'image' }, { imageMessage: { mimetype: 'image/png' } }],
  [
    'a picture to be seen once',
    'image',
    SAMPLES.jpeg,
    { viewOnce: true },
    { kind: 'image', viewOnce: true },
    { viewOnceMessageV2: { message: { imageMessage: { viewOnce: true } } } },
  ],
  [
    'a document with its name',
    'document',
    randomBytes(100_000),
    { fileName: 'plan.dat', caption: 'the plan' },
    { kind: 'document', text: 'the plan' },
    { documentMessage: { fileName: 'plan.dat', mimetype: 'application/octet-stream' } },
  ],
  [
    'a document that says what it is',
    'document',
    Buffer.from('a,b\n1,2\n'),
    { fileName: 'list.csv', mimetype: 'text/csv' },
    { kind: 'document' },
    { documentMessage: { mimetype: 'text/csv' } },
  ],
];

describe('a file in base64', () => {
  test.each(ROWS)("is on the contact's screen byte for byte: %s", async (_what, kind, bytes, said, row, carried) => {
    await friend();
    const message = await shown(kind, { ...base64(bytes), ...said });
    expect(message).toMatchObject(row);
    expect(message.content).toMatchObject(carried);
    expect(bytes.equals(await message.file())).toBe(true);
  });

  test('answers a message', async () => {
    await friend();
    const { messageId } = await ann.say(flow.sandbox.account(PHONE), 'how does it look?');
    await receiver.next(({ data }) => data.messageId === messageId);
    const message = await shown('image', { ...base64(SAMPLES.jpeg), quotedMessageId: messageId });
    expect(message.quoted).toMatchObject({ messageId, text: 'how does it look?' });
  });

  test.each<[string, string, object, number, string, RegExp | undefined]>([
    ['no base64', 'image', { base64: 'not base64!' }, 400, 'invalid_request', /^base64: must be/],
    [
      'a picture that is none',
      'image',
      base64(SAMPLES.mp3),
      400,
      'file_not_usable',
      /the file is audio\/mpeg; as image it may be image\/jpeg, image\/png/,
    ],
    ['a video of no known type', 'video', base64(randomBytes(500)), 400, 'file_not_usable', /of no known type/],
    ['no file at all', 'document', { fileName: 'a' }, 400, 'invalid_request', /^base64: give/],
    [
      'music to be heard once',
      'audio',
      { ...base64(SAMPLES.mp3), viewOnce: true },
      400,
      'invalid_request',
      /^viewOnce/,
    ],
    [
      'a video note with words',
      'video',
      { ...base64(SAMPLES.mp4), note: true, caption: 'x' },
      400,
      'invalid_request',
      /^note/,
    ],
    [
      'a type that is none',
      'document',
      { ...base64(SAMPLES.mp4), fileName: 'a', mimetype: 'film' },
      400,
      'invalid_request',
      /^mimetype/,
    ],
  ])('is refused, and nothing stays: %s', async (_what, kind, what, status, code, details) => {
    await friend();
    const answer = await send(kind, what);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    if (details) expect(answer.body.error.details.join('\n')).toMatch(details);
    expect(filesKept()).toEqual([]);
  });

  test('with the same Idempotency-Key is one message; another file under it is refused', async () => {
    await friend();
    const key = { 'idempotency-key': 'picture-1' };
    const ask = (bytes: Buffer) =>
      flow.call('POST', '/messages/image', { sessionId: 'sales', to: ann.phone, ...base64(bytes) }, key);
    const [first, second] = await Promise.all([ask(SAMPLES.jpeg), ask(SAMPLES.jpeg)]);
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.body.data.messageId).toBe(first.body.data.messageId);
    expect(await ask(SAMPLES.png)).toMatchObject({ status: 409, body: { error: { code: 'idempotency_conflict' } } });
    await ann.waitForMessage(({ messageId }) => messageId === first.body.data.messageId, DEADLINE_MS);
    expect(ann.screen).toHaveLength(1);
    await eventually(DEADLINE_MS, 'no file kept', filesKept, (names) => names.length === 0);
  });
});

describe('until it has gone, a file', () => {
  const later = () => ({ sendAt: Date.now() + 3_600_000 });

  test('is kept under its message, sealed, and removed with it', async () => {
    await friend();
    const bytes = randomBytes(50_000);
    const what = { sessionId: 'sales', to: ann.phone, ...base64(bytes), fileName: 'a.bin', ...later() };
    const { body } = await flow.call('POST', '/messages/document', what);
    const { messageId } = body.data;
    expect(filesKept()).toEqual([messageId]);
    const kept = readFileSync(join(flow.directory, 'sales', 'outgoing', messageId));
    expect(kept.includes(bytes.subarray(0, 32))).toBe(false);
    await flow.call('DELETE', `/messages/${messageId}?sessionId=sales`);
    expect(filesKept()).toEqual([]);
  });

  test('is uploaded again when the media host refused it, and goes once', async () => {
    await friend();
    const { faults } = flow.sandbox.media;
    faults.uploadStatus = 500;
    const bytes = randomBytes(10_000);
    const what = { sessionId: 'sales', to: ann.phone, ...base64(bytes), fileName: 'b.bin' };
    const { body } = await flow.call('POST', '/messages/document', what);
    const path = `/messages/${body.data.messageId}?sessionId=sales`;
    await eventually(
      DEADLINE_MS,
      'a reason',
      () => flow.call('GET', path),
      ({ body: now }) => /upload/.test(now.data.waitsFor),
    );
    expect(filesKept()).toEqual([body.data.messageId]);
    faults.uploadStatus = null;
    const row = await ann.waitForMessage(({ messageId }) => messageId === body.data.messageId, DEADLINE_MS);
    expect(
      createHash('sha256')
        .update(await row.file())
        .digest('hex'),
    ).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(ann.screen).toHaveLength(1);
    await eventually(DEADLINE_MS, 'no file kept', filesKept, (names) => names.length === 0);
  }, 30_000);
});

test('a file whose session was logged out meanwhile is lost, for certain, and told so', async () => {
  const phone = '15550100009';
  await flow.link('mine', phone);
  await flow.call('POST', '/sessions/mine/disconnect');
  await flow.reaches('mine', 'disconnected');
  const to = flow.sandbox.contact('15550100010').phone;
  const what = { sessionId: 'mine', to, ...base64(SAMPLES.jpeg) };
  const { body } = await flow.call('POST', '/messages/image', what);
  const { messageId } = body.data;
  await flow.call('POST', '/sessions/mine/logout');
  await flow.call('POST', '/sessions/mine/reconnect');
  await flow.scan('mine', phone);
  const waited = await flow.call('GET', `/messages/${messageId}/wait?sessionId=mine&status=sent&timeout=20`);
  expect(waited.body.data).toMatchObject({ status: 'failed', error: 'file_lost', certain: true });
  const left = () => readdirSync(join(flow.directory, 'mine', 'outgoing'));
  await eventually(DEADLINE_MS, 'no file kept', left, (names) => names.length === 0);
}, 40_000);
