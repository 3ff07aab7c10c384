/** How a session does, as it is told while things go wrong and when they are well again; and who is told of alerts. */
import { expect, test } from '@jest/globals';
import { eventually } from '../support/deadline.ts';
import { friendOf, onFlow, PHONE, type Flow } from '../support/flow.ts';
import { startReceiver } from '../support/receiver.ts';

const DEADLINE_MS = 60_000;
const LIMIT = 120_000;

const healthOf = async (flow: Flow) => (await flow.call('GET', '/sessions/sales/health')).body.data;
const becomes = (flow: Flow, status: string, connection: string) =>
  eventually(
    DEADLINE_MS,
    `${status}, ${connection}`,
    () => healthOf(flow),
    (health) => health.status === status && health.connection === connection,
  );

test(
  'a session is healthy, works on it while the server is away, and needs somebody when it was removed',
  async () => {
    await onFlow(
      async (flow, receiver) => {
        await flow.link('sales', PHONE, { webhookUrl: receiver.url });
        const ann = await friendOf(flow, receiver, '15550100002');
        await flow.call('POST', '/messages/text', { sessionId: 'sales', to: ann.phone, text: 'hi' });
        await receiver.next(({ event, data }) => event === 'message.ack' && data.status === 'sent', DEADLINE_MS);
        const well = await becomes(flow, 'healthy', 'connected');
        expect(well).toMatchObject({
          ...{ proxyStatus: 'unknown', messagesLast24h: { sent: 1, received: 1, failed: 0 } },
          verdict: { message: 'The session is connected, and WhatsApp answers.' },
        });
        expect(new Date(well.lastActivity).toISOString()).toBe(well.lastActivity);

        const away = flow.sandbox.trouble.begin({ name: 'down' });
        const ill = await becomes(flow, 'degraded', 'reconnecting');
        expect(ill.lastActivity).toBeNull();
        expect(ill.verdict.message).not.toBe(well.verdict.message);
        away?.stop();
        await becomes(flow, 'healthy', 'connected');

        flow.sandbox.trouble.begin({ name: 'device-removed' });
        const removed = await becomes(flow, 'unhealthy', 'logged_out');
        expect(removed.verdict.action).toMatch(/scan the new QR code/);
        // Counted from what is on disk.
        await flow.stopRuntime();
        await flow.startRuntime();
        expect((await healthOf(flow)).messagesLast24h).toEqual(well.messagesLast24h);
      },
      { random: () => 0, expected: [/"msg":"WhatsApp client"/, /WhatsApp did something this version does not know/] },
    );
  },
  LIMIT,
);

test(
  'ALERT_WEBHOOK_URL hears of each alert once, and once that it is over, and of nothing else',
  async () => {
    const operator = await startReceiver();
    try {
      await onFlow(
        async (flow, receiver) => {
          await flow.link('sales', PHONE, { webhookUrl: receiver.url });
          await friendOf(flow, receiver, '15550100003');
          const alert = (state: string) =>
            operator.next(({ data }) => data.alert === 'session_reconnecting' && data.state === state, DEADLINE_MS);
          const refusing = flow.sandbox.trouble.begin({ name: 'login-failure', settings: { reason: 500 } });
          flow.sandbox.trouble.begin({ name: 'tcp-reset' });
          await alert('firing');
          // It stands in the next process too.
          await flow.stopRuntime();
          await flow.startRuntime();
          await becomes(flow, 'degraded', 'reconnecting');
          refusing?.stop();
          await alert('resolved');
          expect(new Set(operator.events.map(({ event }) => event))).toEqual(new Set(['alert']));
          const told = operator.events.map(({ data }) => `${data.alert} ${data.state}`);
          expect(new Set(told).size).toBe(told.length);
        },
        {
          ...{ environment: { ALERT_WEBHOOK_URL: operator.url, KEEPALIVE_INTERVAL_MS: '600' }, random: () => 0 },
          expected: [
            /"msg":"WhatsApp client"/,
            /WhatsApp did something this version does not know/,
            /the connection is unwell/,
          ],
        },
      );
    } finally {
      await operator.stop();
    }
  },
  LIMIT,
);
