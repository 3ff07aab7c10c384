/** What happens to the sessions of all workers is told by each of them, and goes on at any other. */
import { afterEach, expect, test } from '@jest/globals';
import { openEventSource, type EventSource } from '../support/event-source.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { describeWithRedis } from '../support/with-redis.ts';
import { API_KEY, Workers } from '../support/workers.ts';

const CONTACT = '15550102999';
const ACCOUNTS = { one: '15550101001', two: '15550101002' };
type Id = keyof typeof ACCOUNTS;
const IDS = Object.keys(ACCOUNTS) as Id[];

const follow = (name: string, after?: string) =>
  openEventSource(new URL('/events?events=message', stage.address(name)), API_KEY, after);
const hears = (stream: EventSource, text: string) => stream.next(({ data }) => data.data.text === text);
const texts = ({ told }: EventSource) => told.map(({ data }) => data.data.text as string);
const allHear = async (streams: EventSource[], said: string[]) => {
  for (const text of said) for (const stream of streams) await hears(stream, text);
};

let stage: Workers;
let receiver: Receiver;
afterEach(async () => {
  await stage.end();
  await receiver.stop();
}, 120_000);

describeWithRedis('the events of two workers', () => {
  test('are told by each in one order, and by the other after one was killed, each once; all are replayed', async () => {
    receiver = await startReceiver();
    stage = await Workers.start('a', 'b');
    await stage.sandbox.contact(CONTACT);
    for (const id of IDS) await stage.linked('a', id, ACCOUNTS[id]);
    const said: string[] = [];
    const say = async (session: Id, text: string) => {
      said.push(text);
      await stage.sandbox.say(CONTACT, ACCOUNTS[session], text);
    };

    const [first, whole] = [await follow('a'), await follow('b')];
    for (let n = 1; n <= 6; n++) await say(n % 2 === 0 ? 'one' : 'two', `message ${n}`);
    await allHear([first, whole], said);
    expect(first.told.map(({ id }) => id)).toEqual(whole.told.map(({ id }) => id));
    const last = first.told.at(-1)?.id;
    first.close();

    await stage.worker('a').kill();
    for (const session of IDS) await say(session, `while it is dead, to ${session}`);
    const second = await follow('b', last);
    await allHear([second, whole], said.slice(6));
    expect([...texts(first), ...texts(second)].sort()).toEqual([...said].sort());
    expect(texts(whole)).toEqual([...texts(first), ...texts(second)]);

    await stage.join('c');
    const third = await follow('c', whole.told[0]?.id);
    await hears(third, said.at(-1) ?? '');
    expect(texts(third)).toEqual(texts(whole).slice(1));
    const { webhookId } = await stage.api<{ webhookId: string }>('c', 'POST', '/webhooks', { url: receiver.url });
    const { queued } = await stage.api<{ queued: number }>('c', 'POST', `/webhooks/${webhookId}/replay`, { last: 100 });
    expect(queued).toBe(said.length);
    for (const text of said) await receiver.next(({ data }) => data.text === text, 30_000);
    for (const stream of [second, whole, third]) stream.close();
  }, 300_000);
});
