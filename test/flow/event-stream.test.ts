/** The event stream, over the API of a whole runtime, and by itself where it takes a clock or thousands of events. */
import { describe, expect, test } from '@jest/globals';
import { eventually, within } from '../support/deadline.ts';
import { openEventSource } from '../support/event-source.ts';
import { API_KEY, friendOf, onFlow, PHONE, type Flow } from '../support/flow.ts';
import { openRoom, publish } from '../support/webhook-bench.ts';
import { ELSEWHERE, EVENTS, SESSION, fact } from '../support/webhook-room.ts';

const everything = { sessionId: null, tenantId: null, events: EVENTS, chats: 'all', senders: [] } as const;
const open = (flow: Flow, query = '', after?: string) =>
  openEventSource(new URL(`/events${query}`, flow.app?.url), API_KEY, after);

describe('over the API', () => {
  test('tells events as they come, goes on where it broke off, also at another runtime, and ends with it', async () => {
    await onFlow(async (flow, receiver) => {
      await flow.link('sales', PHONE, { webhookUrl: receiver.url, tenantId: 'north' });
      const ann = await friendOf(flow, receiver, '15550100100');
      const first = await open(flow, '?events=message');
      expect(first).toMatchObject({ status: 200, type: 'text/event-stream; charset=utf-8' });
      await ann.say(flow.sandbox.account(PHONE), 'one');
      const one = await first.next(({ data }) => data.data.text === 'one');
      const delivered = await receiver.next(({ data }) => data.text === 'one');
      expect(one).toMatchObject({ event: 'message', id: delivered.id, data: JSON.parse(delivered.body) });
      first.close();
      await first.ended;
      for (const text of ['two', 'three']) {
        await ann.say(flow.sandbox.account(PHONE), text);
        await receiver.next(({ data }) => data.text === text);
      }
      const mine = '?events=message&tenantId=north';
      const second = await open(flow, mine, one.id);
      const three = await second.next(({ data }) => data.data.text === 'three');
      expect(second.told.map(({ data }) => data.data.text)).toEqual(['two', 'three']);
      await flow.stopRuntime();
      await within(30_000, 'the end of the stream', second.ended);
      await flow.startRuntime();
      await flow.reaches('sales', 'connected');
      const third = await open(flow, mine, three.id);
      const south = await open(flow, '?tenantId=south');
      await ann.say(flow.sandbox.account(PHONE), 'four');
      await third.next(({ data }) => data.data.text === 'four');
      expect(third.told).toHaveLength(1);
      expect(south.told).toEqual([]);
      for (const stream of [third, south]) stream.close();
    });
  }, 120_000);

  test('refuses what it cannot do, and says what to do', async () => {
    await onFlow(async (flow) => {
      for (const [query, after, status, code] of [
        ['?events=nothing', undefined, 400, 'invalid_request'],
        ['?sessionId=none', undefined, 404, 'session_not_found'],
        ['?unknown=1', undefined, 400, 'invalid_request'],
        ['', 'evt_00000000000000000000000000000000', 404, 'event_not_found'],
        ['', 'nonsense', 404, 'event_not_found'],
      ] as const) {
        const { status: was, body } = await flow.call(
          'GET',
          `/events${query}`,
          undefined,
          after ? { 'last-event-id': after } : {},
        );
        expect([was, body.error.code]).toEqual([status, code]);
      }
      const nobody = await flow.call('GET', '/events', undefined, { authorization: '' });
      expect(nobody.status).toBe(401);
    });
  }, 60_000);
});

describe('by itself', () => {
  test('gives the events of all sessions in the order they were published, however late it is read', async () => {
    const room = await openRoom();
    const leaving = new AbortController();
    const stream = await room.webhooks.stream(everything, { signal: leaving.signal });
    for (let n = 1; n <= 150; n += 1) await room.webhooks.publish(n % 3 === 0 ? ELSEWHERE : SESSION, fact(n));
    const told: number[] = [];
    for await (const event of stream) {
      const { messageId } = event?.envelope.data as { messageId: string };
      if (told.push(Number(messageId.slice(4))) === 150) break;
    }
    expect(told).toEqual(Array.from({ length: 150 }, (_none, at) => at + 1));
  });

  test('tells of an event whose deliveries take longer than those of the next one in another session', async () => {
    const room = await openRoom();
    // Nobody delivers; each is only written down, and waits for the disk.
    for (const path of ['one', 'two', 'three'])
      await room.webhooks.subscribe({ url: `http://127.0.0.1:9/${path}`, sessionId: SESSION, events: EVENTS });
    const stream = await room.webhooks.stream(everything, { signal: AbortSignal.timeout(60_000) });
    const published = [room.webhooks.publish(SESSION, fact(1)), room.webhooks.publish(ELSEWHERE, fact(2))];
    const told: string[] = [];
    for await (const event of stream) {
      told.push(String(event?.envelope.sessionId));
      if (told.length === 2) break;
    }
    await Promise.all(published);
    expect(told).toEqual([SESSION, ELSEWHERE]);
  }, 60_000);

  test('shows that it lives while nothing happens, and ends when it is told to', async () => {
    const room = await openRoom();
    const leaving = new AbortController();
    const stream = await room.webhooks.stream(everything, { signal: leaving.signal, keepAlive: 10 });
    expect(await stream.next()).toEqual({ value: null, done: false });
    await publish(room, 1);
    const { value } = await eventually(
      15_000,
      'the event',
      () => stream.next(),
      ({ value: given }) => given !== null,
    );
    expect(value?.envelope.sequence).toBe(1);
    leaving.abort();
    expect(await stream.next()).toEqual({ value: undefined, done: true });
  });

  test('is refused when a hundred are open, until one is closed', async () => {
    const room = await openRoom();
    const streams = Array.from({ length: 100 }, () => {
      const leaving = new AbortController();
      void room.webhooks.stream(everything, { signal: leaving.signal });
      return leaving;
    });
    const another = () => room.webhooks.stream(everything, { signal: AbortSignal.timeout(1) });
    await expect(another()).rejects.toMatchObject({ code: 'too_many_streams' });
    streams[0]?.abort();
    await another();
    for (const each of streams) each.abort();
  });
});
