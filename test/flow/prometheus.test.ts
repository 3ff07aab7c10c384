/** Debian's Prometheus scrapes a real runtime; the shipped rules fire on real troubles and are over when those are. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort } from '../../runtime/src/demo/free-port.ts';
import { startFlow, PHONE, type Flow } from '../support/flow.ts';
import { describeWithPrometheus, startPrometheus, type Prometheus } from '../support/prometheus.ts';
import { startReceiver, type Receiver, type Reply } from '../support/receiver.ts';
import { eventually } from '../support/deadline.ts';

/** What the troubles lead to; on a slow machine they last long enough for the monitor and the watchdog to speak. */
const EXPECTED = [
  /delivery (failed|given up)/,
  /does not know/,
  /the connection is unwell/,
  /connecting again does not help/,
];

describeWithPrometheus('Prometheus, with the runtime and the rules it ships', () => {
  let flow: Flow;
  let receiver: Receiver;
  let reply: Reply = 200;
  let prometheus: Prometheus;
  let webhookId: string;

  beforeAll(async () => {
    receiver = await startReceiver(() => reply);
    const metricsPort = await freePort();
    flow = await startFlow({ METRICS_ENABLED: 'true', METRICS_PORT: String(metricsPort) });
    await flow.link('sales', PHONE, { webhookUrl: receiver.url });
    const { body } = await flow.call('GET', '/webhooks');
    webhookId = body.data.webhooks[0].webhookId;
    prometheus = await startPrometheus(`127.0.0.1:${metricsPort}`);
  }, 120_000);
  afterAll(async () => {
    try {
      await prometheus?.stop();
      await flow?.end(EXPECTED);
    } finally {
      await receiver?.stop();
    }
  }, 120_000);

  const wasPending = async (alert: string) =>
    (await prometheus.query(`max_over_time(ALERTS{alertname="${alert}",alertstate="pending"}[10m])`)).length > 0;
  /** Something to be told, which a webhook then takes or does not. */
  const something = () => flow.sandbox.contact('15550100111').say(flow.sandbox.account(PHONE), 'hello');
  const webhook = async () => (await flow.call('GET', `/webhooks/${webhookId}`)).body.data;
  /** What waits for a failed receiver goes on at once. */
  const hasten = () => flow.call('PATCH', `/webhooks/${webhookId}`, { paused: false });

  test('scrapes the runtime, and nothing fires while all is well', async () => {
    await eventually(
      60_000,
      'a scrape of the connected session',
      () => prometheus.query('whatsapp_session_status{status="connected"}'),
      (found) => found.length === 1,
    );
    // Before the first scrape it was absent.
    await prometheus.becomes('RuntimeAbsent', 'inactive');
    expect(await prometheus.query('up{job="whatsapp-runtime"}')).toMatchObject([{ value: 1 }]);
    expect(await prometheus.query('ALERTS{alertstate="firing"}')).toEqual([]);
  }, 150_000);

  test('SessionDown: a session is cut off and refused; over when it is let in again', async () => {
    const { hash } = (await flow.call('GET', '/sessions/sales')).body.data;
    const away = flow.sandbox.trouble.begin({ name: 'down' });
    await prometheus.becomes('SessionDown', 'firing');
    const [down] = await prometheus.query('ALERTS{alertname="SessionDown",alertstate="firing"}');
    expect(down?.metric).toMatchObject({ session: hash, severity: 'critical' });
    away?.stop();
    await flow.reaches('sales', 'connected', 60);
    await prometheus.becomes('SessionDown', 'inactive');
    expect(await wasPending('SessionDown')).toBe(true);
  }, 200_000);

  test('WebhookFailing: a receiver answers 500; over when it takes what waits', async () => {
    reply = 500;
    await something();
    await eventually(
      60_000,
      'a receiver that fails',
      async () => (await hasten(), await webhook()),
      ({ failing }) => failing !== null,
    );
    await prometheus.becomes('WebhookFailing', 'firing');
    reply = 200;
    await hasten();
    await prometheus.becomes('WebhookFailing', 'inactive');
    expect(await wasPending('WebhookFailing')).toBe(true);
  }, 200_000);

  test('WebhookDeadLetters and WebhookDisabled: a receiver answers 410; over when it is made active again', async () => {
    reply = 410;
    await something();
    await prometheus.becomes('WebhookDeadLetters', 'firing');
    await prometheus.becomes('WebhookDisabled', 'firing');
    reply = 200;
    await hasten();
    await flow.call('POST', `/webhooks/${webhookId}/redrive`);
    await prometheus.becomes('WebhookDisabled', 'inactive');
    await prometheus.becomes('WebhookDeadLetters', 'inactive');
  }, 200_000);

  test('SessionEnded: the phone unlinks the session; over when it is linked again', async () => {
    flow.sandbox.trouble.begin({ name: 'device-removed' });
    await flow.reaches('sales', 'logged_out', 60);
    await prometheus.becomes('SessionEnded', 'firing');
    await flow.call('POST', '/sessions/sales/reconnect');
    await flow.scan('sales');
    await prometheus.becomes('SessionEnded', 'inactive');
  }, 200_000);

  test('RuntimeAbsent: the runtime is stopped; over when it runs again', async () => {
    await flow.stopRuntime();
    await prometheus.becomes('RuntimeAbsent', 'firing');
    await flow.startRuntime();
    await prometheus.becomes('RuntimeAbsent', 'inactive');
    await flow.reaches('sales', 'connected', 60);
  }, 200_000);
});
