/** The metrics of a whole runtime after real traffic: they add up, and they name nobody. */
import { expect, test } from '@jest/globals';
import { isOnRedis } from '../support/flow-engine.ts';
import { onFlow, friendOf, PHONE } from '../support/flow.ts';
import { scrape, type Scraped } from '../support/scrape.ts';

const environment = { METRICS_ENABLED: 'true', METRICS_PORT: '0', HUMANIZATION_PROFILE: 'instant' };

test('what was accepted, sent, received, published and delivered adds up, and no label names anybody', async () => {
  await onFlow(
    async (flow, receiver) => {
      // Before there is anything to hear of, so that it hears of all.
      await flow.stopRuntime();
      flow.environment['DEFAULT_WEBHOOK_URL'] = receiver.url;
      await flow.startRuntime();
      await flow.link('sales');
      const friend = await friendOf(flow, receiver, '15550100111');
      for (const text of ['one', 'two', 'three']) {
        await flow.call('POST', '/messages/text', { sessionId: 'sales', to: friend.phone, text });
      }
      const sendAt = Date.now() + 3_600_000;
      await flow.call('POST', '/messages/text', { sessionId: 'sales', to: friend.phone, text: 'later', sendAt });
      for (const nth of [1, 2, 3]) await acked(receiver, nth);
      await flow.call('GET', '/sessions/nobody');
      await flow.call('GET', '/no/such/route');

      const metrics = await settled(flow.app?.metricsUrl ?? '');
      expect(metrics.sum('whatsapp_messages_accepted_total')).toBe(4);
      expect(metrics.sum('whatsapp_messages_acked_total')).toBe(3);
      expect(metrics.sum('whatsapp_messages_written_total')).toBe(3);
      expect(metrics.sum('whatsapp_messages_failed_total')).toBe(0);
      expect(metrics.sum('whatsapp_message_seconds_count')).toBe(3);
      expect(metrics.sum('whatsapp_outbox_messages', { state: 'scheduled' })).toBe(1);
      expect(metrics.sum('whatsapp_outbox_messages')).toBe(1);
      expect(metrics.sum('whatsapp_messages_received_total')).toBe(metrics.sum('whatsapp_messages_handled_total'));
      expect(metrics.sum('whatsapp_messages_handled_total', { as: 'new' })).toBe(1);
      const told = metrics.sum('whatsapp_webhook_deliveries_total', { outcome: 'delivered' });
      expect(told + metrics.sum('whatsapp_webhook_queue')).toBe(metrics.sum('whatsapp_events_published_total'));
      expect(metrics.sum('whatsapp_webhook_delivery_lag_seconds_count')).toBe(told);
      expect(metrics.sum('whatsapp_events_published_total', { event: 'message' })).toBe(1);
      expect(metrics.sum('whatsapp_sessions', { status: 'connected' })).toBe(1);
      const { body } = await flow.call('GET', '/sessions/sales');
      expect(metrics.sum('whatsapp_session_status', { session: body.data.hash, status: 'connected' })).toBe(1);
      expect(metrics.sum('whatsapp_webhooks', { status: 'active' })).toBe(1);
      expect(metrics.sum('whatsapp_operations_total', { operation: 'send', outcome: 'success' })).toBe(3);
      expect(metrics.sum('whatsapp_api_errors_total', { code: 'session_not_found' })).toBe(1);
      expect(metrics.sum('whatsapp_api_request_seconds_count', { route: '/sessions/:sessionId', status: '4xx' })).toBe(
        1,
      );
      expect(metrics.sum('whatsapp_api_request_seconds_count', { route: 'none' })).toBe(1);
      expect(metrics.sum('whatsapp_store_commit_seconds_count')).toBeGreaterThan(10);
      // When Redis writes to its disk is its own affair.
      if (!isOnRedis) expect(metrics.sum('whatsapp_store_sync_seconds_count')).toBeGreaterThan(0);
      expect(metrics.sum('whatsapp_scrape_failures_total')).toBe(0);
      namesNobody(metrics, [
        friend.phone.replace(/\D/g, ''),
        PHONE.replace(/\D/g, ''),
        'sales',
        'nobody',
        receiver.url,
      ]);

      await flow.call('DELETE', '/sessions/sales');
      const after = await scrape(flow.app?.metricsUrl ?? '');
      expect(after.series.filter(({ name }) => name === 'whatsapp_session_status')).toEqual([]);
    },
    { environment },
  );
}, 60_000);

const acked = (receiver: Parameters<typeof friendOf>[1], nth: number) =>
  receiver.next(
    () => receiver.events.filter(({ event, data }) => event === 'message.ack' && data.status === 'sent').length >= nth,
  );

/** Facts are heard of before they are counted everywhere: the first scrape in which all of that is done, or the last in time. */
async function settled(url: string): Promise<Scraped> {
  for (const end = Date.now() + 30_000; ; ) {
    const now = await scrape(url);
    const published = now.sum('whatsapp_events_published_total');
    const isDone =
      now.sum('whatsapp_webhook_queue') === 0 &&
      now.sum('whatsapp_outbox_messages') === 1 &&
      now.sum('whatsapp_webhook_deliveries_total', { outcome: 'delivered' }) === published &&
      now.sum('whatsapp_messages_received_total') === now.sum('whatsapp_messages_handled_total') &&
      now.sum('whatsapp_api_request_seconds_count', { route: 'none' }) === 1;
    if (isDone || Date.now() > end) return now;
  }
}

function namesNobody({ series, text }: Scraped, names: string[]): void {
  // A hash may well have seven digits in a row.
  const values = series.flatMap(({ labels: { session, ...others } }) => {
    if (session !== undefined) expect(session).toMatch(/^[0-9a-f]{32}$/);
    return Object.values(others);
  });
  expect(values.filter((value) => /@|https?:|\d{7,}/.test(value))).toEqual([]);
  expect(names.filter((name) => values.includes(name) || (name.length > 6 && text.includes(name)))).toEqual([]);
}
