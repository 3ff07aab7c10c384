import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { N8nEngine, type NodeUnderTest } from '../support/n8n-engine.ts';
import { N8nFront } from '../support/n8n-front.ts';
import { startRuntime, type RuntimeProcess } from '../support/runtime-process.ts';

interface Webhook {
  webhookId: string;
  url: string;
  sessionId: string | null;
  events: string[];
}

const ACCOUNT = '15550100010';
const ADA = '15550100011';
const PDF = Buffer.from('%PDF-1.7 not much of one');

let runtime: RuntimeProcess;
let engine: N8nEngine;
let front: N8nFront;

const trigger = (parameters: Record<string, unknown> = {}): NodeUnderTest => ({
  type: 'whatsAppConnectorTrigger',
  parameters: {
    events: ['message'],
    listenTo: 'oneSession',
    session: { __rl: true, mode: 'id', value: 'sales' },
    options: {},
    ...parameters,
  },
});
const webhooksOf = async (url: string) =>
  (await runtime.api<{ webhooks: Webhook[] }>('GET', `/webhooks?url=${encodeURIComponent(url)}`)).webhooks;

beforeAll(async () => {
  front = await N8nFront.start();
  runtime = await startRuntime();
  engine = await N8nEngine.load({ baseUrl: runtime.url, apiKey: runtime.apiKey }, { webhooks: front.origin });
  await runtime.linkedSession('sales', ACCOUNT);
  await runtime.sandbox.contact(ADA, { name: 'Ada' });
});

afterAll(async () => {
  front?.stop();
  await runtime?.stop();
});

test('activating subscribes at the runtime, once, to the chosen events of the chosen session', async () => {
  const node = engine.trigger(trigger({ events: ['message', 'connection.update'] }));
  expect(await node.checkExists()).toBe(false);
  await node.create();
  expect(await node.checkExists()).toBe(true);
  const [webhook, ...others] = await webhooksOf(node.url);
  expect(webhook).toMatchObject({ url: node.url, sessionId: 'sales' });
  expect(webhook?.events.toSorted()).toEqual(['connection.update', 'message']);
  expect(others).toEqual([]);
  await node.delete();
  expect(await webhooksOf(node.url)).toEqual([]);
  expect(await node.checkExists()).toBe(false);
});

test('a subscription that is no longer what the parameters say does not count as existing', async () => {
  const { create, staticData, url } = engine.trigger(trigger());
  await create();
  const asked = (parameters: Record<string, unknown>) =>
    engine.trigger(trigger(parameters), { staticData: structuredClone(staticData) }).checkExists();
  expect(await asked({})).toBe(true);
  expect(await asked({ events: ['message', 'qr.update'] })).toBe(false);
  expect(await asked({ listenTo: 'allSessions' })).toBe(false);
  expect(await asked({ options: { callbackBaseUrl: 'http://127.0.0.1:9' } })).toBe(false);
  for (const { webhookId } of await webhooksOf(url)) await runtime.api('DELETE', `/webhooks/${webhookId}`);
  expect(await asked({})).toBe(false);
});

test('a test run and the published workflow have subscriptions side by side', async () => {
  const staticData = {};
  const published = engine.trigger(trigger(), { staticData });
  const testing = engine.trigger(trigger(), { staticData, test: true });
  await published.create();
  await testing.create();
  expect(testing.url).not.toBe(published.url);
  await testing.delete();
  expect(await webhooksOf(testing.url)).toEqual([]);
  expect(await published.checkExists()).toBe(true);
  await published.delete();
});

test('choosing another session leaves no subscription of the one before', async () => {
  const staticData = {};
  await engine.trigger(trigger(), { staticData }).create();
  const all = engine.trigger(trigger({ listenTo: 'allSessions' }), { staticData });
  await all.create();
  expect((await webhooksOf(all.url)).map(({ sessionId }) => sessionId)).toEqual([null]);
  await all.delete();
});

test('deactivating ends the subscription even when what was kept about it is lost', async () => {
  await engine.trigger(trigger()).create();
  const forgetful = engine.trigger(trigger(), { staticData: {} });
  expect(await webhooksOf(forgetful.url)).toHaveLength(1);
  await forgetful.delete();
  expect(await webhooksOf(forgetful.url)).toEqual([]);
});

test('the runtime reaches n8n by the callback base URL when one is given', async () => {
  const node = engine.trigger(trigger({ options: { callbackBaseUrl: 'http://127.0.0.1:9/' } }));
  await node.create();
  const called = node.url.replace(/^http:\/\/[^/]+/, 'http://127.0.0.1:9');
  expect(await webhooksOf(called)).toHaveLength(1);
  await node.delete();
  expect(await webhooksOf(called)).toEqual([]);
  const wrong = engine.trigger(trigger({ options: { callbackBaseUrl: 'n8n' } }));
  await expect(wrong.create()).rejects.toMatchObject({ description: expect.stringContaining('http://n8n:5678') });
});

test('a trigger without an event or a session says so instead of subscribing to nothing', async () => {
  await expect(engine.trigger(trigger({ events: [] })).create()).rejects.toThrow('No event is chosen');
  const session = { __rl: true, mode: 'list', value: '' };
  await expect(engine.trigger(trigger({ session })).create()).rejects.toThrow('No session is chosen');
});

test('a message becomes one item; the same delivery forged, altered or unsigned starts nothing', async () => {
  const node = engine.trigger(trigger());
  await node.create();
  front.receive = node.deliver;
  await runtime.sandbox.say(ADA, ACCOUNT, 'hello, ¿qué tal? 👋');
  const first = await front.next('a message', ({ event }) => event === 'message');
  expect(first.outcome).toMatchObject({ status: 200, answer: { received: true } });
  expect(first.outcome.items).toHaveLength(1);
  expect(first.outcome.items?.[0]).toMatchObject({
    event: 'message',
    sessionId: 'sales',
    kind: 'text',
    text: 'hello, ¿qué tal? 👋',
    fromMe: false,
    chat: { isGroup: false },
    from: { phone: `+${ADA}` },
    eventId: first.delivery.headers['webhook-id'],
  });

  const altered = Buffer.from(first.delivery.body.toString().replace('hello', 'HELLO'));
  const { 'webhook-signature': _, ...unsigned } = first.delivery.headers;
  for (const forged of [
    { ...first.delivery, body: altered },
    { ...first.delivery, headers: unsigned },
  ]) {
    const outcome = await node.deliver(forged);
    expect(outcome).toMatchObject({ status: 401, items: null, answer: { message: expect.any(String) } });
  }
  // Deactivated, the secret is gone, and with it the trust in anything signed with it.
  await node.delete();
  expect(await node.deliver(first.delivery)).toMatchObject({ status: 401, items: null });
});

test('an event that is delivered again starts a second execution, unless repeats are ignored', async () => {
  const node = engine.trigger(trigger());
  await node.create();
  front.receive = node.deliver;
  await runtime.sandbox.say(ADA, ACCOUNT, 'only once');
  const { delivery } = await front.next('a message', ({ text }) => text === 'only once');
  expect((await node.deliver(delivery)).items).toHaveLength(1);
  const once = engine.trigger(trigger({ options: { ignoreRepeats: true } }), { staticData: node.staticData });
  const outcomes = [await once.deliver(delivery), await once.deliver(delivery)];
  expect(outcomes.map(({ status, items }) => [status, items?.length ?? 0])).toEqual([
    [200, 1],
    [200, 0],
  ]);
  await node.delete();
});

test('a test run can begin with what came before it, and ends by itself if n8n cannot end it', async () => {
  await runtime.sandbox.say(ADA, ACCOUNT, 'said before');
  const published = engine.trigger(trigger());
  await published.create();
  front.receive = published.deliver;
  await runtime.sandbox.say(ADA, ACCOUNT, 'and this as well');
  await front.next('the last message', ({ text }) => text === 'and this as well');
  const testing = engine.trigger(trigger({ options: { replayLast: 1 } }), { test: true });
  front.receive = testing.deliver;
  front.taken.length = 0;
  await testing.create();
  const { outcome } = await front.next('it again', ({ text }) => text === 'and this as well');
  expect(outcome).toMatchObject({ status: 200 });
  expect(await webhooksOf(testing.url)).toMatchObject([{ expiresAt: expect.any(Number) }]);
  expect(await webhooksOf(published.url)).toMatchObject([{ expiresAt: null }]);
  await testing.delete();
  await published.delete();
});

test('the file of a message comes with the item when that is asked for', async () => {
  const node = engine.trigger(trigger({ options: { downloadMedia: true } }));
  await node.create();
  front.receive = node.deliver;
  await runtime.sandbox.send(ADA, ACCOUNT, { kind: 'document', data: PDF.toString('base64'), fileName: 'a.pdf' });
  const { outcome } = await front.next('a document', ({ kind }) => kind === 'document');
  expect(outcome).toMatchObject({ status: 200, files: { data: { fileName: 'a.pdf' } } });
  expect(Buffer.from(outcome.files?.data?.data ?? '', 'base64')).toEqual(PDF);
  await node.delete();
});

test('a pattern that is none is refused when the workflow is published', async () => {
  const wrong = engine.trigger(trigger({ options: { textMatches: '(' } }));
  await expect(wrong.create()).rejects.toMatchObject({ message: expect.stringContaining('no regular expression') });
});

test('the list of sessions shows whose account each is and finds it by any of that', async () => {
  const all = await engine.list(trigger(), 'searchSessions');
  expect(all.results).toEqual([{ name: expect.stringMatching(/^sales .*connected/), value: 'sales' }]);
  expect((await engine.list(trigger(), 'searchSessions', ACCOUNT)).results).toHaveLength(1);
  expect((await engine.list(trigger(), 'searchSessions', 'nobody')).results).toEqual([]);
});
