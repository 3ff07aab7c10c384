/** Every event of the trigger, from what happens at WhatsApp to the item a workflow starts with. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { IDataObject } from 'n8n-workflow';
import { EVENT_OPTIONS } from '../../nodes/WhatsAppConnectorTrigger/event.ts';
import { N8nEngine } from '../support/n8n-engine.ts';
import { N8nFront } from '../support/n8n-front.ts';
import { startRuntime, type RuntimeProcess } from '../support/runtime-process.ts';

const ACCOUNT = '15550101010';
const SECOND = '15550101011';
const HOUR_MS = 3_600_000;
let phones = 15550101012;

let runtime: RuntimeProcess;
let front: N8nFront;
let node: ReturnType<N8nEngine['trigger']>;
const tried = new Set<string>();

beforeAll(async () => {
  [runtime, front] = await Promise.all([startRuntime(), N8nFront.start()]);
  const engine = await N8nEngine.load({ baseUrl: runtime.url, apiKey: runtime.apiKey }, { webhooks: front.origin });
  await runtime.linkedSession('sales', ACCOUNT);
  const events = EVENT_OPTIONS.map(({ value }) => value);
  const parameters = { events, listenTo: 'allSessions', options: {} };
  node = engine.trigger({ type: 'whatsAppConnectorTrigger', parameters });
  await node.create();
  front.receive = node.deliver;
});

afterAll(async () => {
  await runtime?.stop();
  front?.stop();
});

/** The item a workflow starts with when this happens. */
async function started(event: string, fits: (item: IDataObject) => boolean = () => true): Promise<IDataObject> {
  tried.add(event);
  const { outcome } = await front.next(event, (item) => item.event === event && fits(item));
  const [item] = outcome.items ?? [];
  expect(item).toMatchObject({ event, eventId: expect.any(String), sequence: expect.any(Number) });
  return item ?? {};
}
const about = (messageId: unknown) => (item: IDataObject) => item.messageId === messageId;

async function somebody(): Promise<string> {
  const phone = String(phones++);
  await runtime.sandbox.contact(phone);
  return phone;
}
const act = (phone: string, what: string, body: object) =>
  runtime.sandbox.call('POST', `/contacts/${phone}/${what}`, body);
const send = (kind: string, body: object) =>
  runtime.api<{ messageId: string }>('POST', `/messages/${kind}`, { sessionId: 'sales', ...body });

test('a message, its change, a reaction to it, and its deletion', async () => {
  const ada = await somebody();
  const { messageId } = await runtime.sandbox.say(ada, ACCOUNT, 'Frist');
  const fits = about(messageId);
  expect(await started('message', fits)).toMatchObject({ text: 'Frist', from: { phone: `+${ada}` } });
  await act(ada, 'edit', { messageId, text: 'First' });
  expect(await started('message.edited', fits)).toMatchObject({ text: 'First' });
  await act(ada, 'react', { messageId, emoji: '👍' });
  expect(await started('message.reaction', fits)).toMatchObject({ emoji: '👍' });
  await act(ada, 'delete', { messageId });
  expect(await started('message.deleted', fits)).toMatchObject({ fromMe: false });
});

test('what became of a message that was sent, and a vote in a poll', async () => {
  const ada = await somebody();
  await started('message', about((await runtime.sandbox.say(ada, ACCOUNT, 'hello')).messageId));
  const { messageId } = await send('poll', { to: ada, question: 'When?', options: ['Monday', 'Friday'] });
  const fits = about(messageId);
  expect(await started('message.ack', fits)).toMatchObject({ status: 'sent', error: null });
  await runtime.sandbox.shown(ada, messageId);
  await act(ada, 'vote', { messageId, options: ['Friday'] });
  expect(await started('poll.vote', fits)).toMatchObject({ question: 'When?', chosen: ['Friday'] });
});

test('a message that only the phone can read', async () => {
  const content = {
    kind: 'ad',
    text: 'I want one',
    title: 'New bench',
    sourceUrl: 'https://example.com/ad',
    clickId: 'x',
  };
  const lead = { to: ACCOUNT, phoneOnly: true, content };
  const { messageId } = (await act(await somebody(), 'send', lead)) as { messageId: string };
  expect(await started('message.undecryptable', about(messageId))).toMatchObject({ chat: { isGroup: false } });
});

test('two contacts turn out to be one person', async () => {
  const cleo = await somebody();
  await act(cleo, 'hide-number', {});
  const { messageId } = await runtime.sandbox.say(cleo, ACCOUNT, 'hello');
  const { from } = await started('message', about(messageId));
  const { lid } = from as { lid: string };
  await runtime.api('POST', '/sessions/sales/disconnect');
  await act(cleo, 'reveal-number', {});
  await send('text', { to: cleo, text: 'one' });
  await send('text', { to: lid, text: 'two' });
  await runtime.api('POST', '/sessions/sales/reconnect');
  expect(await started('contact.merged')).toMatchObject({ kept: { phone: `+${cleo}`, lid } });
});

test('WhatsApp holds the account back', async () => {
  const until = new Date(Date.now() + HOUR_MS).toISOString();
  await runtime.sandbox.call('POST', `/accounts/${ACCOUNT}/restrict`, { until });
  expect(await started('session.restriction')).toMatchObject({ restricted: true, reason: 'time_lock' });
});

test('a session shows its code, connects, and is unlinked at the phone, which is an alert', async () => {
  await runtime.linkedSession('second', SECOND);
  const second = ({ sessionId }: IDataObject) => sessionId === 'second';
  expect(await started('qr.update', second)).toMatchObject({ qr: expect.any(String) });
  const connected = (item: IDataObject) => second(item) && item.status === 'connected';
  expect(await started('connection.update', connected)).toMatchObject({ reason: { code: 'connected' } });
  await runtime.sandbox.call('POST', `/accounts/${SECOND}/unlink`, { deviceId: 1 });
  expect(await started('alert', second)).toMatchObject({ alert: 'session_logged_out', state: 'firing' });
});

test('a group changes', async () => {
  const members = [await somebody(), ACCOUNT];
  const group = { subject: 'Choir', members, owner: members[0] };
  const { jid } = await runtime.sandbox.call<{ jid: string }>('POST', '/groups', group);
  await runtime.sandbox.call('POST', `/groups/${jid}/subject`, { subject: 'Good choir', by: members[0] });
  const renamed = ({ change }: IDataObject) => change === 'subject';
  expect(await started('group.update', renamed)).toMatchObject({ chat: { jid, isGroup: true }, value: 'Good choir' });
});

test('somebody calls', async () => {
  const ada = await somebody();
  await runtime.sandbox.call('POST', `/people/${ada}/call`, { to: ACCOUNT, video: true });
  expect(await started('call')).toMatchObject({ status: 'ringing', video: true, from: { phone: `+${ada}` } });
});

test('somebody the session follows is there', async () => {
  const ada = await somebody();
  await started('message', about((await runtime.sandbox.say(ada, ACCOUNT, 'hello')).messageId));
  // Who takes the time to type is online, and only who is online is told.
  await send('text', { to: ada, text: 'Are you there?', humanization: 'fast' });
  await runtime.sandbox.received(ada, 'Are you there?', 30);
  await runtime.sandbox.call('POST', `/people/${ada}/chat-state`, { to: ACCOUNT, state: 'typing' });
  expect(await started('presence')).toMatchObject({ from: { phone: `+${ada}` }, chat: { isGroup: false } });
});

test.each(EVENT_OPTIONS)('"$value" altered on its way, or told too late, starts nothing', async ({ value }) => {
  const { delivery } = await front.next(value, (item) => item.event === value);
  const altered = Buffer.from(delivery.body.toString().replace('"sales"', '"other"').replace('"second"', '"other"'));
  expect(altered).not.toEqual(delivery.body);
  const forged = await node.deliver({ ...delivery, body: altered });
  expect(forged).toMatchObject({ status: 401, items: null, answer: { message: expect.stringContaining('signature') } });
  const headers = { ...delivery.headers, 'webhook-timestamp': '1790000000' };
  const late = await node.deliver({ ...delivery, headers });
  expect(late).toMatchObject({ status: 401, items: null, answer: { message: expect.stringContaining('timestamp') } });
});

test('no event is left out here', () => {
  expect([...tried].toSorted()).toEqual(EVENT_OPTIONS.map(({ value }) => value).toSorted());
});
