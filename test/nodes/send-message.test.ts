import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { IDataObject } from 'n8n-workflow';
import { N8nEngine, type NodeUnderTest } from '../support/n8n-engine.ts';
import { startRuntime, type RuntimeProcess } from '../support/runtime-process.ts';

const ACCOUNT = '15550100020';
let phones = 15550100021;
/** A contact of the test's own, who wrote first: the limits of a chat and the pause before strangers hold here too. */
async function acquaintance(): Promise<string> {
  const phone = String(phones++);
  await runtime.sandbox.contact(phone);
  await runtime.sandbox.say(phone, ACCOUNT, 'hello');
  return phone;
}

let runtime: RuntimeProcess;
let engine: N8nEngine;

const send = (options: IDataObject = {}, more: Partial<NodeUnderTest> = {}): NodeUnderTest => ({
  type: 'whatsAppConnectorSendMessage',
  parameters: {
    resource: 'message',
    operation: 'send',
    messageType: 'text',
    session: { __rl: true, mode: 'id', value: '={{ $json.session ?? "support" }}' },
    to: { __rl: true, mode: 'phone', value: '={{ $json.to }}' },
    text: '={{ $json.text }}',
    options,
  },
  ...more,
});

beforeAll(async () => {
  runtime = await startRuntime();
  engine = await N8nEngine.load({ baseUrl: runtime.url, apiKey: runtime.apiKey });
  await runtime.linkedSession('support', ACCOUNT);
});

afterAll(async () => {
  await runtime?.stop();
});

test('every input item is sent, in its own words to its own recipient, and linked to its item', async () => {
  const ada = await acquaintance();
  const bo = await acquaintance();
  const items = [
    { to: `+${ada}`, text: 'first for Ada' },
    { to: `${bo}@s.whatsapp.net`, text: 'first for Bo' },
  ];
  const [output = []] = await engine.run(send(), items, { executionId: '10' });
  expect(output.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }]);
  expect(output.map(({ json }) => json.messageId)).toEqual([
    (await runtime.sandbox.received(ada, 'first for Ada')).messageId,
    (await runtime.sandbox.received(bo, 'first for Bo')).messageId,
  ]);
});

test('it can wait until the message is delivered', async () => {
  const ada = await acquaintance();
  const node = send({ waitFor: 'delivered', timeout: 20 });
  const [output = []] = await engine.run(node, [{ to: ada, text: 'are you there?' }], { executionId: '11' });
  expect(output[0]?.json).toMatchObject({ reached: true });
  expect(['delivered', 'read']).toContain(output[0]?.json.status);
});

test('all options are ones the runtime knows', async () => {
  const bo = await acquaintance();
  const [earlier = []] = await engine.run(send(), [{ to: bo, text: 'to be quoted' }], { executionId: '12' });
  const options = {
    humanize: false,
    humanization: 'instant',
    idempotencyKey: 'of-the-user',
    quotedMessageId: earlier[0]?.json.messageId ?? '',
    readBefore: false,
    typingDelay: 0,
    waitFor: 'sent',
    timeout: 20,
  };
  const [output = []] = await engine.run(send(options), [{ to: bo, text: 'with everything' }], { executionId: '13' });
  expect(output[0]?.json).toMatchObject({ reached: true });
});

test('a retry within an execution sends nothing twice; another execution does send', async () => {
  const ada = await acquaintance();
  const run = async (executionId: string, text: string) => {
    const [output = []] = await engine.run(send(), [{ to: ada, text }], { executionId });
    return output[0]?.json.messageId;
  };
  const first = await run('20', 'only once');
  expect(await run('20', 'only once')).toBe(first);
  const later = await run('21', 'something new');
  expect(later).not.toBe(first);
  await runtime.sandbox.received(ada, 'something new');
  const { screen } = await runtime.sandbox.screen(ada);
  expect(screen.filter(({ text }) => text === 'only once')).toMatchObject([{ arrivals: 1 }]);
});

test("what stops the node is the runtime's own sentence, its advice, and the item it is about", async () => {
  const ada = await acquaintance();
  const items = [
    { to: ada, text: 'this one is fine' },
    { to: 'nobody', text: 'this one is not' },
  ];
  await expect(engine.run(send(), items, { executionId: '30' })).rejects.toMatchObject({
    message: 'The recipient is neither a phone number nor a WhatsApp address.',
    description: expect.stringContaining('country code'),
    httpCode: '400',
    context: { itemIndex: 1 },
  });
});

test('set to continue, a refused item leaves as an error and the others are sent', async () => {
  const ada = await acquaintance();
  const items = [
    { to: 'nobody', text: 'not sent' },
    { to: ada, text: 'sent all the same' },
  ];
  const node = send({}, { onError: 'continueRegularOutput' });
  const [output = []] = await engine.run(node, items, { executionId: '31' });
  expect(output.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }]);
  expect(output[0]?.json).toMatchObject({ error: expect.stringContaining('neither a phone number') });
  expect(output[1]?.json.messageId).toBe((await runtime.sandbox.received(ada, 'sent all the same')).messageId);
});

test('with an error output, refused items go there and sent ones do not', async () => {
  const ada = await acquaintance();
  const items = [
    { to: ada, text: 'the good one' },
    { to: ada, text: 'the bad one', session: 'unknown' },
  ];
  const [sent = [], refused = []] = await engine.run(send({}, { onError: 'continueErrorOutput' }), items, {
    executionId: '32',
  });
  expect(sent).toHaveLength(1);
  expect(refused.map(({ json }) => json)).toMatchObject([{ error: 'There is no session with this id.' }]);
});

test('an item that names no session is told so before anything is sent', async () => {
  const ada = await acquaintance();
  const node = send();
  node.parameters.session = { __rl: true, mode: 'id', value: '={{ $json.absent }}' };
  await expect(engine.run(node, [{ to: ada, text: 'x' }])).rejects.toMatchObject({
    message: 'No session is chosen',
    description: expect.stringContaining('sessionId'),
  });
});
