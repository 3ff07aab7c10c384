/** Deliveries that do not go well, to real receivers on loopback. */
import { describe, expect, test } from '@jest/globals';
import { eventually, within } from '../support/deadline.ts';
import { startReceiver, type Reply } from '../support/receiver.ts';
import {
  deliveries,
  heldDelivery,
  inStates,
  openRoom,
  publish,
  receive,
  sequences,
  subscribe,
} from '../support/webhook-bench.ts';
import { FAST, SESSION, fact } from '../support/webhook-room.ts';

describe('retries', () => {
  test('a failed delivery is repeated under the same id and body, and the later ones wait behind it', async () => {
    let failures = 3;
    const receiver = await receive(() => (failures-- > 0 ? 500 : 200));
    const room = await openRoom();
    await subscribe(room, receiver.url);
    room.start();
    await publish(room, 1, 2, 3);
    await receiver.next(({ sequence }) => sequence === 3);
    expect(sequences(receiver)).toEqual([1, 1, 1, 1, 2, 3]);
    expect(new Set(receiver.events.slice(0, 4).map(({ body }) => body)).size).toBe(1);
    await eventually(
      5_000,
      'outcomes',
      () => room.outcomes.length,
      (length) => length === 6,
    );
    expect(room.outcomes.filter((outcome) => outcome === 'retried')).toHaveLength(3);
  });

  test.each<[string, Reply, number, number]>([
    ['Retry-After in seconds', { status: 503, headers: { 'retry-after': '120' } }, 120_000, 120_000],
    [
      'no more than a day of Retry-After',
      { status: 429, headers: { 'retry-after': '999999' } },
      86_400_000,
      86_400_000,
    ],
    ['a minute after 429', 429, 60_000, 60_000],
    ['the schedule, no longer, after a time-out', 'never', 8_000, 12_000],
    ['the schedule, a fifth more or less, after 500', 500, 8_000, 12_000],
  ])('the next attempt waits for %s', async (_what, reply, least, most) => {
    const now = Date.now();
    const receiver = await receive(() => reply);
    const room = await openRoom({ now: () => now, retry: { delays: [10_000], overloaded: 60_000, timeout: 100 } });
    await subscribe(room, receiver.url);
    room.start();
    await publish(room, 1);
    const record = await heldDelivery(room, receiver.url);
    expect(record).toMatchObject({ state: 'waiting', attempts: 1 });
    const pause = record.nextAttemptAt - now;
    expect(pause).toBeGreaterThanOrEqual(least);
    expect(pause).toBeLessThanOrEqual(most);
  });

  test('after the last attempt it is a dead letter, the next one goes ahead, and it can be driven again', async () => {
    let up = false;
    const receiver = await receive(({ sequence }) => (up || sequence === 2 ? 200 : 500));
    const room = await openRoom();
    const { webhookId } = await subscribe(room, receiver.url);
    room.start();
    const { id } = await room.webhooks.publish(SESSION, fact(1));
    await publish(room, 2);
    const records = await deliveries(room, receiver.url, inStates('done', 'dead'));
    expect(records[1]).toMatchObject({ eventId: id, attempts: FAST.delays.length + 1, reason: 'http_500' });
    // Refused four times the first stands aside; which of the two is next is a matter of milliseconds.
    expect(sequences(receiver).slice(0, 4)).toEqual([1, 1, 1, 1]);
    expect(sequences(receiver).slice(4).sort()).toEqual([1, 2]);
    up = true;
    expect(await room.webhooks.redrive(webhookId, id)).toBe(true);
    await deliveries(room, receiver.url, inStates('done', 'done'));
    expect(await room.webhooks.redrive(webhookId, id)).toBe(false);
  });

  test('a dead letter is kept for a month and goes when the next one comes', async () => {
    let now = Date.now();
    const receiver = await receive(() => 500);
    const room = await openRoom({ now: () => now, retry: { ...FAST, delays: [] } });
    await subscribe(room, receiver.url);
    room.start();
    await publish(room, 1);
    await deliveries(room, receiver.url, inStates('dead'));
    now += 29 * 24 * 3_600_000;
    await publish(room, 2);
    await deliveries(room, receiver.url, inStates('dead', 'dead'));
    now += 2 * 24 * 3_600_000;
    await publish(room, 3);
    const left = await deliveries(
      room,
      receiver.url,
      ([newest]) => newest?.state === 'dead' && newest.createdAt === now,
    );
    expect(left).toHaveLength(2);
  });

  test('a receiver that never answers does not delay the others', async () => {
    const [hanging, healthy] = [await receive(() => 'never'), await receive()];
    // The hanging attempt outlasts the test: whatever waits for it is never delivered, however slow the machine is.
    const room = await openRoom({ retry: { ...FAST, timeout: 600_000 } });
    for (const { url } of [hanging, healthy]) await subscribe(room, url);
    room.start();
    await publish(room, ...Array.from({ length: 20 }, (_, index) => index + 1));
    await healthy.next(({ sequence }) => sequence === 20, 30_000);
    expect(sequences(healthy)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(sequences(hanging)).toEqual([1]);
  });

  test('time in which the runtime itself stood still is not counted as the receiver being slow', async () => {
    const standStill = new Int32Array(new SharedArrayBuffer(4));
    const receiver = await receive(() => {
      Atomics.wait(standStill, 0, 0, 3_000);
      return 200;
    });
    const room = await openRoom({ retry: { ...FAST, timeout: 2_000 } });
    await subscribe(room, receiver.url);
    room.start();
    await publish(room, 1);
    await deliveries(room, receiver.url, inStates('done'));
    expect(room.outcomes).toEqual(['delivered']);
  });

  test('a connection that was kept open and is closed as it is used is no failure: another is opened at once', async () => {
    let resets = 1;
    const receiver = await receive(({ sequence }) => (sequence === 2 && resets-- > 0 ? 'reset' : 200));
    const room = await openRoom({ retry: { ...FAST, delays: [600_000] } });
    await subscribe(room, receiver.url);
    room.start();
    await publish(room, 1, 2, 3);
    await deliveries(room, receiver.url, inStates('done', 'done', 'done'));
    expect(sequences(receiver)).toEqual([1, 2, 2, 3]);
    expect(room.outcomes).toEqual(['delivered', 'delivered', 'delivered']);
  });

  test('more receivers that hang than could be counted do not delay a healthy one', async () => {
    const [hanging, healthy] = [await receive(() => 'never'), await receive()];
    const room = await openRoom({ retry: { ...FAST, timeout: 60_000 } });
    for (let n = 0; n < 300; n += 1) await subscribe(room, `${hanging.url}?${n}`);
    await subscribe(room, healthy.url);
    room.start();
    await publish(room, 1, 2);
    await healthy.next(({ sequence }) => sequence === 2, 50_000);
  });

  test('a runtime that stops does not wait for a receiver that hangs, and delivers again after the next start', async () => {
    let hangs = true;
    const receiver = await receive(() => (hangs ? 'never' : 200));
    const first = await openRoom({ retry: { ...FAST, timeout: 600_000 } });
    await subscribe(first, receiver.url);
    first.start();
    await publish(first, 1);
    await receiver.next(() => true);
    await within(60_000, 'the stop', first.close());
    hangs = false;
    const second = await openRoom();
    second.start();
    const [record] = await deliveries(second, receiver.url, inStates('done'));
    expect(record).toMatchObject({ attempts: 1 });
    expect(sequences(receiver)).toEqual([1, 1]);
  }, 90_000);

  test('a receiver that is not there has its delivery held, with the reason', async () => {
    const gone = await startReceiver();
    await gone.stop();
    const room = await openRoom({ retry: { ...FAST, delays: [60_000] } });
    await subscribe(room, gone.url);
    room.start();
    await publish(room, 1);
    const record = await heldDelivery(room, gone.url);
    expect(record).toMatchObject({ reason: 'ECONNREFUSED', state: 'waiting' });
  });
});

describe('receivers', () => {
  test('410 Gone ends a subscription until it is made again', async () => {
    let gone = true;
    const receiver = await receive(() => (gone ? 410 : 200));
    const room = await openRoom();
    const { webhookId } = await subscribe(room, receiver.url);
    await publish(room, 1, 2);
    room.start();
    await deliveries(room, receiver.url, inStates('dead', 'dead'));
    expect(sequences(receiver)).toEqual([1]);
    expect(await room.webhooks.get(webhookId)).toMatchObject({ status: 'disabled' });
    await publish(room, 3);
    gone = false;
    await subscribe(room, receiver.url);
    await publish(room, 4);
    await receiver.next(({ sequence }) => sequence === 4);
    expect(sequences(receiver)).toEqual([1, 4]);
  });

  test('an address that is not allowed is refused when subscribing, and at the connection all the same', async () => {
    const receiver = await receive();
    const allowing = await openRoom();
    await subscribe(allowing, receiver.url);
    await allowing.close();
    const room = await openRoom({ allow: [], retry: { ...FAST, delays: [] } });
    for (const url of [receiver.url, 'http://169.254.169.254/latest', 'http://localhost:1/']) {
      await expect(subscribe(room, url)).rejects.toMatchObject({ code: 'address_not_allowed' });
    }
    await expect(subscribe(room, 'file:///etc/passwd')).rejects.toMatchObject({ code: 'invalid_webhook_url' });
    room.start();
    await publish(room, 1);
    const [record] = await deliveries(room, receiver.url, inStates('dead'));
    expect(record?.reason).toBe('address_not_allowed');
    expect(receiver.events).toEqual([]);
  });

  test('a redirect is not followed', async () => {
    const target = await receive();
    const receiver = await receive(() => ({ status: 307, headers: { location: target.url } }));
    const room = await openRoom({ retry: { ...FAST, delays: [] } });
    await subscribe(room, receiver.url);
    room.start();
    await publish(room, 1);
    const [record] = await deliveries(room, receiver.url, inStates('dead'));
    expect(record?.reason).toBe('http_307');
    expect(target.events).toEqual([]);
  });

  test('unsubscribing drops what was still to be delivered', async () => {
    const receiver = await receive(() => 500);
    const room = await openRoom({ retry: { ...FAST, delays: [60_000] } });
    const { webhookId } = await subscribe(room, receiver.url);
    room.start();
    await publish(room, 1, 2, 3);
    await heldDelivery(room, receiver.url);
    await room.webhooks.unsubscribe(webhookId);
    await expect(room.webhooks.get(webhookId)).rejects.toMatchObject({ code: 'webhook_not_found' });
    await expect(room.webhooks.unsubscribe(webhookId)).rejects.toMatchObject({ code: 'webhook_not_found' });
    await subscribe(room, receiver.url);
    expect(await room.webhooks.deliveries(webhookId, {})).toEqual({ deliveries: [], nextCursor: null });
  });

  test('deleting a session removes its subscriptions and leaves those to all sessions', async () => {
    const room = await openRoom();
    await subscribe(room, 'https://example.com/one');
    await room.webhooks.subscribe({ url: 'https://example.com/all', sessionId: null, events: ['message'] });
    expect(await room.webhooks.list({ sessionId: SESSION })).toHaveLength(1);
    await room.webhooks.unsubscribeSession(SESSION);
    expect((await room.webhooks.list()).map(({ url }) => url)).toEqual(['https://example.com/all']);
    expect(await room.webhooks.list({ url: 'https://example.com/one' })).toEqual([]);
  });

  test('what a session told before it was deleted is delivered, and nothing after', async () => {
    let status = 503;
    const receiver = await receive(() => status);
    const room = await openRoom({ retry: { ...FAST, delays: [50] } });
    const { webhookId } = await subscribe(room, receiver.url);
    await publish(room, 1, 2);
    await room.webhooks.unsubscribeSession(SESSION);
    await expect(room.webhooks.get(webhookId)).rejects.toMatchObject({ code: 'webhook_not_found' });
    await publish(room, 3);
    room.start();
    await receiver.next(({ sequence }) => sequence === 1);
    status = 200;
    await receiver.next(({ sequence }) => sequence === 2);
    const kept = () => room.store.instance.keyValue('webhooks').get(webhookId);
    await eventually(10_000, 'the subscription gone', kept, (entry) => entry === undefined);
    expect(new Set(sequences(receiver))).toEqual(new Set([1, 2]));
  });
});
