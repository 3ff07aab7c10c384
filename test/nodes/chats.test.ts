/** Chats, groups and contacts: chosen from lists, looked at, read and typed in, from n8n's engine to WhatsApp's side. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { IDataObject } from 'n8n-workflow';
import { controlOn } from '../support/control-node.ts';
import { N8nEngine } from '../support/n8n-engine.ts';
import { N8nFront } from '../support/n8n-front.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { startRuntime, type RuntimeProcess } from '../support/runtime-process.ts';

const ACCOUNT = '15550101110';
const ADA = '15550101111';
const BEN = '15550101112';

let runtime: RuntimeProcess;
let engine: N8nEngine;
let receiver: Receiver;
let front: N8nFront;
let group: string;
const run = controlOn(() => engine);
const json = async (...given: Parameters<typeof run>) => (await run(...given)).map((item) => item.json);
const to = (value: string) => ({ to: { __rl: true, mode: 'phone', value } });

beforeAll(async () => {
  [runtime, receiver, front] = await Promise.all([startRuntime(), startReceiver(), N8nFront.start()]);
  engine = await N8nEngine.load({ baseUrl: runtime.url, apiKey: runtime.apiKey });
  await runtime.linkedSession('desk', ACCOUNT);
  await runtime.api('POST', '/webhooks', { url: receiver.url, sessionId: 'desk', events: ['message'] });
  await runtime.sandbox.contact(ADA, { name: 'Ada' });
  await runtime.sandbox.contact(BEN, { name: 'Ben' });
  const members = [ADA, BEN, ACCOUNT];
  const made = { subject: 'Choir', members, owner: ADA };
  group = (await runtime.sandbox.call<{ jid: string }>('POST', '/groups', made)).jid;
  await heard((await runtime.sandbox.say(ADA, ACCOUNT, 'hello')).messageId);
  await heard((await runtime.sandbox.say(BEN, group, 'hello all')).messageId);
});

afterAll(async () => {
  await runtime?.stop();
  await receiver?.stop();
  front?.stop();
});

const heard = (messageId: string) => receiver.next(({ data }) => data.messageId === messageId);

test('chats come as items, filtered and limited', async () => {
  const chats = (parameters: IDataObject) => json('getAll', { resource: 'chat', returnAll: true, ...parameters });
  const names = (items: IDataObject[]) => items.map(({ name }) => name);
  expect(names(await chats({})).toSorted()).toEqual(['Ada', 'Ben', 'Choir']);
  expect(names(await chats({ filters: { kind: 'group' } }))).toEqual(['Choir']);
  expect(names(await chats({ filters: { search: 'ada' } }))).toEqual(['Ada']);
  expect(await chats({ returnAll: false, limit: 1 })).toHaveLength(1);
});

test('lists of chats and of groups to choose from, found by what is typed', async () => {
  const session = { __rl: true, mode: 'list', value: 'desk' };
  const node = { type: 'whatsAppConnectorSendMessage', parameters: { session } };
  const { results } = await engine.list(node, 'searchChats', 'ada');
  expect(results).toEqual([{ name: `Ada +${ADA}`, value: expect.stringContaining('@') }]);
  const control = { ...node, type: 'whatsAppConnectorSessionControl' };
  const groups = await engine.list(control, 'searchGroups');
  expect(groups.results).toEqual([{ name: 'Choir (group)', value: group }]);
  const none = { ...node, parameters: { session: { ...session, value: '' } } };
  await expect(engine.list(none, 'searchChats')).rejects.toThrow('Choose the session first');
});

test('a message goes to a chat that was chosen from the list', async () => {
  const node = {
    type: 'whatsAppConnectorSendMessage',
    parameters: {
      ...{ resource: 'message', operation: 'send', messageType: 'text', text: 'to the choir' },
      session: { __rl: true, mode: 'list', value: 'desk' },
      to: { __rl: true, mode: 'list', value: group },
      options: { humanize: false },
    },
  };
  await engine.run(node, [{}], { executionId: 'chosen' });
  await runtime.sandbox.received(BEN, 'to the choir');
});

test('a group is looked at, with its members', async () => {
  const chosen = { resource: 'group', group: { __rl: true, mode: 'list', value: group } };
  expect(await json('getAll', { resource: 'group' })).toMatchObject([{ jid: group, subject: 'Choir', size: 3 }]);
  expect(await json('get', chosen)).toMatchObject([{ jid: group, members: expect.any(Array) }]);
  const members = await json('getMembers', chosen);
  expect(members.map(({ phone }) => phone).toSorted()).toEqual([`+${ACCOUNT}`, `+${ADA}`, `+${BEN}`]);
  const absent = { ...chosen, group: { __rl: true, mode: 'address', value: '120363000000000000@g.us' } };
  await expect(json('get', absent)).rejects.toMatchObject({ httpCode: '404', context: { itemIndex: 0 } });
});

test('somebody is looked up: who they are, what they say of themselves, their picture', async () => {
  const contact = { resource: 'contact', ...to(ADA) };
  expect(await json('get', contact)).toMatchObject([{ phone: `+${ADA}`, pushName: 'Ada' }]);
  expect(await json('getAbout', contact)).toMatchObject([{ text: expect.any(String) }]);
  const picture = { resource: 'chat', ...to(ADA), size: 'small', binaryPropertyName: 'face' };
  await expect(json('getPicture', picture)).rejects.toMatchObject({ message: 'There is no picture' });
  await expect(json('get', { ...contact, ...to('15550101999') })).rejects.toMatchObject({ httpCode: '404' });
});

test('typing is shown, presence asked for, and messages are marked as read', async () => {
  const chat = { resource: 'chat', ...to(ADA) };
  const { messageId } = await runtime.sandbox.say(ADA, ACCOUNT, 'read me');
  await heard(messageId);
  expect(await json('showTyping', { ...chat, typing: 'typing' })).toEqual([{ state: 'typing' }]);
  expect(await json('showTyping', { ...chat, typing: 'stopped' })).toEqual([{ state: 'stopped' }]);
  expect(await json('markRead', { ...chat, messageIds: messageId })).toEqual([{ marked: 1 }]);
  expect(await json('followPresence', chat)).toMatchObject([{ presence: expect.anything() }]);
  const wrong = { ...chat, ...to('call me') };
  await expect(json('markRead', wrong)).rejects.toMatchObject({ httpCode: '400' });
});

test('the trigger marks what starts the workflow as read when that is asked for', async () => {
  const there = await N8nEngine.load({ baseUrl: runtime.url, apiKey: runtime.apiKey }, { webhooks: front.origin });
  const parameters = { events: ['message'], listenTo: 'allSessions', options: { markRead: true } };
  const node = there.trigger({ type: 'whatsAppConnectorTrigger', parameters });
  await node.create();
  front.receive = node.deliver;
  const { messageId } = await runtime.sandbox.say(ADA, ACCOUNT, 'are you there?');
  await front.next('the message', (item) => item.messageId === messageId);
  await runtime.sandbox.shown(
    ADA,
    messageId,
    ({ receipts }) => receipts?.some(({ kind }) => kind === 'read') === true,
    true,
  );
  await node.delete();
});
