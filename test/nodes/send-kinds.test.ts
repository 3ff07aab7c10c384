/** Every message type and every operation of Send Message, from n8n's engine to a contact's screen. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { IDataObject } from 'n8n-workflow';
import { N8nEngine } from '../support/n8n-engine.ts';
import { startRuntime, type RuntimeProcess } from '../support/runtime-process.ts';

const ACCOUNT = '15550100060';
const BO = '15550100062';
let phones = 15550100063;
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

let runtime: RuntimeProcess;
let engine: N8nEngine;
let executions = 0;

beforeAll(async () => {
  runtime = await startRuntime();
  engine = await N8nEngine.load({ baseUrl: runtime.url, apiKey: runtime.apiKey });
  await runtime.linkedSession('support', ACCOUNT);
});

afterAll(() => runtime?.stop());

/** Somebody for one test, who wrote first: in a chat of many messages the next one has to wait. */
async function acquaintance(): Promise<string> {
  const phone = String(phones++);
  await runtime.sandbox.contact(phone);
  await runtime.heard(phone, ACCOUNT, 'hello');
  return phone;
}

/** Runs one operation as an execution of its own and gives the items it made. */
async function run(
  operation: string,
  parameters: IDataObject,
  file?: { bytes: Buffer; mimeType: string; fileName: string },
) {
  const node = {
    type: 'whatsAppConnectorSendMessage',
    parameters: {
      ...{ resource: 'message', operation, session: { __rl: true, mode: 'id', value: 'support' } },
      ...{ options: { humanize: false }, ...parameters },
    },
  };
  const binary = file && {
    data: { data: file.bytes.toString('base64'), mimeType: file.mimeType, fileName: file.fileName },
  };
  const [items = []] = await engine.run(node, [{}], {
    executionId: `kinds-${executions++}`,
    ...(binary && { binary }),
  });
  return items.map(({ json }) => json);
}

const to = (phone: string) => ({ to: { __rl: true, mode: 'phone', value: `+${phone}` } });

/** Sends it to somebody and gives what their phone shows. */
async function sent(
  messageType: string,
  parameters: IDataObject,
  { file, phone }: { file?: Parameters<typeof run>[2]; phone?: string } = {},
) {
  const ada = phone ?? (await acquaintance());
  const [message] = await run('send', { messageType, ...to(ada), ...parameters }, file);
  return { ada, ...(await runtime.sandbox.shown(ada, String(message?.messageId))) };
}

describe('each message type shows on the phone of the recipient', () => {
  test('a place', async () => {
    const place = { latitude: 52.5163, longitude: 13.3777, placeName: 'The gate', address: 'The square 1' };
    expect(await sent('location', place)).toMatchObject({
      kind: 'location',
      location: { latitude: 52.5163, longitude: 13.3777, name: 'The gate', address: 'The square 1' },
    });
  });

  test('contact cards', async () => {
    const cards = { card: [{ name: 'Bo', phone: `+${BO}`, organization: '' }] };
    const row = await sent('contact', { cards });
    expect(row).toMatchObject({ kind: 'contacts', cards: [{ name: 'Bo', vcard: expect.stringContaining(BO) }] });
  });

  test('a poll, with answers typed one by one', async () => {
    const row = await sent('poll', { question: 'When?', answers: ['Monday', ' Tuesday ', ''], several: true });
    expect(row).toMatchObject({
      kind: 'poll',
      poll: { question: 'When?', multiple: true, options: [{ name: 'Monday' }, { name: 'Tuesday' }] },
    });
  });

  test.each([
    ['image', { caption: 'Look', viewOnce: true }, { kind: 'image', text: 'Look', viewOnce: true }],
    ['document', { fileName: 'renamed.png' }, { kind: 'document', file: { fileName: 'renamed.png' } }],
    ['document', {}, { kind: 'document', file: { fileName: 'a "dot" für Ann.png', mimetype: 'image/png' } }],
  ])('a file as %s with %j', async (type, parameters, shown) => {
    const file = { bytes: PNG, mimeType: 'image/png', fileName: 'a "dot" für Ann.png' };
    const { ada, ...row } = await sent(type, parameters, { file });
    expect(row).toMatchObject(shown);
    expect(await runtime.sandbox.file(ada, row.messageId)).toEqual(PNG);
  });

  test('a text that answers and mentions', async () => {
    const phone = await acquaintance();
    const { messageId } = await runtime.heard(phone, ACCOUNT, 'Who comes?');
    const text = `@${BO} does`;
    const options = { quotedMessageId: messageId, mentions: `+${BO}`, humanize: false };
    expect(await sent('text', { text, options }, { phone })).toMatchObject({
      quoted: { messageId, text: 'Who comes?' },
      mentions: [expect.stringContaining(BO)],
    });
  });
});

test('a message is edited and reacted to', async () => {
  const ada = await acquaintance();
  const { messageId } = await sent('text', { text: 'Frist' }, { phone: ada });
  await run('edit', { ...to(ada), messageId, newText: 'First' });
  await runtime.sandbox.shown(ada, messageId, ({ edited, text }) => edited && text === 'First');
  const { messageId: theirs } = await runtime.heard(ada, ACCOUNT, 'Thank you');
  await run('react', { ...to(ada), messageId: theirs, emoji: '👍' });
  await runtime.sandbox.shown(ada, theirs, ({ reactions }) => reactions.some(({ emoji }) => emoji === '👍'), true);
});

test('a message is deleted for everyone', async () => {
  const { ada, messageId } = await sent('text', { text: 'Not for you' });
  await run('delete', { ...to(ada), messageId });
  await runtime.sandbox.shown(ada, messageId, ({ deleted }) => deleted);
});

test('a message is passed on, and the node waits until it is there', async () => {
  const [ada, ben] = [await acquaintance(), await acquaintance()];
  const { messageId } = await runtime.heard(ada, ACCOUNT, 'Tell everybody');
  const [passed] = await run('forward', { ...to(ben), messageId, fromChat: `${ada}@s.whatsapp.net` });
  expect(await run('wait', { messageId: String(passed?.messageId), status: 'delivered', timeout: 30 })).toMatchObject([
    { reached: true },
  ]);
  expect(await runtime.sandbox.received(ben, 'Tell everybody')).toMatchObject({ messageId: passed?.messageId });
  await expect(run('wait', { messageId: 'absent', status: 'read', timeout: 1 })).rejects.toMatchObject({
    message: 'There is no message with this id in this session.',
  });
});

test('all items go as one bulk, which is watched and can be stopped', async () => {
  const people = [await acquaintance(), await acquaintance(), await acquaintance()];
  const bulk = (operation: string, parameters: IDataObject) => ({
    type: 'whatsAppConnectorSendMessage',
    parameters: { resource: 'bulk', operation, session: { __rl: true, mode: 'id', value: 'support' }, ...parameters },
  });
  const sending = bulk('send', {
    ...{ to: { __rl: true, mode: 'phone', value: '={{ $json.phone }}' }, text: '=Dear {{ $json.name }}' },
    options: { batchSize: 2, batchDelay: 3_600, humanize: false, humanization: 'instant' },
  });
  const items = people.map((phone, at) => ({ phone, name: `number ${at}` }));
  const [made = []] = await engine.run(sending, items, { executionId: 'bulk' });
  expect(made).toMatchObject([{ json: { total: 3 }, pairedItem: [{ item: 0 }, { item: 1 }, { item: 2 }] }]);
  const bulkId = String(made[0]?.json.bulkId);
  const again = await engine.run(sending, items, { executionId: 'bulk' });
  expect(again[0]?.[0]?.json.bulkId).toBe(bulkId);
  for (const at of [0, 1]) await runtime.sandbox.received(String(people[at]), `Dear number ${at}`);
  const [[got] = []] = await engine.run(bulk('get', { bulkId }));
  expect(got?.json).toMatchObject({ total: 3, outcomes: [{ index: 0 }, { index: 1 }, { index: 2 }] });
  const [[stopped] = []] = await engine.run(bulk('cancel', { bulkId }));
  expect(stopped?.json).toMatchObject({ status: 'cancelled', counts: { cancelled: 1 } });
  await expect(engine.run(bulk('get', { bulkId: 'bulk_absent' }))).rejects.toMatchObject({ httpCode: '404' });
  const strangers = Array.from({ length: 60 }, (_, at) => ({ phone: `155501018${at + 10}`, name: 'you' }));
  await expect(engine.run(sending, strangers, { executionId: 'cold' })).rejects.toMatchObject({ httpCode: '429' });
});

test('a scheduled message is listed, looked up and taken back', async () => {
  const times = { sendAt: '={{ $now.plus({ hours: 2 }) }}', expiresAt: '={{ $now.plus({ days: 1 }).toISO() }}' };
  const options = { ...times, priority: 'low' };
  const [scheduled] = await run('send', { messageType: 'text', text: 'Later', ...to(BO), options });
  const messageId = String(scheduled?.messageId);
  expect(Number(scheduled?.sendAt) - Date.now()).toBeGreaterThan(7_000_000);
  expect(await run('get', { messageId })).toMatchObject([{ messageId, status: 'pending' }]);
  expect((await run('getAll', { returnAll: false, limit: 1 })).map((each) => each.messageId)).toEqual([messageId]);
  expect((await run('getAll', { returnAll: true })).length).toBeGreaterThan(1);
  expect(await run('cancel', { messageId })).toMatchObject([{ messageId, status: 'failed', error: 'cancelled' }]);
});

test.each([
  [
    'a time that is none',
    'send',
    { messageType: 'text', text: 'x', ...to(BO), options: { sendAt: 'soon' } },
    '"Send At" is no date and time',
  ],
  [
    'no address of a file',
    'send',
    { messageType: 'image', fileFrom: 'url', fileUrl: ' ', ...to(BO) },
    'There is no URL',
  ],
  [
    'no file in the item',
    'send',
    { messageType: 'image', ...to(BO) },
    "expects the node's input data to contain a binary file",
  ],
  ['an unknown type', 'send', { messageType: 'smell', ...to(BO) }, 'There is no message type "smell"'],
])('%s is refused with advice', async (_what, operation, parameters, message) => {
  await expect(run(operation, parameters)).rejects.toMatchObject({ message: expect.stringContaining(message) });
});
