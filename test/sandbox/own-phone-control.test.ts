import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Contact, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { controlCaller } from '../support/control-call.ts';

const ACCOUNT = '15550100001';
const ANN = '15550100011';
const DEADLINE_MS = 10_000;
let sandbox: Sandbox;
let account: Account;
let ann: Contact;

beforeAll(async () => {
  sandbox = await startSandbox({ controlPort: 0 });
  account = sandbox.account(ACCOUNT);
  ann = sandbox.contact(ANN, { name: 'Ann' });
});

afterAll(async () => {
  await sandbox.stop();
  expect(sandbox.unhandled).toEqual([]);
});

const call = controlCaller(() => `${sandbox.controlUrl}/accounts/`);
const post = (path: string, body: object) => call('POST', path, body);

const ok = { status: 200, body: {} };

test('the owner writes and reads', async () => {
  const said = await post(`${ACCOUNT}/say`, { to: ANN, text: 'from the phone' });
  const row = await ann.waitForMessage(({ text }) => text === 'from the phone', DEADLINE_MS);
  expect(said).toEqual({ status: 200, body: { messageId: row.messageId } });
  const { messageId } = await ann.say(account, 'read me');
  await account.handset.idle();
  expect(await post(`${ACCOUNT}/read`, { messageId })).toEqual(ok);
  expect(ann.receiptsFor(messageId)).toMatchObject([{ kind: 'read', deviceId: 0 }]);
});

test('the owner changes chats, stars, labels and names', async () => {
  const group = sandbox.group({ subject: 'Plans', members: [account, ann] });
  const unchanged = { archived: false, pinned: false, mutedUntil: null, markedUnread: false, labels: [] };
  const change = (action: string, more: object = {}) => post(`${ACCOUNT}/chat`, { chat: ANN, action, ...more });
  expect((await change('archive')).body).toEqual({ ...unchanged, archived: true });
  expect((await change('unarchive')).body).toEqual(unchanged);
  expect((await change('pin')).body).toMatchObject({ pinned: true });
  expect((await change('unpin')).body).toMatchObject({ pinned: false });
  const until = '2030-01-01T00:00:00.000Z';
  expect((await change('mute', { until })).body).toMatchObject({ mutedUntil: until });
  expect((await change('unmute')).body).toMatchObject({ mutedUntil: null });
  expect((await change('mark-unread')).body).toMatchObject({ markedUnread: true });
  expect((await change('mark-read')).body).toMatchObject({ markedUnread: false });
  expect(await post(`${ACCOUNT}/chat`, { chat: group.jid, action: 'archive' })).toMatchObject({
    body: { archived: true },
  });
  expect(await post(`${ACCOUNT}/star`, { chat: ANN, messageId: '3EB0', fromMe: true })).toEqual(ok);
  expect(account.settings.isStarred({ chat: ann, messageId: '3EB0', fromMe: true })).toBe(true);
  expect(await post(`${ACCOUNT}/label`, { id: '1', name: 'Paid', color: 2 })).toEqual(ok);
  expect(await post(`${ACCOUNT}/label-chat`, { chat: ANN, labelId: '1' })).toEqual(ok);
  expect(account.settings.chat(ann).labels).toEqual(['1']);
  expect(await post(`${ACCOUNT}/label-chat`, { chat: ANN, labelId: '1', labeled: false })).toEqual(ok);
  expect(account.settings.chat(ann).labels).toEqual([]);
  expect(await post(`${ACCOUNT}/contact-name`, { contact: ANN, name: 'Ann Baker' })).toEqual(ok);
  expect(account.settings.nameOf(ann)).toBe('Ann Baker');
  expect(await post(`${ACCOUNT}/contact-name`, { contact: ANN })).toEqual(ok);
  expect(account.settings.nameOf(ann)).toBeUndefined();
  expect(await post(`${ACCOUNT}/name`, { name: 'Corner Shop' })).toEqual(ok);
  expect(account.person.name).toBe('Corner Shop');
});

test('an account is given a past', async () => {
  const messages = [
    { text: 'long ago', from: ANN, at: '2026-01-01T10:00:00Z' },
    { text: 'indeed', at: '2026-01-01T10:01:00Z', id: 'PAST1' },
  ];
  expect(await post('15550100002/history', { chat: ANN, messages, name: 'Ann', unread: 1 })).toEqual(ok);
  const [chat] = sandbox.account('15550100002').ownPhone.chats.chats;
  expect(chat).toMatchObject({ name: 'Ann', unread: 1, messages: [{ author: ann.person }, { id: 'PAST1' }] });
});

test('the phone goes away and comes back', async () => {
  expect(await post(`${ACCOUNT}/phone`, { online: false })).toEqual(ok);
  expect(await post(`${ACCOUNT}/say`, { to: ANN, text: 'no' })).toMatchObject({
    status: 400,
    body: { error: expect.stringContaining('the phone is offline') },
  });
  expect(await post(`${ACCOUNT}/phone`, { online: true })).toEqual(ok);
  expect((await post(`${ACCOUNT}/say`, { to: ANN, text: 'yes' })).status).toBe(200);
});

test('a chat nobody has is not found', async () => {
  const answer = await post(`${ACCOUNT}/say`, { to: '15550100099', text: 'hi' });
  expect(answer).toEqual({ status: 404, body: { error: expect.stringContaining('there is no chat 15550100099') } });
});

test.each([
  ['say', { to: ANN }, 'text must be a string'],
  ['read', { messageId: '3EB0FF' }, 'not on the screen'],
  ['chat', { chat: ANN, action: 'paint' }, 'action must be one of archive, unarchive'],
  ['chat', { chat: ANN, action: 'mute', until: 'soon' }, 'is not a time'],
  ['name', { name: '' }, 'at least one character'],
  ['contact-name', { contact: ANN }, 'nothing is known of'],
  ['history', { chat: ANN, messages: 'none' }, 'messages must be a list of objects'],
  ['history', { chat: ANN, messages: [{ text: 'hi', at: 'never' }] }, 'is not a time'],
  ['history', { chat: ANN, messages: [{ text: 'hi', at: '2026-01-01', colour: 'red' }] }, 'unknown field "colour"'],
  ['history', { chat: ANN, messages: [{ at: '2026-01-01' }] }, 'text must be a string'],
])('POST /accounts/:phone/%s with %j is refused with a sentence', async (path, body, sentence) => {
  const answer = await post(`${ACCOUNT}/${path}`, body);
  expect(answer).toEqual({ status: 400, body: { error: expect.stringContaining(sentence) } });
});
