/** Whatever WhatsApp changes, the report names it once, with what to do, and an alert tells of it. */
import { describe, expect, test } from '@jest/globals';
import { driftFaults } from '../../runtime/sandbox/faults/drift-faults.ts';
import { eventually } from '../support/deadline.ts';
import { friendOf, onFlow, PHONE, type Flow } from '../support/flow.ts';
import type { Receiver } from '../support/receiver.ts';

interface Anomaly {
  type: string;
  details: { kind: string; name: string; count: number; state: string };
  recommendation: string;
}

const UNKNOWN = /WhatsApp did something this version does not know/;
const DEADLINE_MS = 60_000;
const LIMIT = 120_000;
/** The client's own words about what it cannot read. */
const OF_THE_CLIENT = /"msg":"WhatsApp client"/;

const reportOf = async (flow: Flow) => (await flow.call('GET', '/protocol/report')).body.data;
const anomaliesOf = async (flow: Flow) => (await reportOf(flow)).anomalies as Anomaly[];
const onlyOnes = (anomalies: Anomaly[]) => anomalies.map(({ details: { kind, name } }) => `${kind}:${name}`);

async function linked(flow: Flow, receiver: Receiver): Promise<void> {
  await flow.link('sales', PHONE, { webhookUrl: receiver.url });
}

const alertOn = (receiver: Receiver, subject: string, state = 'firing') =>
  receiver.next(
    ({ event, data }) => event === 'alert' && data.subject === subject && data.state === state,
    DEADLINE_MS,
  );

/** The fault, what it takes, what the report calls it, its alert. */
const DRIFTS: [string, Record<string, string | number>, string, string?][] = [
  ['unknown-notification', {}, 'notification:sandbox_future'],
  ['unknown-stanza', {}, 'stanza:sandbox-future'],
  ['unknown-info', {}, 'information:sandbox_future'],
  ['unknown-receipt', {}, 'receipt:sandbox-future'],
  ['unknown-message', {}, 'message_field:3999'],
  ['unknown-fields', {}, 'message_field:3999'],
  ['stream-error', { code: 599 }, 'disconnect_code:599'],
  ['stream-error-without-code', { child: 'sandbox-future' }, 'stream_error:sandbox-future'],
];

const ENDS_CONNECTION = new Set(['stream-error', 'stream-error-without-code']);

const connectedAgain = (receiver: Receiver) => {
  const connected = () =>
    receiver.events.filter(({ event, data }) => event === 'connection.update' && data.status === 'connected');
  return receiver.next((event) => connected().indexOf(event) === 1, DEADLINE_MS);
};

/** Those that take a message to show, in the tests below. */
const WITH_A_MESSAGE = ['unknown-encryption', 'unknown-attributes'];

test('every drift of the sandbox is tried here', () => {
  expect([...DRIFTS.map(([name]) => name), ...WITH_A_MESSAGE]).toEqual(
    expect.arrayContaining(driftFaults.map(({ name }) => name)),
  );
});

describe('what WhatsApp changes', () => {
  test.each(DRIFTS)(
    '%s %j is named as %s',
    async (name, settings, subject) => {
      await onFlow(
        async (flow, receiver) => {
          await linked(flow, receiver);
          flow.sandbox.trouble.begin({ name, settings });
          const { data } = await alertOn(receiver, subject);
          expect(data).toMatchObject({ alert: 'protocol_changed', state: 'firing' });
          // The same again is no news; what ended the connection can only be done to the next one.
          if (ENDS_CONNECTION.has(name)) await connectedAgain(receiver);
          flow.sandbox.trouble.begin({ name, settings });
          await eventually(
            DEADLINE_MS,
            'the second',
            () => anomaliesOf(flow),
            ([first]) => first?.details.count === 2,
          );
          const { anomalies, recommendations } = await reportOf(flow);
          expect(onlyOnes(anomalies)).toEqual([subject]);
          expect(anomalies[0].recommendation).toBe(data.action);
          expect(recommendations).toEqual([data.action]);
          expect(receiver.events.filter(({ event }) => event === 'alert')).toHaveLength(1);
        },
        { expected: [UNKNOWN, OF_THE_CLIENT], random: () => 0 },
      );
    },
    LIMIT,
  );

  test(
    'a message in an unknown encryption or with unknown parts is named by each of them',
    async () => {
      await onFlow(
        async (flow, receiver) => {
          await linked(flow, receiver);
          const ann = flow.sandbox.contact('15550100002');
          flow.sandbox.trouble.begin({ name: 'unknown-encryption' });
          await ann.say(flow.sandbox.account(PHONE), 'one');
          await alertOn(receiver, 'encryption:sandbox-future');
          flow.sandbox.trouble.begin({ name: 'unknown-attributes' });
          await ann.say(flow.sandbox.account(PHONE), 'two');
          await alertOn(receiver, 'attribute:sandbox_future');
          expect(onlyOnes(await anomaliesOf(flow))).toEqual(['encryption:sandbox-future', 'attribute:sandbox_future']);
        },
        { expected: [UNKNOWN, OF_THE_CLIENT] },
      );
    },
    LIMIT,
  );

  test(
    'answers to a question and to a login that nobody knows are named',
    async () => {
      await onFlow(
        async (flow, receiver) => {
          await linked(flow, receiver);
          const begin = (name: string, settings = {}) => flow.sandbox.trouble.begin({ name, settings });
          const refusing = begin('query-refused', { xmlns: 'usync', code: 599 });
          await flow.call('POST', '/contacts/check', { sessionId: 'sales', phones: ['+15550100005'] });
          await alertOn(receiver, 'query_error:599');
          refusing?.stop();
          const barring = begin('login-failure-without-reason');
          begin('tcp-reset');
          await alertOn(receiver, 'login_refusal:no_reason');
          barring?.stop();
          expect(onlyOnes(await anomaliesOf(flow))).toEqual(['query_error:599', 'login_refusal:no_reason']);
        },
        { expected: [UNKNOWN, OF_THE_CLIENT, /"code":"no_answer"/], random: () => 0 },
      );
    },
    LIMIT,
  );

  test(
    'a version that WhatsApp refuses and a refusal of a message that nobody knows are named, and stay so over a restart',
    async () => {
      await onFlow(
        async (flow, receiver) => {
          await linked(flow, receiver);
          const friend = await friendOf(flow, receiver, '15550100003');
          const begin = (name: string, settings = {}) => flow.sandbox.trouble.begin({ name, settings });
          const refusing = begin('messages-refused', { error: '599' });
          await flow.call('POST', '/messages/text', { sessionId: 'sales', to: friend.phone, text: 'hello' });
          await alertOn(receiver, 'message_refusal:599');
          refusing?.stop();
          begin('version-refused');
          begin('tcp-reset');
          const { data } = await receiver.next(({ data: { alert } }) => alert === 'version_refused', DEADLINE_MS);
          expect(data.subject).toMatch(/^version_refused:\d+\.\d+\.\d+$/);
          await flow.reaches('sales', 'failed');
          const before = onlyOnes(await anomaliesOf(flow));
          await flow.stopRuntime();
          await flow.startRuntime();
          expect(onlyOnes(await anomaliesOf(flow))).toEqual(before);
          expect(before).toEqual(['message_refusal:599', data.subject]);
        },
        { expected: [UNKNOWN, OF_THE_CLIENT], random: () => 0 },
      );
    },
    LIMIT,
  );

  test(
    'four handshakes in a row that fail are an alert, which is over when one succeeds',
    async () => {
      await onFlow(
        async (flow, receiver) => {
          await linked(flow, receiver);
          // The client has said what it says after its first login.
          await friendOf(flow, receiver, '15550100004');
          const refusing = flow.sandbox.trouble.begin({ name: 'upgrade-status', settings: { status: 500 } });
          flow.sandbox.trouble.begin({ name: 'tcp-reset' });
          await alertOn(receiver, 'handshake:in_a_row');
          refusing?.stop();
          await alertOn(receiver, 'handshake:in_a_row', 'resolved');
          expect((await reportOf(flow)).recommendations).toEqual([]);
        },
        { expected: [UNKNOWN], random: () => 0 },
      );
    },
    LIMIT,
  );
});
