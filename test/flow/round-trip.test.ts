import { expect, test } from '@jest/globals';
import { PHONE, startFlow } from '../support/flow.ts';
import { startReceiver } from '../support/receiver.ts';

test('a session is linked by QR, sends a text, is answered, and comes back after a restart without a QR', async () => {
  const flow = await startFlow();
  const receiver = await startReceiver();
  const contact = flow.sandbox.contact('15550100002', { name: 'Ann', readsAtOnce: true });
  await flow.link('sales');
  const subscribed = await flow.call('POST', '/webhooks', {
    url: receiver.url,
    sessionId: 'sales',
    events: ['message', 'message.ack'],
  });
  expect(subscribed.status).toBe(201);

  const sent = await flow.call('POST', '/messages/text', {
    sessionId: 'sales',
    to: '+1 555 010 0002',
    text: 'Hello Ann',
    waitFor: 'read',
    timeout: 20,
  });
  expect(sent.body.data).toMatchObject({ status: 'read', reached: true, error: null });
  expect(sent.body.data.timeline.map((step: { status: string }) => step.status)).toEqual([
    'pending',
    'sent',
    'delivered',
    'read',
  ]);
  expect(contact.screen).toMatchObject([{ messageId: sent.body.data.messageId, text: 'Hello Ann', arrivals: 1 }]);

  await contact.say(flow.sandbox.account(PHONE), 'Hi yourself');
  const answer = await receiver.next(({ event }) => event === 'message');
  expect(answer.data).toMatchObject({
    kind: 'text',
    text: 'Hi yourself',
    fromMe: false,
    offline: false,
    from: { phone: '+15550100002', pushName: 'Ann' },
  });
  expect(receiver.events.filter(({ event }) => event === 'message.ack').map(({ data }) => data.status)).toEqual([
    'sent',
    'delivered',
    'read',
  ]);

  await flow.stopRuntime();
  await flow.startRuntime();
  const back = await flow.call('GET', '/sessions/sales/wait?status=connected,qr&timeout=60');
  expect(back.body.data).toMatchObject({ status: 'connected', phone: `+${PHONE}` });
  const again = await flow.call('POST', '/messages/text', {
    sessionId: 'sales',
    to: answer.data.from.jid,
    text: 'Still here',
    waitFor: 'delivered',
  });
  expect(again.body.data).toMatchObject({ status: 'delivered' });

  await flow.end();
  await receiver.stop();
}, 60_000);
