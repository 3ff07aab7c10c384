/** How long a caller waits for a message to be accepted, and a subscriber for an event. */
import autocannon from 'autocannon';
import { setTimeout as pause } from 'node:timers/promises';
import { startReceiver } from '../../support/receiver.ts';
import { Bench, percentile, round, sessionName, type Row } from './bench.ts';

const RATE = 500;
const CONNECTIONS = 20;
const ACCEPTED_MS = 10;
const TOLD_MS = 25;
const EVERY_MS = 50;
const TOLD_WITHIN_MS = 30_000;
const FIRST_CONTACT = 15_550_195_000;
const IN_AN_HOUR_MS = 3_600_000;
const SESSIONS = 10;

/** At 500 requests a second; the messages are for later, so that nothing is sent meanwhile. */
async function accepting(bench: Bench, seconds: number): Promise<Row> {
  const times: number[] = [];
  let refused = 0;
  let at = 0;
  const sendAt = new Date(Date.now() + IN_AN_HOUR_MS).toISOString();
  const ended = Promise.withResolvers<undefined>();
  const options: autocannon.Options = {
    url: `${bench.apiUrl}/messages/text`,
    ...{ connections: CONNECTIONS, overallRate: RATE, duration: seconds },
    requests: [
      {
        method: 'POST',
        headers: { authorization: `Bearer ${bench.apiKey}`, 'content-type': 'application/json' },
        setupRequest: (request) => {
          const [sessionId, to] = [sessionName(at % SESSIONS), String(FIRST_CONTACT + (at % 400))];
          return { ...request, body: JSON.stringify({ sessionId, to, text: `text ${at++}`, sendAt }) };
        },
      },
    ],
  };
  autocannon(options, (error: unknown) => (error ? ended.reject(error) : ended.resolve(undefined))).on(
    'response',
    (_client, statusCode, _bytes, milliseconds) => {
      if (statusCode === 202) times.push(milliseconds);
      else refused += 1;
    },
  );
  await ended.promise;
  if (refused > 0) throw new Error(`${refused} requests were refused`);
  const value = round(percentile(times, 0.95));
  return {
    ...{
      scenario: `a message is accepted, at ${RATE} requests a second (p95)`,
      value,
      unit: 'ms',
      bare: null,
      ratio: null,
    },
    ...{ goal: `at most ${ACCEPTED_MS} ms`, ok: value <= ACCEPTED_MS },
  };
}

/** From an event's own time until its receiver has it. */
async function telling(bench: Bench, messages: number): Promise<Row> {
  const times: number[] = [];
  const receiver = await startReceiver((event) => {
    times.push(Date.now() - (JSON.parse(event.body) as { timestamp: number }).timestamp);
    return 200;
  });
  await bench.call('POST', '/webhooks', { url: receiver.url, events: ['message'] });
  const account = bench.sandbox.account(bench.runtime.phones[0] ?? '');
  for (let at = 0; at < messages; at++) {
    const { messageId } = await bench.sandbox.contact(String(FIRST_CONTACT + (at % 20))).say(account, `hello ${at}`);
    await receiver.next(({ data }) => data.messageId === messageId, TOLD_WITHIN_MS);
    await pause(EVERY_MS);
  }
  await receiver.stop();
  const value = percentile(times, 0.95);
  return {
    ...{ scenario: 'an event reaches its webhook (p95)', value, unit: 'ms', bare: null, ratio: null },
    ...{ goal: `at most ${TOLD_MS} ms`, ok: value <= TOLD_MS },
  };
}

export async function latencyRows({ seconds, messages }: { seconds: number; messages: number }): Promise<Row[]> {
  return await Bench.with(async (bench) => {
    await bench.startRuntime();
    await bench.linkRuntime(SESSIONS);
    return [await telling(bench, messages), await accepting(bench, seconds)];
  });
}
