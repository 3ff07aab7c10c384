/** A person who builds a workflow in n8n's editor, from the first node to a message sent, in a real browser. */
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import type { Credential, WorkflowNode } from '../../runtime/src/demo/n8n-client.ts';
import { findChromium, openBrowser } from '../support/browser.ts';
import { eventually } from '../support/deadline.ts';
import { Editor } from '../support/n8n-editor.ts';
import { describeWithN8n, startRealN8n, type RealN8n } from '../support/real-n8n.ts';

const ACCOUNT = '15550100050';
const ADA = '15550100051';
const TYPE = 'whatsAppConnectorApi';
const chromium = findChromium(process.env);

jest.setTimeout(300_000);

function inTheEditor(): void {
  let real: RealN8n;
  let browser: Browser;
  let editor: Editor;
  let credential: Credential;
  let built: string;

  beforeAll(async () => {
    if (!chromium) throw new Error('there is no Chromium: apt-get install chromium, or set CHROMIUM_PATH');
    [real, browser] = await Promise.all([startRealN8n(), openBrowser(chromium)]);
    await real.runtime.sandbox.contact(ADA, { name: 'Ada' });
    editor = await Editor.open(browser, real.n8n);
  });

  afterEach(() => expect(editor?.problems).toEqual([]));

  afterAll(async () => {
    await browser?.close();
    await real?.stop();
  });

  /** A workflow that starts by the button, with one of our nodes after the other. */
  async function byHand(name: string, steps: Record<string, Pick<WorkflowNode, 'type' | 'parameters'>>) {
    const nodes = Object.entries(steps).map(([title, { type, parameters }], i): WorkflowNode => {
      const position: [number, number] = [220 * (i + 1), 0];
      const credentials = { [TYPE]: credential };
      return { name: title, type: `n8n-nodes-eldoleado-whatsapp.${type}`, parameters, credentials, position };
    });
    const start: WorkflowNode = {
      ...{ name: 'Start', type: 'n8n-nodes-base.manualTrigger', parameters: {}, position: [0, 0] },
    };
    return await real.n8n.client.createWorkflow({ name, nodes: [start, ...nodes] });
  }

  test('the credential is refused with a wrong key, and works with the right one', async () => {
    const { runtime, n8n } = real;
    await editor.openWorkflow();
    await editor.addNode('WhatsApp Connector', 'On message');
    await editor.at('node-credentials-empty-state').locator('button').click();
    await editor.field('baseUrl').fill(runtime.url);
    await editor.field('apiKey').fill('another');
    await editor.at('credential-save-button').click();
    await editor.page.getByText('Couldn’t connect with these settings').waitFor();
    await editor.page.getByText('More details').click();
    await editor.page.getByText('The runtime answers, but not to this API key.').waitFor();
    await editor.picture('credential-refused');
    await editor.field('apiKey').fill(runtime.apiKey);
    await editor.at('credential-save-button').click();
    await editor.at('credential-save-button').waitFor({ state: 'hidden' });
    await editor.at('node-credentials-slot').locator('button:has-text("Edit"), [data-icon=pen]').first().click();
    await editor.page.getByText('Connection tested successfully').waitFor();
    await editor.picture('credential-works');
    // It closes the node below it as well.
    await editor.page.keyboard.press('Escape');
    const credentials = await n8n.client.call<Credential[]>('GET', '/rest/credentials');
    [credential] = credentials as [Credential];
  });

  test('each node shows its parameters', async () => {
    await editor.openNode('WhatsApp Connector Trigger');
    await editor.picture('trigger');
    await editor.closeNode();
    await editor.addNode('WhatsApp Connector Send Message', 'Send message');
    await editor.picture('send-message');
    await editor.closeNode();
    await editor.addNode('WhatsApp Connector Session Control', 'Get status of session');
    await editor.picture('session-control');
    await editor.closeNode();
    await editor.picture('canvas');
    built = new URL(editor.page.url()).pathname.split('/').pop() ?? '';
    // The editor saves by itself, a moment later.
    await eventually(
      20_000,
      'the workflow saved',
      () => real.n8n.client.call<{ nodes: unknown[] }>('GET', `/rest/workflows/${built}`),
      ({ nodes }) => nodes.length === 3,
    );
  });

  test('an account is linked by the code the node shows', async () => {
    const session = { __rl: true, mode: 'id', value: 'sales' };
    const control = (operation: string, more: object = {}) => ({
      type: 'whatsAppConnectorSessionControl',
      parameters: { resource: 'session', operation, session, ...more },
    });
    const { id } = await byHand('Link an account', {
      Create: control('create', { sessionId: 'sales' }),
      Link: control('link'),
      'Wait for the phone': control('link', { shownCode: '={{ $json.qr }}' }),
    });
    await editor.openWorkflow(id);
    await editor.at('execute-workflow-button').first().click();
    await editor.succeeded('Link');
    await editor.openNode('Link');
    await editor.at('radio-button-binary').click();
    await editor.at('ndv-view-binary-data').click();
    await real.runtime.sandbox.scan(ACCOUNT, await editor.qrCode('qr-code'));
    await editor.page.keyboard.press('Escape');
    await editor.succeeded('Wait for the phone');
    await editor.openNode('Wait for the phone');
    expect(await editor.output()).toMatch(/"outcome":\s*"linked"/);
    await editor.picture('linked');
  });

  test('a test run of the trigger shows the next message', async () => {
    await editor.openWorkflow(built);
    await editor.openNode('WhatsApp Connector Trigger');
    await editor.choose('session', 'sales');
    await editor.at('node-execute-button').first().click();
    await editor.page.getByText('Listening for test event').waitFor();
    await eventually(
      20_000,
      'the subscription of the test run',
      () => real.runtime.api<{ webhooks: { url: string }[] }>('GET', '/webhooks'),
      ({ webhooks }) => webhooks.some(({ url }) => url.includes('/webhook-test/')),
    );
    await editor.picture('listening');
    await real.runtime.sandbox.say(ADA, ACCOUNT, 'Are you open today?');
    expect(await editor.output()).toContain('Are you open today?');
    await editor.picture('message-received');
    await editor.closeNode();
  });

  test('a message is sent by the button', async () => {
    await editor.openNode('Send message');
    await editor.choose('session', 'sales');
    await editor.write('to', `+${ADA}`);
    await editor.field('text').fill('We are, until six.');
    await editor.at('node-execute-button').first().click();
    await real.runtime.sandbox.received(ADA, 'We are, until six.', 40);
    expect(await editor.output()).toContain('"messageId"');
    await editor.picture('message-sent');
    await editor.closeNode();
  });

  test('published by the button, it answers the next message by itself', async () => {
    const { n8n, runtime } = real;
    // n8n publishes nothing while a node lacks what it needs; and the same words twice in five minutes are refused.
    await editor.openNode('Get status of session');
    await editor.choose('session', 'sales');
    await editor.closeNode();
    await editor.openNode('Send message');
    await editor.field('text').fill('Tomorrow too.');
    await editor.closeNode();
    await editor.at('workflow-open-publish-modal-button').click();
    await editor.at('workflow-publish-button').waitFor();
    await editor.picture('publish');
    await editor.at('workflow-publish-button').click();
    await eventually(
      40_000,
      'the subscription of the published workflow',
      () => runtime.api<{ webhooks: { url: string }[] }>('GET', '/webhooks'),
      ({ webhooks }) => webhooks.some(({ url }) => url.includes('/webhook/')),
    );
    await runtime.sandbox.say(ADA, ACCOUNT, 'And tomorrow?');
    expect(await runtime.sandbox.received(ADA, 'Tomorrow too.', 40)).toMatchObject({ arrivals: 1 });
    const executions = await eventually(
      30_000,
      'the end of the production execution',
      async () => (await n8n.client.executions(built)).filter(({ mode }) => mode === 'webhook'),
      (found) => found.some(({ status }) => ['success', 'error', 'crashed'].includes(status)),
    );
    expect(executions).toMatchObject([{ status: 'success' }]);
    await editor.picture('published');
    await editor.page.getByText('Got it').click();
  });

  test('a failure says what happened and what to do', async () => {
    const parameters = {
      ...{ resource: 'message', operation: 'send', messageType: 'text', text: 'hello' },
      ...{ session: { __rl: true, mode: 'id', value: 'forgotten' }, to: { __rl: true, mode: 'phone', value: ADA } },
    };
    const { id } = await byHand('To nobody', { Send: { type: 'whatsAppConnectorSendMessage', parameters } });
    await editor.openWorkflow(id);
    await editor.at('execute-workflow-button').first().click();
    await editor.page.getByText(/Problem in node .Send/).waitFor();
    await editor.openNode('Send');
    expect(await editor.at('output-panel').textContent()).toContain('There is no session with this id');
    await editor.picture('failure');
  });
}

const title = "n8n's editor in a browser";
if (chromium || process.env.REQUIRE_ALL === '1') describeWithN8n(title, inTheEditor);
else test.skip(`${title} (no Chromium: install it, or set CHROMIUM_PATH)`, () => undefined);
