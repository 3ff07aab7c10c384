/** What a workflow goes through in its life, on a real n8n: each part of the whole is away for a while, or is gone. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Credential, N8nClient, NewWorkflow } from '../../runtime/src/demo/n8n-client.ts';
import { echoWorkflow } from '../../runtime/src/demo/n8n.ts';
import { describeWithN8n, executionsOf, startRealN8n, type RealN8n } from '../support/real-n8n.ts';

const ACCOUNT = '15550100060';
const ADA = '15550100061';
const TYPE = 'whatsAppConnectorApi';

jest.setTimeout(300_000);

describeWithN8n('a workflow in trouble', () => {
  let real: RealN8n;
  let client: N8nClient;
  let echo: NewWorkflow;
  let workflow: Awaited<ReturnType<N8nClient['createWorkflow']>>;

  beforeAll(async () => {
    real = await startRealN8n();
    ({ client } = real.n8n);
    await real.runtime.linkedSession('sales', ACCOUNT);
    await real.runtime.sandbox.contact(ADA, { name: 'Ada' });
    echo = await echoWorkflow(client, real.runtime);
    workflow = await client.createWorkflow(echo);
    await client.publish(workflow);
  });

  afterAll(() => real?.stop());

  /** The same workflow with another credential, or another choice of sessions. */
  const variant = (credential: Credential, trigger: object = {}): NewWorkflow => ({
    name: 'variant',
    nodes: echo.nodes.map((node, i) => ({
      ...node,
      credentials: { [TYPE]: credential },
      parameters: i === 0 ? { ...node.parameters, ...trigger } : node.parameters,
    })),
  });

  const say = (text: string) => real.runtime.sandbox.say(ADA, ACCOUNT, text);
  const answered = (text: string) => real.runtime.sandbox.received(ADA, `You said: ${text}`, 60);

  test('what arrives while n8n is away is answered, once, when it is back', async () => {
    await real.n8n.stop();
    await say('is n8n there?');
    await real.n8n.start();
    expect(await answered('is n8n there?')).toMatchObject({ arrivals: 1 });
    expect(await executionsOf(client, workflow.id, 1, 'success')).toHaveLength(1);
  });

  test('what arrives while the runtime is away is answered, once, when it is back', async () => {
    await real.runtime.down();
    await say('is the runtime there?');
    await real.runtime.up();
    expect(await answered('is the runtime there?')).toMatchObject({ arrivals: 1 });
    expect(await executionsOf(client, workflow.id, 2, 'success')).toHaveLength(2);
  });

  test('a workflow published while the runtime is away says so, and is published when it is back', async () => {
    await client.unpublish(workflow.id);
    await real.runtime.down();
    await expect(client.publish(workflow)).rejects.toThrow(
      `The WhatsApp Connector runtime does not answer at ${real.runtime.url}`,
    );
    await real.runtime.up();
    // As the button does it: once more, with nothing in between.
    await client.publish(workflow);
    await say('and now?');
    expect(await answered('and now?')).toMatchObject({ arrivals: 1 });
  });

  test('a workflow with a wrong key is not published, and says which key is meant', async () => {
    const data = { baseUrl: real.runtime.url, apiKey: 'another' };
    const wrong = await client.createWorkflow(variant(await client.createCredential('wrong', TYPE, data)));
    await expect(client.publish(wrong)).rejects.toThrow(/API key/);
    await client.unpublish(wrong.id);
  });

  test('when its session is deleted, what came before is answered, and publishing says that it is gone', async () => {
    const { runtime } = real;
    await client.unpublish(workflow.id);
    const session = { __rl: true, mode: 'id', value: 'sales' };
    const right = await client.createCredential('right', TYPE, { baseUrl: runtime.url, apiKey: runtime.apiKey });
    const bound = await client.createWorkflow(variant(right, { listenTo: 'oneSession', session }));
    await client.publish(bound);
    await say('still here');
    await answered('still here');
    // Told of, and deleted at once: the event still starts the workflow, whatever that can then do without a session.
    await runtime.heard(ADA, ACCOUNT, 'at the last moment');
    await runtime.api('DELETE', '/sessions/sales');
    await executionsOf(client, bound.id, 2, 'success', 'error');
    await client.unpublish(bound.id);
    await expect(client.publish(bound)).rejects.toThrow('There is no session with this id');

    await runtime.linkedSession('sales', ACCOUNT);
    await client.unpublish(bound.id);
    await client.publish(bound);
    await say('linked again');
    expect(await answered('linked again')).toMatchObject({ arrivals: 1 });
  });
});
