/** A message that comes again because what the client said of it went down with the connection. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PHONE, startFlow, type Flow } from '../support/flow.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';

const LIMIT = 60_000;
const TEXTS = ['one', 'two', 'three'];
let flow: Flow;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  flow = await startFlow({}, () => 0);
  await flow.link('sales', PHONE, { webhookUrl: receiver.url });
}, LIMIT);
afterAll(async () => {
  // Without a word of a key that was used.
  await flow.end();
  await receiver.stop();
}, LIMIT);

test.each(['a broken connection', 'a restart'])(
  'is recognised after %s: told once, and not as one that cannot be read',
  async (what) => {
    const ann = flow.sandbox.contact('15550100701', { name: 'Ann' });
    const account = flow.sandbox.account(PHONE);
    const told = () =>
      receiver.events
        .filter(({ event }) => event === 'message' || event === 'message.undecryptable')
        .map(({ event, data }) => `${event}: ${String(data.text)}`);
    const from = told().length;
    const heard = async (text: string) => {
      await ann.say(account, text);
      await receiver.next(({ event, data }) => event === 'message' && data.text === text);
    };
    const unheard = flow.sandbox.trouble.begin({ name: 'deliveries-unheard', phone: PHONE, settings: {} });
    for (const text of TEXTS) await heard(`${text} before ${what}`);
    if (what === 'a restart') await flow.stopRuntime();
    else flow.sandbox.trouble.begin({ name: 'tcp-reset', phone: PHONE, settings: {} });
    unheard?.stop();
    if (what === 'a restart') await flow.startRuntime();
    await flow.reaches('sales', 'connected');
    // Behind all that the server had kept.
    await heard(`after ${what}`);
    expect(told().slice(from)).toEqual(
      [...TEXTS.map((text) => `${text} before ${what}`), `after ${what}`].map((text) => `message: ${text}`),
    );
  },
  LIMIT,
);
