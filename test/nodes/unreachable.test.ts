import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { N8nEngine, type NodeUnderTest } from '../support/n8n-engine.ts';

const getMany: NodeUnderTest = {
  type: 'whatsAppConnectorSessionControl',
  parameters: { resource: 'session', operation: 'getAll', returnAll: true },
};
const trigger: NodeUnderTest = {
  type: 'whatsAppConnectorTrigger',
  parameters: { events: ['message'], listenTo: 'allSessions', options: {} },
};
const kept = { 'node:subject': { production: { webhookId: 'wh_1', secret: 'whsec_AAAA' } } };
const engineAt = (baseUrl: string) => N8nEngine.load({ baseUrl, apiKey: 'k' });

/** Some web server that is not the runtime; where a wrong Base URL leads more often than not. */
const stranger = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>');
});
let strangerUrl: string;
let closedUrl: string;

beforeAll(async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  closedUrl = `http://127.0.0.1:${(closed.address() as AddressInfo).port}`;
  closed.close();
  await once(stranger.listen(0, '127.0.0.1'), 'listening');
  strangerUrl = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
});

afterAll(() => {
  stranger.close();
});

test('a runtime that is not running is named with its address, and with what to check', async () => {
  const engine = await engineAt(`${closedUrl}/`);
  await expect(engine.run(getMany)).rejects.toMatchObject({
    message: `The WhatsApp Connector runtime does not answer at ${closedUrl}`,
    description: expect.stringContaining('Check that it is running'),
    context: { itemIndex: 0 },
  });
});

test('another web server is told apart from the runtime', async () => {
  const engine = await engineAt(strangerUrl);
  await expect(engine.run(getMany)).rejects.toThrow(
    `What answers at ${strangerUrl} is not a WhatsApp Connector runtime`,
  );
});

test.each(['', 'localhost:3000', 'file:///etc/passwd'])('the Base URL "%s" is not a web address', async (baseUrl) => {
  const engine = await engineAt(baseUrl);
  await expect(engine.run(getMany)).rejects.toMatchObject({ message: expect.stringContaining('is not a web address') });
});

test('deactivating while the runtime is away is not passed off as done, and what is known is kept for later', async () => {
  const engine = await engineAt(closedUrl);
  const node = engine.trigger(trigger, { staticData: structuredClone(kept) });
  await expect(node.delete()).rejects.toThrow('does not answer');
  expect(node.staticData).toEqual(kept);
  await expect(node.checkExists()).rejects.toThrow('does not answer');
  await expect(node.create()).rejects.toThrow('does not answer');
});

test.each([
  ['one that was never published', { 'node:subject': {} }],
  ['one that was', kept],
])(
  'a registration of %s that fails is cleared up without a failure, or n8n would take it for done',
  async (_, data) => {
    const engine = await engineAt(closedUrl);
    const node = engine.trigger(trigger, { staticData: structuredClone(data) });
    expect(await node.register()).toEqual([expect.stringContaining('does not answer')]);
    expect(node.staticData).toEqual(data);
  },
);

test('a delivery to a trigger that was never activated is refused with what to do', async () => {
  const engine = await engineAt(closedUrl);
  const outcome = await engine.trigger(trigger).deliver({ body: Buffer.from('{}'), headers: {} });
  expect(outcome).toMatchObject({ status: 401, items: null, answer: { message: expect.stringContaining('Publish') } });
});
