/** How long a caller waits for a message to be accepted, and a subscriber for an event. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { startReceiver } from '../../support/receiver.ts';
import { sessionName, type Bench } from './bench.ts';
import { pacedTimes } from './paced.ts';
import { percentile, type Measured, type Stage } from './scenario.ts';

const RATE = 500;
const EVERY_MS = 50;
const TOLD_WITHIN_MS = 30_000;
const FIRST_CONTACT = 15_550_195_000;
const IN_AN_HOUR_MS = 3_600_000;
const SESSIONS = 10;
/** Until what a process compiles and reads at first is behind it. */
const WARM_UP_SECONDS = 3;

interface Length {
  readonly seconds: number;
  readonly messages: number;
}

/** Times of answers, ms. The messages are for later, so that nothing is sent meanwhile. */
async function answersOf(url: string, apiKey: string, seconds: number): Promise<number[]> {
  const sendAt = new Date(Date.now() + IN_AN_HOUR_MS).toISOString();
  // The same text to the same person again would be refused.
  const run = randomUUID();
  return await pacedTimes({
    url: `${url}/messages/text`,
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    ...{ perSecond: RATE, seconds },
    body(at) {
      const [sessionId, to] = [sessionName(at % SESSIONS), String(FIRST_CONTACT + (at % 400))];
      return JSON.stringify({ sessionId, to, text: `${run}, ${at}`, sendAt });
    },
  });
}

async function accept(bench: Bench, seconds: number): Promise<Measured> {
  const of = async (url: string) => {
    await answersOf(url, bench.apiKey, WARM_UP_SECONDS);
    return percentile(await answersOf(url, bench.apiKey, seconds), 0.95);
  };
  const { url } = await bench.tellBare({ what: 'serve' });
  return { bare: await of(url), value: await of(bench.apiUrl) };
}

/** From an event's own time until its receiver has it, for so many messages to one account. */
async function toldTimes(bench: Bench, phone: string, messages: number, subscribe: (url: string) => Promise<unknown>) {
  const times: number[] = [];
  const receiver = await startReceiver(({ timestamp }) => {
    times.push(Date.now() - timestamp);
    return 200;
  });
  await subscribe(receiver.url);
  const account = bench.sandbox.account(phone);
  for (let at = 0; at < messages; at++) {
    const { messageId } = await bench.sandbox.contact(String(FIRST_CONTACT + (at % 20))).say(account, `hello ${at}`);
    await receiver.next(({ data }) => data.messageId === messageId, TOLD_WITHIN_MS);
    await pause(EVERY_MS);
  }
  await receiver.stop();
  return times;
}

async function webhook(bench: Bench, messages: number): Promise<Measured> {
  const [ours, theirs] = [bench.runtime.phones[0] ?? '', bench.bare.phones[0] ?? ''];
  const bare = await toldTimes(bench, theirs, messages, (url) => bench.tellBare({ what: 'tell', url }));
  let webhookId = '';
  const value = await toldTimes(bench, ours, messages, async (url) => {
    const subscription = { url, sessionId: sessionName(0), events: ['message'] };
    ({ webhookId } = await bench.call<{ webhookId: string }>('POST', '/webhooks', subscription));
  });
  await bench.call('DELETE', `/webhooks/${webhookId}`);
  return { value: percentile(value, 0.95), bare: percentile(bare, 0.95) };
}

export const latencyStage = ({ seconds, messages }: Length): Stage => ({
  async prepare(bench) {
    await bench.startRuntime();
    await bench.startBare();
    await bench.link(SESSIONS);
  },
  scenarios: [
    {
      name: 'webhook',
      what: 'from an event until its webhook has it, p95',
      unit: 'ms',
      goals: [{ of: 'value', atMost: 25 }],
      measure: (bench) => webhook(bench, messages),
    },
    {
      name: 'accept',
      what: `answer to a message that is accepted, at ${RATE} requests a second, p95`,
      unit: 'ms',
      goals: [{ of: 'value', atMost: 10 }],
      measure: (bench) => accept(bench, seconds),
    },
  ],
});
