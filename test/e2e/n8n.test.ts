/**
 * The whole product as its users have it: a real n8n with the packed nodes, the runtime, and WhatsApp's part played by
 * the sandbox, each a process of its own that knows the others by address only.
 */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { N8nClient } from '../../runtime/src/demo/n8n-client.ts';
import { echoWorkflow, type N8n } from '../../runtime/src/demo/n8n.ts';
import { eventually } from '../support/deadline.ts';
import { describeWithN8n, executionsOf, startRealN8n, type RealN8n } from '../support/real-n8n.ts';
import type { RuntimeProcess } from '../support/runtime-process.ts';

const ACCOUNT = '15550100040';
const ADA = '15550100041';

jest.setTimeout(300_000);

/** The runtime's subscriptions, which only n8n makes here. */
async function subscriptions(runtime: RuntimeProcess) {
  return (await runtime.api<{ webhooks: { url: string; events: string[] }[] }>('GET', '/webhooks')).webhooks;
}

const executed = (client: N8nClient, workflowId: string, count: number) =>
  executionsOf(client, workflowId, count, 'success', 'error', 'crashed', 'canceled');

function withN8n(): void {
  let real: RealN8n;
  let runtime: RuntimeProcess;
  let n8n: N8n;
  let workflow: { id: string; versionId: string };

  beforeAll(async () => {
    real = await startRealN8n();
    ({ runtime, n8n } = real);
    await runtime.linkedSession('sales', ACCOUNT);
    await runtime.sandbox.contact(ADA, { name: 'Ada' });
    workflow = await n8n.client.createWorkflow(await echoWorkflow(n8n.client, runtime));
  });

  afterAll(() => real?.stop());

  test('the credential test tells a right key from a wrong one', async () => {
    const data = { baseUrl: runtime.url, apiKey: runtime.apiKey };
    const credential = await n8n.client.createCredential('tested', 'whatsAppConnectorApi', data);
    const tested = (change: object) =>
      n8n.client.testCredential(credential, 'whatsAppConnectorApi', { ...data, ...change });
    expect(await tested({})).toMatchObject({ status: 'OK' });
    expect(await tested({ apiKey: 'another' })).toMatchObject({
      status: 'Error',
      message: expect.stringContaining('not to this API key'),
    });
  });

  test('published, the workflow answers a message, and the contact decrypts the answer', async () => {
    expect(await subscriptions(runtime)).toEqual([]);
    await n8n.client.publish(workflow);
    const [subscription, ...others] = await subscriptions(runtime);
    expect(subscription).toMatchObject({ url: expect.stringContaining(n8n.url), events: ['message'] });
    expect(others).toEqual([]);

    await runtime.sandbox.say(ADA, ACCOUNT, 'hello');
    await expect(runtime.sandbox.received(ADA, 'You said: hello', 40)).resolves.toMatchObject({ arrivals: 1 });
    expect(await executed(n8n.client, workflow.id, 1)).toMatchObject([{ status: 'success', mode: 'webhook' }]);
  });

  test('a delivery with a wrong signature gets 401 and starts no execution', async () => {
    const [subscription] = await subscriptions(runtime);
    const before = await n8n.client.executions(workflow.id);
    const response = await fetch(String(subscription?.url), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': 'evt_1',
        'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
        'webhook-signature': `v1,${Buffer.alloc(32).toString('base64')}`,
      },
      body: JSON.stringify({ id: 'evt_1', event: 'message', data: { text: 'forged' } }),
    });
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ message: 'webhook-signature does not fit this delivery.' });
    // n8n starts executions in order: had the forged one started, it would be there before this genuine one.
    await runtime.sandbox.say(ADA, ACCOUNT, 'and again');
    await runtime.sandbox.received(ADA, 'You said: and again', 40);
    expect(await executed(n8n.client, workflow.id, before.length + 1)).toHaveLength(before.length + 1);
  });

  test('unpublished, the subscription is gone', async () => {
    await n8n.client.unpublish(workflow.id);
    await eventually(
      10_000,
      'no subscription',
      () => subscriptions(runtime),
      ({ length }) => length === 0,
    );
  });

  test('a test run listens on a URL of its own, takes one signed event, and lets go of it', async () => {
    const workflowData = await n8n.client.call('GET', `/rest/workflows/${workflow.id}`);
    const run = { workflowData, triggerToStartFrom: { name: 'WhatsApp Connector Trigger' } };
    const path = `/rest/workflows/${workflow.id}/run?partialExecutionVersion=2`;
    expect(await n8n.client.call('POST', path, run)).toMatchObject({ waitingForWebhook: true });
    expect(await subscriptions(runtime)).toMatchObject([{ url: expect.stringContaining('/webhook-test/') }]);
    const before = await n8n.client.executions(workflow.id);
    await runtime.sandbox.say(ADA, ACCOUNT, 'just testing');
    await runtime.sandbox.received(ADA, 'You said: just testing', 40);
    await eventually(
      10_000,
      'no subscription',
      () => subscriptions(runtime),
      ({ length }) => length === 0,
    );
    const [latest] = await executed(n8n.client, workflow.id, before.length + 1);
    expect(latest).toMatchObject({ status: 'success', mode: 'manual' });
  });
}

describeWithN8n('a real n8n, the runtime and the sandbox together', withN8n);
