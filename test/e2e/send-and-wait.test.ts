/** Executions that rest until somebody replies on WhatsApp, in a real n8n: it resumes them, or its clock does. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { eventually } from '../support/deadline.ts';
import { describeWithN8n, executionsOf, startRealN8n, type RealN8n } from '../support/real-n8n.ts';

const ACCOUNT = '15550100080';
let phones = 15550100081;

jest.setTimeout(300_000);

describeWithN8n('send and wait', () => {
  let real: RealN8n;
  let credentials: Record<string, { id: string; name: string }>;
  const published: string[] = [];

  beforeAll(async () => {
    real = await startRealN8n();
    const { runtime, n8n } = real;
    const data = { baseUrl: runtime.url, apiKey: runtime.apiKey };
    const type = 'whatsAppConnectorApi';
    credentials = { [type]: await n8n.client.createCredential('connector', type, data) };
    await runtime.linkedSession('sales', ACCOUNT);
  });

  afterAll(() => real?.stop());

  /** Somebody who starts a workflow by writing its word, is asked something, and is told which branch it went by. */
  async function asked(parameters: Record<string, unknown>) {
    const phone = String(phones++);
    const word = `begin ${phone}`;
    const { runtime, n8n } = real;
    await runtime.sandbox.contact(phone);
    const node = (name: string, type: string, more: Record<string, unknown>) => ({
      ...{ name, type: `n8n-nodes-eldoleado-whatsapp.${type}`, credentials, position: [0, 0] as [number, number] },
      parameters: { resource: 'message', ...more },
    });
    const session = { __rl: true, mode: 'id', value: 'sales' };
    const to = { __rl: true, mode: 'phone', value: phone };
    const options = { humanization: 'instant' };
    const tell = (name: string, text: string) =>
      node(name, 'whatsAppConnectorSendMessage', {
        operation: 'send',
        messageType: 'text',
        session,
        to,
        text,
        options,
      });
    const trigger = { events: ['message'], listenTo: 'oneSession', session, options: { textContains: word } };
    const branches = ['No Reply', 'Reply', 'Declined'];
    const workflow = await n8n.client.createWorkflow({
      name: word,
      nodes: [
        node('Trigger', 'whatsAppConnectorTrigger', trigger),
        node('Ask', 'whatsAppConnectorSendMessage', { operation: 'sendAndWait', session, to, options, ...parameters }),
        ...branches.map((name) => tell(name, `=${name}: {{ $json.replied }} {{ $json.text ?? $json.chosen }}`)),
      ],
      connections: { Trigger: [['Ask']], Ask: branches.map((name) => [name]) },
    });
    await n8n.client.publish(workflow);
    published.push(workflow.id);
    await runtime.sandbox.say(phone, ACCOUNT, word);
    await executionsOf(n8n.client, workflow.id, 1, 'waiting');
    return { phone, workflow, word };
  }

  /** The subscriptions of executions that wait. */
  const waiting = async () =>
    (await real.runtime.api<{ webhooks: { url: string }[] }>('GET', '/webhooks')).webhooks.filter(({ url }) =>
      url.includes('/webhook-waiting/'),
    );
  const nobodyWaits = () => eventually(20_000, 'no subscription', waiting, ({ length }) => length === 0);

  test('the next message in the chat continues it, once, and ends the subscription', async () => {
    const { phone, workflow } = await asked({ responseType: 'reply', text: 'How are you?', waitAmount: 1 });
    const { sandbox } = real.runtime;
    await sandbox.received(phone, 'How are you?');
    expect(await waiting()).toHaveLength(1);
    await sandbox.say(phone, ACCOUNT, 'quite well');
    await sandbox.received(phone, 'Reply: true quite well', 40);
    await nobodyWaits();
    const [done] = await executionsOf(real.n8n.client, workflow.id, 1, 'success');
    expect(done).toMatchObject({ status: 'success' });
  });

  test('only what quotes the question continues it when that is asked for', async () => {
    const { phone } = await asked({ responseType: 'quotedReply', text: 'Which one?', waitAmount: 1 });
    const { sandbox } = real.runtime;
    const { messageId } = await sandbox.received(phone, 'Which one?');
    await sandbox.say(phone, ACCOUNT, 'let me think');
    await sandbox.call('POST', `/contacts/${phone}/say`, { to: ACCOUNT, text: 'the blue one', quoted: messageId });
    await sandbox.received(phone, 'Reply: true the blue one', 40);
    await nobodyWaits();
  });

  test('a vote continues it', async () => {
    const answers = { responseType: 'vote', question: 'When?', answers: ['Monday', 'Friday'], waitAmount: 1 };
    const { phone } = await asked(answers);
    await vote(phone, 'When?', 'Friday');
    await real.runtime.sandbox.received(phone, 'Reply: true Friday', 40);
    await nobodyWaits();
  });

  test('an approval is voted, or typed, and a refusal has a branch of its own', async () => {
    const approval = { responseType: 'approval', approveLabel: 'Yes', declineLabel: 'No', waitAmount: 1 };
    const { phone } = await asked({ ...approval, question: 'Ship it?' });
    await vote(phone, 'Ship it?', 'Yes');
    await real.runtime.sandbox.received(phone, 'Reply: true Yes', 40);
    const other = await asked({ ...approval, question: 'Send the bill?' });
    await real.runtime.sandbox.say(other.phone, ACCOUNT, 'no!');
    await real.runtime.sandbox.received(other.phone, 'Declined: true no!', 40);
    await nobodyWaits();
  });

  test('when time is up it goes on by the branch for that, with the item that came', async () => {
    const time = { waitAmount: 3, waitUnit: 'seconds' };
    const { phone, word } = await asked({ responseType: 'reply', text: 'Still there?', ...time });
    await real.runtime.sandbox.received(phone, `No Reply: false ${word}`, 60);
  });

  test('an address that n8n did not sign continues nothing', async () => {
    const { phone, workflow } = await asked({ responseType: 'reply', text: 'Who is it?', waitAmount: 1 });
    const url = new URL(String((await waiting()).at(-1)?.url));
    url.searchParams.set('to', '15550100999@s.whatsapp.net');
    const body = JSON.stringify({ event: 'message', data: {} });
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(401);
    expect(await executionsOf(real.n8n.client, workflow.id, 1, 'waiting')).toHaveLength(1);
    await real.runtime.sandbox.say(phone, ACCOUNT, 'only me');
    await real.runtime.sandbox.received(phone, 'Reply: true only me', 40);
  });

  async function vote(phone: string, question: string, answer: string): Promise<void> {
    const { sandbox } = real.runtime;
    const row = await eventually(
      20_000,
      `the poll ${question}`,
      async () => (await sandbox.screen(phone)).screen.find(({ poll }) => poll?.question === question),
      (found) => found !== undefined,
    );
    await sandbox.call('POST', `/contacts/${phone}/vote`, { messageId: row?.messageId, options: [answer] });
  }
});
