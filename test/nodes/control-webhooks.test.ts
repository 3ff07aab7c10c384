/** Webhooks and their deliveries by Session Control: looked at, tried out, delivered again. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { controlOn } from '../support/control-node.ts';
import { eventually } from '../support/deadline.ts';
import { N8nEngine } from '../support/n8n-engine.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { startRuntime, type RuntimeProcess } from '../support/runtime-process.ts';

const ACCOUNT = '15550100090';
const ADA = '15550100091';

let runtime: RuntimeProcess;
let engine: N8nEngine;
let receiver: Receiver;
let webhookId: string;
/** What the receiver answers. */
let status = 200;
const run = controlOn(() => engine);
const json = async (operation: string, parameters: object = {}) =>
  (
    await run(operation, { resource: 'webhook', webhook: { __rl: true, mode: 'id', value: webhookId }, ...parameters })
  ).map((item) => item.json);

beforeAll(async () => {
  [runtime, receiver] = await Promise.all([startRuntime(), startReceiver(() => status)]);
  engine = await N8nEngine.load({ baseUrl: runtime.url, apiKey: runtime.apiKey });
  await runtime.linkedSession('desk', ACCOUNT);
  await runtime.sandbox.contact(ADA);
  const subscription = { url: receiver.url, sessionId: 'desk', events: ['message'] };
  ({ webhookId } = await runtime.api<{ webhookId: string }>('POST', '/webhooks', subscription));
});

afterAll(async () => {
  await runtime?.stop();
  await receiver?.stop();
});

test('what was delivered is listed and looked at, and the last of it comes again', async () => {
  await runtime.sandbox.say(ADA, ACCOUNT, 'hello');
  const { id } = await receiver.next(({ data }) => data.text === 'hello');
  const state = () => json('getDeliveries', { state: 'done', returnAll: true });
  const [delivery] = await eventually(10_000, 'a delivery done', state, ({ length }) => length === 1);
  expect(delivery).toMatchObject({ eventId: id, event: 'message', state: 'done' });
  expect(await json('getDelivery', { eventId: id })).toMatchObject([{ eventId: id, tries: [{ status: 200 }] }]);
  expect(await json('replay', { last: 1 })).toMatchObject([{ queued: 1 }]);
  await eventually(
    10_000,
    'it again',
    () => receiver.events.filter((event) => event.id === id).length,
    (n) => n === 2,
  );
  await expect(json('getDelivery', { eventId: 'evt_absent' })).rejects.toMatchObject({ context: { itemIndex: 0 } });
});

test('what nobody gave up is not driven again', async () => {
  const { id } = receiver.events[0] ?? { id: '' };
  expect(await json('redrive', { eventId: id })).toEqual([{ redriven: 0 }]);
  expect(await json('redrive', { eventId: '' })).toEqual([{ redriven: 0 }]);
});

test('a receiver that says it is gone hears nothing until it is resumed, and what was given up is driven again', async () => {
  status = 410;
  await runtime.sandbox.say(ADA, ACCOUNT, 'are you there?');
  const dead = () => json('getDeliveries', { state: 'dead', returnAll: false, limit: 10 });
  const [given] = await eventually(20_000, 'a dead letter', dead, ({ length }) => length === 1);
  expect(await json('getAll', { of: 'allSessions' })).toMatchObject([{ status: 'disabled' }]);
  status = 200;
  expect(await json('pause')).toMatchObject([{ status: 'paused' }]);
  expect(await json('resume')).toMatchObject([{ status: 'active' }]);
  expect(await json('redrive', { eventId: given?.eventId })).toEqual([{ redriven: 1 }]);
  await eventually(20_000, 'no dead letter', dead, ({ length }) => length === 0);
});

test('webhooks are listed, also those of one session, found in a list, pinged and deleted', async () => {
  expect(await json('getAll', { of: 'allSessions' })).toMatchObject([{ webhookId, sessionId: 'desk' }]);
  expect(await json('getAll', { of: 'oneSession' })).toHaveLength(1);
  const node = { type: 'whatsAppConnectorSessionControl', parameters: {} };
  const { results } = await engine.list(node, 'searchWebhooks', 'DESK');
  expect(results).toEqual([{ name: `desk → ${receiver.url} (active)`, value: webhookId }]);
  expect((await engine.list(node, 'searchWebhooks', 'nobody')).results).toEqual([]);
  expect(await json('ping')).toMatchObject([{ status: 200, reason: null }]);
  expect(await json('delete')).toEqual([{ deleted: true }]);
  await expect(json('ping')).rejects.toMatchObject({ message: 'There is no webhook subscription with this id.' });
  const nothing = { webhook: { __rl: true, mode: 'list', value: '' } };
  await expect(json('delete', nothing)).rejects.toThrow(/webhook/i);
});
