/** Looking at what became of deliveries, telling events again, and what people are told of receivers that fail. */
import { describe, expect, test } from '@jest/globals';
import { MOST_REPLAYED } from '../../runtime/src/webhook/webhook.ts';
import { eventually } from '../support/deadline.ts';
import { deliveries, inStates, openRoom, publish, receive, sequences, subscribe } from '../support/webhook-bench.ts';
import { ELSEWHERE, EVENTS, FAST, SESSION, fact, type WebhookRoom } from '../support/webhook-room.ts';

const troublesOf = (room: WebhookRoom) =>
  room.troubles.map(({ trouble, over }) => (over ? `${trouble} over` : trouble));

describe('deliveries', () => {
  test('are listed in pages, the newest first, by state', async () => {
    const receiver = await receive(({ sequence }) => (sequence % 2 === 0 ? 500 : 200));
    const room = await openRoom({ retry: { ...FAST, delays: [] } });
    const { webhookId } = await subscribe(room, receiver.url);
    await room.webhooks.subscribe({ url: 'http://127.0.0.1:1/other', sessionId: SESSION, events: EVENTS });
    room.start();
    await publish(room, 1, 2, 3, 4, 5);
    await deliveries(room, receiver.url, inStates('done', 'dead', 'done', 'dead', 'done'));
    const first = await room.webhooks.deliveries(webhookId, { state: 'done', limit: 2 });
    const second = await room.webhooks.deliveries(webhookId, {
      state: 'done',
      limit: 2,
      cursor: first.nextCursor ?? '',
    });
    expect([first.deliveries.length, second.deliveries.length, second.nextCursor]).toEqual([2, 1, null]);
    const wrong = room.webhooks.deliveries(webhookId, { cursor: 'x' });
    await expect(wrong).rejects.toMatchObject({ code: 'invalid_cursor' });
  });

  test('tell each attempt: when, how long, what was answered, no more than its beginning', async () => {
    const replies = [500, 429, 200];
    const receiver = await receive(() => ({ status: replies.shift() ?? 200, headers: {}, body: 'x'.repeat(5_000) }));
    const room = await openRoom({ retry: { ...FAST, overloaded: 0 } });
    const { webhookId } = await subscribe(room, receiver.url);
    room.start();
    const { id } = await room.webhooks.publish(SESSION, fact(1));
    await deliveries(room, receiver.url, inStates('done'));
    const details = await room.webhooks.delivery(webhookId, id);
    expect(details?.tries.map(({ status, reason }) => [status, reason])).toEqual([
      [500, 'http_500'],
      [429, 'http_429'],
      [200, null],
    ]);
    expect(details?.tries[0]).toMatchObject({
      answer: 'x'.repeat(1_024),
      ms: expect.any(Number),
      at: expect.any(Number),
    });
    expect(details?.body).toBe(receiver.events[0]?.body);
    expect(await room.webhooks.delivery(webhookId, 'evt_0' as never)).toBeUndefined();
  });

  test('that were given up are all driven again, in their order', async () => {
    let up = false;
    const receiver = await receive(() => (up ? 200 : 500));
    const room = await openRoom({ retry: { ...FAST, delays: [] } });
    const { webhookId } = await subscribe(room, receiver.url);
    room.start();
    await publish(room, 1, 2, 3);
    await deliveries(room, receiver.url, inStates('dead', 'dead', 'dead'));
    up = true;
    expect(await room.webhooks.redriveAll(webhookId)).toBe(3);
    await deliveries(room, receiver.url, inStates('done', 'done', 'done'));
    expect(sequences(receiver).slice(3).toSorted()).toEqual([1, 2, 3]);
    expect(await room.webhooks.redriveAll(webhookId)).toBe(0);
  });
});

describe('a replay', () => {
  test('tells the last events once more, those wanted, in order over all sessions, under their ids', async () => {
    const receiver = await receive();
    const room = await openRoom();
    const request = { url: receiver.url, sessionId: null, events: EVENTS };
    const { webhookId } = await room.webhooks.subscribe(request);
    room.start();
    const told = [];
    for (const [session, n] of [
      [SESSION, 1],
      [ELSEWHERE, 2],
      [SESSION, 3],
      [ELSEWHERE, 4],
    ] as const) {
      told.push((await room.webhooks.publish(session, fact(n))).id);
    }
    await room.webhooks.publish(SESSION, { event: 'alert', fact: 'alert', data: {} as never });
    await eventually(
      15_000,
      'all delivered',
      () => room.outcomes.length,
      (count) => count === 4,
    );
    expect(await room.webhooks.replay(webhookId, { last: 3 })).toEqual({ queued: 3, nextFrom: null });
    await eventually(
      15_000,
      'the last again',
      () => receiver.events.length,
      (count) => count === 7,
    );
    expect(receiver.events.map(({ id }) => id)).toEqual([...told, ...told.slice(1)]);
  });

  test('of a range of time gives also what was never queued, and nothing that still waits', async () => {
    let now = Date.now();
    const receiver = await receive();
    const room = await openRoom({ now: () => now });
    const times: number[] = [];
    for (const n of [1, 2, 3, 4]) {
      times.push((await room.webhooks.publish(SESSION, fact(n))).timestamp);
      now += 1_000;
    }
    const { webhookId } = await subscribe(room, receiver.url);
    await publish(room, 5);
    const [, from, to] = times;
    expect(await room.webhooks.replay(webhookId, { from, to })).toEqual({ queued: 2, nextFrom: null });
    expect(await room.webhooks.replay(webhookId, { from })).toEqual({ queued: 1, nextFrom: null });
    room.start();
    await receiver.next(({ sequence }) => sequence === 4);
    expect(sequences(receiver)).toEqual([5, 2, 3, 4]);
  });
});

describe('after a crash', () => {
  test('the last event of a session gets the deliveries it was left without; who subscribed since does not hear of it', async () => {
    const [receiver, later] = [await receive(), await receive()];
    let now = Date.now() - 10_000;
    const first = await openRoom({ now: () => now });
    await first.webhooks.publish(SESSION, fact(1));
    now -= 5_000;
    await subscribe(first, receiver.url);
    await first.close();
    const second = await openRoom();
    await subscribe(second, later.url);
    for (const _again of [1, 2]) await second.webhooks.resume(SESSION);
    second.start();
    await receiver.next(({ sequence }) => sequence === 1);
    await publish(second, 2);
    await Promise.all([receiver, later].map((each) => each.next(({ sequence }) => sequence === 2)));
    expect(sequences(receiver)).toEqual([1, 2]);
    expect(sequences(later)).toEqual([2]);
  });

  test('it gets them also when the next is published before anybody asks for it, and comes before that', async () => {
    const receiver = await receive();
    let now = Date.now() - 10_000;
    const first = await openRoom({ now: () => now });
    await first.webhooks.publish(SESSION, fact(1));
    now -= 5_000;
    await subscribe(first, receiver.url);
    await first.close();
    const second = await openRoom();
    second.start();
    await publish(second, 2);
    await receiver.next(({ sequence }) => sequence === 2);
    expect(sequences(receiver)).toEqual([1, 2]);
  });
});

describe('people are told', () => {
  test('once that a receiver fails, once that something was given up, and that it is over', async () => {
    let up = false;
    const receiver = await receive(() => (up ? 200 : 500));
    const room = await openRoom();
    const { webhookId } = await subscribe(room, receiver.url);
    room.start();
    await publish(room, 1, 2);
    await deliveries(room, receiver.url, inStates('dead', 'dead'));
    expect(troublesOf(room)).toEqual(['failing', 'gave_up']);
    expect((await room.webhooks.get(webhookId)).failing).toMatchObject({ reason: 'http_500' });
    await room.close();
    up = true;
    const again = await openRoom();
    again.start();
    await publish(again, 3);
    await deliveries(again, receiver.url, ([newest]) => newest?.state === 'done');
    expect(troublesOf(again)).toEqual(['failing over', 'gave_up over']);
    expect(again.troubles.map(({ event, webhook }) => [event, webhook])).toEqual(
      room.troubles.map(({ event, webhook }) => [event, webhook]),
    );
    expect((await again.webhooks.get(webhookId)).failing).toBeNull();
  });

  test('nothing of a receiver that fails once or twice', async () => {
    let failures = 2;
    const receiver = await receive(() => (failures-- > 0 ? 500 : 200));
    const room = await openRoom();
    await subscribe(room, receiver.url);
    room.start();
    await publish(room, 1);
    await deliveries(room, receiver.url, inStates('done'));
    expect(room.troubles).toEqual([]);
  });

  test('of more events than go at once gives the rest when it is asked to go on, also those of the same millisecond', async () => {
    const receiver = await receive();
    const now = Date.now();
    const room = await openRoom({ now: () => now });
    // Not wanted: with it the last that goes and the next are of one millisecond, where a thousand are.
    await room.webhooks.publish(SESSION, { event: 'alert', fact: 'alert', data: {} as never });
    const numbers = Array.from({ length: MOST_REPLAYED + 3 }, (_, n) => n + 1);
    const all = await Promise.all(numbers.map((n) => room.webhooks.publish(SESSION, fact(n))));
    const from = all[MOST_REPLAYED]?.timestamp;
    const { webhookId } = await subscribe(room, receiver.url);
    expect(await room.webhooks.replay(webhookId, {})).toEqual({ queued: MOST_REPLAYED, nextFrom: from });
    expect(await room.webhooks.replay(webhookId, { from })).toEqual({ queued: 3, nextFrom: null });
  }, 120_000);
});
