/** One event that its receiver refuses does not stop the others, and a receiver that refuses all gets them in order. */
import { expect, test } from '@jest/globals';
import { eventually } from '../support/deadline.ts';
import type { Reply } from '../support/receiver.ts';
import { deliveries, inStates, openRoom, publish, receive, sequences, subscribe } from '../support/webhook-bench.ts';
import { FAST } from '../support/webhook-room.ts';

const HOUR = 3_600_000;
const RETRY = { ...FAST, delays: [1, 1, 1, HOUR, HOUR] };

test.each<[string, Reply]>([
  ['500', 500],
  ['404', 404],
  ['nothing in time', 'never'],
])(
  'an event answered with %s steps aside after four attempts: the others are delivered in their order',
  async (_what, reply) => {
    const receiver = await receive(({ sequence }) => (sequence === 2 ? reply : 200));
    const room = await openRoom({ retry: { ...RETRY, timeout: 300 } });
    await subscribe(room, receiver.url);
    room.start();
    await publish(room, 1, 2, 3, 4, 5);
    const states = inStates('done', 'done', 'done', 'waiting', 'done');
    const records = await deliveries(room, receiver.url, states);
    expect(sequences(receiver).filter((sequence) => sequence !== 2)).toEqual([1, 3, 4, 5]);
    // Once more when the next one was taken: it could have been the receiver.
    await eventually(
      5_000,
      'the attempts',
      async () => (await deliveries(room, receiver.url, states))[3]?.attempts,
      (attempts) => attempts === 5,
    );
    expect(records[3]).toMatchObject({ state: 'waiting', reason: reply === 'never' ? 'timeout' : `http_${reply}` });
    // People hear of it once, and that the receiver is well.
    expect(room.troubles.map(({ trouble, over }) => [trouble, over])).toEqual([
      ['failing', false],
      ['failing', true],
    ]);
  },
);

test('a refused event is tried again at once when a ping finds its receiver well', async () => {
  let isMended = false;
  const receiver = await receive(({ sequence }) => (sequence < 3 && !isMended ? 500 : 200));
  const room = await openRoom({ retry: RETRY });
  const { webhookId } = await subscribe(room, receiver.url);
  room.start();
  await publish(room, 1, 2, 3);
  // Once more when the third was taken: it could have been the receiver.
  const triedAgain = ([third, ...others]: { state: string; attempts: number }[]) =>
    third?.state === 'done' && others.every(({ state, attempts }) => state === 'waiting' && attempts === 5);
  await deliveries(room, receiver.url, triedAgain);
  isMended = true;
  expect(await room.webhooks.ping(webhookId, new AbortController().signal)).toMatchObject({ status: 200 });
  await deliveries(room, receiver.url, inStates('done', 'done', 'done'));
  expect(sequences(receiver).slice(-2)).toEqual([1, 2]);
});

test.each<[string, Reply]>([
  ['503', 503],
  ['429', 429],
  ['an end of the connection', 'reset'],
])('an event answered with %s has all others wait: that is no word about the event', async (_what, reply) => {
  const receiver = await receive(({ sequence }) => (sequence === 1 ? reply : 200));
  const room = await openRoom({ retry: { ...RETRY, overloaded: 1 } });
  await subscribe(room, receiver.url);
  room.start();
  await publish(room, 1, 2);
  await deliveries(room, receiver.url, ([second, first]) => first?.attempts === 4 && second?.state === 'waiting');
  expect(new Set(sequences(receiver))).toEqual(new Set([1]));
});

test('when five stepped aside and nothing was taken it is the receiver: all others wait in their order, over a restart', async () => {
  let up = false;
  const receiver = await receive(() => (up ? 200 : 500));
  const first = await openRoom({ retry: RETRY });
  await subscribe(first, receiver.url);
  first.start();
  await publish(first, 1, 2, 3, 4, 5, 6, 7);
  await deliveries(first, receiver.url, ([, sixth]) => sixth?.attempts === 4);
  await first.close();
  expect(new Set(sequences(receiver))).toEqual(new Set([1, 2, 3, 4, 5, 6]));
  const before = receiver.events.length;
  up = true;
  const second = await openRoom({ retry: RETRY });
  await second.webhooks.change((await second.webhooks.list())[0]?.webhookId as never, { paused: false });
  second.start();
  await deliveries(second, receiver.url, (records) => records.every(({ state }) => state === 'done'));
  expect(sequences(receiver).slice(before)).toHaveLength(7);
  expect(new Set(sequences(receiver).slice(before))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7]));
});
