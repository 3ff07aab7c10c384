/** Each workflow of examples/ as somebody imports it: with credentials and addresses of their own, and nothing else changed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Credential } from '../../runtime/src/demo/n8n-client.ts';
import { eventually } from '../support/deadline.ts';
import { startOutside, type Outside } from '../support/outside.ts';
import { describeWithN8n, startRealN8n, type RealN8n } from '../support/real-n8n.ts';
import { SAMPLES } from '../support/sample-files.ts';

const ACCOUNT = '15550100090';
const OPERATIONS = '15550100091';
const COLLEAGUE = '15550100099';
const ADA = '15550100092';

jest.setTimeout(300_000);

describeWithN8n('the example workflows', () => {
  let real: RealN8n;
  let outside: Outside;
  const credentials: Record<string, Credential> = {};

  beforeAll(async () => {
    real = await startRealN8n();
    outside = await startOutside({ '/v1/chat/completions': thought, '/v1/responses': thought });
    const { runtime, n8n } = real;
    await runtime.linkedSession('sales', ACCOUNT);
    await runtime.linkedSession('operations', OPERATIONS);
    for (const phone of [ADA, COLLEAGUE]) await runtime.sandbox.contact(phone);
    const connector = { baseUrl: runtime.url, apiKey: runtime.apiKey };
    credentials.connector = await n8n.client.createCredential('connector', 'whatsAppConnectorApi', connector);
    const model = { apiKey: 'none', url: `${outside.url}/v1` };
    credentials.model = await n8n.client.createCredential('model', 'openAiApi', model);
  });

  afterAll(async () => {
    await outside?.stop();
    await real?.stop();
  });

  /** Imports an example and publishes it. */
  async function begin(name: string): Promise<void> {
    const text = readFileSync(join(process.cwd(), 'examples', `${name}.json`), 'utf8');
    const workflow = JSON.parse(text.replace(/https:\/\/\w+\.example\.com/g, outside.url)) as {
      nodes: { type: string; credentials?: Record<string, Credential | undefined> }[];
    };
    for (const node of workflow.nodes) {
      if (node.type.startsWith('n8n-nodes-eldoleado'))
        node.credentials = { whatsAppConnectorApi: credentials.connector };
      if (node.type.endsWith('lmChatOpenAi')) node.credentials = { openAiApi: credentials.model };
    }
    const { client } = real.n8n;
    await client.publish(await client.call<{ id: string; versionId: string }>('POST', '/rest/workflows', workflow));
  }

  const say = (text: string) => real.runtime.sandbox.say(ADA, ACCOUNT, text);
  const received = (phone: string, text: string) => real.runtime.sandbox.received(phone, text, 60);

  test('auto-reply', async () => {
    await begin('auto-reply');
    await say('hello there');
    await received(ADA, 'Thank you for your message! We answer between 9 and 6. You wrote: hello there');
  });

  test('lead to CRM', async () => {
    await begin('lead-to-crm');
    await say('what is the price?');
    await received(ADA, 'Thank you for asking! Somebody who knows the prices writes to you today.');
    const lead = await outside.asked('/leads');
    expect(JSON.parse(lead.body.toString())).toMatchObject({ message: 'what is the price?' });
  });

  test('support hand-over', async () => {
    await begin('support-hand-over');
    await say('I want a human');
    await received(ADA, 'I have called a colleague, who answers you here.');
    await shown(COLLEAGUE, /asks for a person: I want a human$/);
  });

  test('appointment reminder', async () => {
    await begin('appointment-reminder');
    const appointment = { sessionId: 'sales', phone: ADA, name: 'Ada', when: 'Friday at ten' };
    const response = await fetch(`${real.n8n.url}/webhook/appointment-reminder`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(appointment),
    });
    expect(response.status).toBe(200);
    await eventually(
      30_000,
      'the question',
      () => real.runtime.sandbox.screen(ADA),
      ({ screen }) => screen.some(({ poll }) => poll?.question === 'Hello Ada, do you come on Friday at ten?'),
    );
    await say('yes');
    await received(ADA, 'Thank you, see you then!');
  });

  test('media archiver', async () => {
    await begin('media-archiver');
    const bytes = SAMPLES.png;
    await real.runtime.sandbox.send(ADA, ACCOUNT, { kind: 'image', data: bytes.toString('base64') });
    expect((await outside.asked('/whatsapp')).body.equals(bytes)).toBe(true);
    await received(ADA, 'Your file has arrived.');
  });

  test('AI agent', async () => {
    await begin('ai-agent');
    await say('where is my order?');
    await received(ADA, 'It arrives tomorrow.');
  });

  test('session watchdog', async () => {
    await begin('session-watchdog');
    const { sandbox } = real.runtime;
    // The session is the only device that was linked to the account.
    await sandbox.call('POST', `/accounts/${ACCOUNT}/unlink`, { deviceId: 1 });
    await shown(COLLEAGUE, /^The account sales \(firing\): /);
  });

  const shown = (phone: string, text: RegExp) =>
    eventually(
      60_000,
      `${String(text)} shown`,
      () => real.runtime.sandbox.screen(phone),
      ({ screen }) => screen.some((row) => text.test(row.text)),
    );
});

/** What a model says over OpenAI's interface: first that the tool is to be used, then that it is done. */
function thought(body: Buffer): object {
  const { messages } = JSON.parse(body.toString()) as { messages: { role: string }[] };
  const call = {
    ...{ id: 'call_1', type: 'function' },
    function: { name: 'Send_WhatsApp_Message', arguments: JSON.stringify({ text: 'It arrives tomorrow.' }) },
  };
  const done = messages.some(({ role }) => role === 'tool');
  const message = done
    ? { role: 'assistant', content: 'Done.' }
    : { role: 'assistant', content: null, tool_calls: [call] };
  return {
    ...{ id: 'chat_1', object: 'chat.completion', created: 0, model: 'gpt-4.1-mini' },
    choices: [{ index: 0, message, finish_reason: done ? 'stop' : 'tool_calls' }],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  };
}
