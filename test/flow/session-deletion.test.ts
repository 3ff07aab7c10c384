/** Somebody deletes a session that a workflow listens to. */
import { expect, test } from '@jest/globals';
import { eventually } from '../support/deadline.ts';
import { onFlow, PHONE } from '../support/flow.ts';
import { startReceiver } from '../support/receiver.ts';

const ADA = '15550102101';

test('what arrived before is delivered once n8n is there, and the workflow is told last that its session is gone', async () => {
  const refused = { expected: [/delivery failed, to be tried again/] };
  await onFlow(async (flow) => {
    let status = 503;
    const n8n = await startReceiver(() => status);
    await flow.link('sales', PHONE);
    const events = ['message', 'alert'];
    await flow.call('POST', '/webhooks', { url: n8n.url, sessionId: 'sales', events });
    const ada = flow.sandbox.contact(ADA);
    const { messageId: first } = await ada.say(flow.sandbox.account(PHONE), 'one');
    await n8n.next(({ data }) => data.messageId === first, 30_000);
    const { messageId: second } = await ada.say(flow.sandbox.account(PHONE), 'two');
    await eventually(
      30_000,
      'both messages received',
      () => flow.call('GET', '/sessions/sales/health'),
      ({ body }) => body.data.messagesLast24h.received === 2,
    );
    expect((await flow.call('DELETE', '/sessions/sales')).body.data).toMatchObject({ deleted: true });
    expect((await flow.call('GET', '/webhooks')).body.data.webhooks).toEqual([]);
    status = 200;
    const told = await n8n.next(({ data }) => data.alert === 'session_deleted', 60_000);
    expect(told.data).toMatchObject({ alert: 'session_deleted', action: expect.stringContaining('publish') });
    const taken = n8n.events.filter(({ data }) => data.alert !== 'webhook_failing');
    expect([...new Set(taken.map(({ data }) => data.messageId ?? data.alert))]).toEqual([
      first,
      second,
      'session_deleted',
    ]);
    await n8n.stop();
  }, refused);
}, 120_000);
