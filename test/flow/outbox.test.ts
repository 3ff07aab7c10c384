import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually, within } from '../support/deadline.ts';
import { PHONE, friendOf, startFlow, startLinkedFlow, type Flow } from '../support/flow.ts';
import type { Receiver } from '../support/receiver.ts';

const DEADLINE_MS = 15_000;
const HOUR_MS = 3_600_000;

describe('the outbox', () => {
  let flow: Flow;
  let receiver: Receiver;

  beforeAll(async () => {
    ({ flow, receiver } = await startLinkedFlow());
  }, 60_000);
  afterAll(async () => {
    await flow.end();
    await receiver.stop();
  }, 30_000);

  const friend = (phone: string) => friendOf(flow, receiver, phone);

  async function send(to: string, text: string, more: object = {}, headers: Record<string, string> = {}) {
    const { status, body } = await flow.call(
      'POST',
      '/messages/text',
      { sessionId: 'sales', to, text, ...more },
      headers,
    );
    expect([status, body.error]).toEqual([202, undefined]);
    return body.data;
  }

  const get = async (id: string) => (await flow.call('GET', `/messages/${id}?sessionId=sales`)).body.data;
  const cancel = (id: string) => flow.call('DELETE', `/messages/${id}?sessionId=sales`);
  const failed = (id: string) =>
    receiver.next(({ event, data }) => event === 'message.ack' && data.messageId === id && data.status === 'failed');

  test('a scheduled message goes at its time and holds up nothing of its chat before', async () => {
    const ann = await friend('15550100401');
    const sendAt = Date.now() + 1_500;
    const later = await send(ann.phone, 'later', { sendAt: new Date(sendAt).toISOString() });
    expect(later).toMatchObject({ status: 'pending', sendAt, waitsFor: 'scheduled', expiresAt: null });
    await send(ann.phone, 'now');
    const row = await ann.waitForMessage(({ text }) => text === 'later', DEADLINE_MS);
    expect(ann.screen.map(({ text }) => text)).toEqual(['now', 'later']);
    expect(row.messageId).toBe(later.messageId);
    await flow.call('GET', `/messages/${later.messageId}/wait?sessionId=sales&status=sent`);
    const [, sent] = (await get(later.messageId)).timeline;
    expect(sent.at).toBeGreaterThanOrEqual(sendAt);
  });

  test('what falls due goes before what was accepted after that, and behind what was accepted before', async () => {
    const abe = await friend('15550100410');
    await flow.call('POST', '/sessions/sales/disconnect');
    const sendAt = Date.now() + 200;
    await send(abe.phone, 'second', { sendAt });
    await send(abe.phone, 'first');
    await eventually(
      DEADLINE_MS,
      'its time',
      async () => Date.now(),
      (now) => now >= sendAt,
    );
    await send(abe.phone, 'third');
    await flow.call('POST', '/sessions/sales/reconnect');
    await abe.waitForMessage(({ text }) => text === 'third', DEADLINE_MS);
    expect(abe.screen.map(({ text }) => text)).toEqual(['first', 'second', 'third']);
  });

  test('a message taken back before its time fails for certain, is told so, and its words may be sent again', async () => {
    const ben = await friend('15550100402');
    const soon = await send(ben.phone, 'never mind', { sendAt: Date.now() + HOUR_MS });
    const taken = await cancel(soon.messageId);
    expect(taken.body.data).toMatchObject({ status: 'failed', error: 'cancelled', certain: true });
    expect(taken.body.data.timeline.map((step: object) => ({ ...step, at: 0 }))).toEqual([
      { status: 'pending', at: 0, reason: null },
      { status: 'failed', at: 0, reason: 'cancelled' },
    ]);
    expect((await failed(soon.messageId)).data).toMatchObject({ error: 'cancelled', certain: true });
    expect((await cancel(soon.messageId)).body.data).toMatchObject({ status: 'failed', error: 'cancelled' });
    const again = await send(ben.phone, 'never mind', { waitFor: 'sent', timeout: 15 });
    expect(again.reached).toBe(true);
  });

  test('a message is taken back while it is being typed', async () => {
    const cleo = await friend('15550100403');
    const { promise: typing, resolve } = Promise.withResolvers<undefined>();
    const { promise: stopped, resolve: onStopped } = Promise.withResolvers<undefined>();
    const look = ({ state }: { state: string }) => {
      if (state === 'composing') resolve(undefined);
      if (state === 'paused') onStopped(undefined);
    };
    flow.sandbox.events.on('presence', look);
    const typed = await send(cleo.phone, 'slowly', { humanization: 'slow', typingDelay: 60_000 });
    await within(DEADLINE_MS, 'typing', typing);
    const taken = await cancel(typed.messageId);
    expect(taken.body.data).toMatchObject({ status: 'failed', error: 'cancelled', certain: true });
    await within(DEADLINE_MS, 'the end of typing', stopped);
    flow.sandbox.events.off('presence', look);
    await send(cleo.phone, 'quickly', { waitFor: 'sent', timeout: 15 });
    expect(cleo.screen.map(({ text }) => text)).toEqual(['quickly']);
  });

  test('what has gone cannot be taken back, and what nobody knows neither', async () => {
    const dora = await friend('15550100404');
    const { messageId } = await send(dora.phone, 'gone', { waitFor: 'sent', timeout: 15 });
    const late = await cancel(messageId);
    expect([late.status, late.body.error.code]).toEqual([409, 'message_already_sent']);
    const unknown = await cancel('3EB0FFFFFFFFFFFFFFFFFF');
    expect([unknown.status, unknown.body.error.code]).toEqual([404, 'message_not_found']);
  });

  test('a message that could not go in time fails with expired, for certain, connected or not', async () => {
    const eve = await friend('15550100405');
    await flow.call('POST', '/sessions/sales/disconnect');
    try {
      const key = { 'idempotency-key': 'expires' };
      const { messageId } = await send(eve.phone, 'only today', { ttl: 1 }, key);
      expect((await failed(messageId)).data).toMatchObject({ error: 'expired', certain: true });
      expect(await send(eve.phone, 'only today', { ttl: 1 }, key)).toMatchObject({ messageId, error: 'expired' });
    } finally {
      await flow.call('POST', '/sessions/sales/reconnect');
      await flow.reaches('sales', 'connected');
    }
    await send(eve.phone, 'tomorrow', { waitFor: 'sent', timeout: 15 });
    expect(eve.screen.map(({ text }) => text)).toEqual(['tomorrow']);
  });

  test('times that cannot be are refused and change nothing', async () => {
    const body = { sessionId: 'sales', to: '15550100406', text: 'when?' };
    const now = Date.now();
    for (const times of [
      { sendAt: 'tomorrow' },
      { sendAt: '2030-01-31T09:00:00' },
      { sendAt: now + 400 * 24 * HOUR_MS },
      { expiresAt: now - 1 },
      { sendAt: now + HOUR_MS, expiresAt: now + HOUR_MS },
      { ttl: 5, expiresAt: now + HOUR_MS },
      { ttl: 0 },
    ]) {
      const { status, body: answer } = await flow.call('POST', '/messages/text', { ...body, ...times });
      expect([status, answer.error.code, answer.error.details.length]).toEqual([
        400,
        'invalid_request',
        expect.any(Number),
      ]);
    }
    const { body: list } = await flow.call('GET', '/messages?sessionId=sales&limit=500');
    expect(list.data.messages.filter(({ to }: { to: string }) => to.startsWith('15550100406'))).toEqual([]);
  });

  test('the list shows the last first, by status, page by page', async () => {
    const finn = await friend('15550100407');
    const ids: string[] = [];
    for (const text of ['one', 'two', 'three']) {
      ids.unshift((await send(finn.phone, text, { sendAt: Date.now() + HOUR_MS })).messageId);
    }
    const page = async (query: string) => (await flow.call('GET', `/messages?sessionId=sales&${query}`)).body.data;
    const idsOf = ({ messages }: { messages: { messageId: string }[] }) => messages.map(({ messageId }) => messageId);
    const first = await page('status=pending&limit=2');
    expect(idsOf(first)).toEqual(ids.slice(0, 2));
    const second = await page(`status=pending&limit=2&cursor=${first.nextCursor}`);
    expect([idsOf(second), second.nextCursor]).toEqual([ids.slice(2), null]);
    for (const id of ids) await cancel(id);
    expect(idsOf(await page('status=failed&limit=3')).toSorted()).toEqual(ids.toSorted());
    expect(idsOf(await page('status=pending'))).toEqual([]);
    const all = await page('limit=500');
    expect(all.messages.every(({ status }: { status: string }) => status !== 'pending')).toBe(true);
    const { status, body } = await flow.call('GET', '/messages?sessionId=sales&cursor=nonsense');
    expect([status, body.error.code]).toEqual([400, 'invalid_cursor']);
  });
});

test('messages keep their time and their end over a restart', async () => {
  const flow = await startFlow();
  try {
    await flow.link('sales', PHONE);
    const contact = flow.sandbox.contact('15550100410');
    const to = contact.phone;
    const post = async (more: object) =>
      (await flow.call('POST', '/messages/text', { sessionId: 'sales', to, ...more })).body.data;
    const ends = await post({ text: 'ends', sendAt: Date.now() + HOUR_MS });
    const kept = await post({ text: 'kept', sendAt: Date.now() + 1_000 });
    await flow.call('POST', '/sessions/sales/disconnect');
    const expires = await post({ text: 'expires', ttl: 1 });
    await flow.stopRuntime();
    await flow.startRuntime();
    const get = async (id: string) =>
      (await flow.call('GET', `/messages/${id}/wait?sessionId=sales&timeout=15`)).body.data;
    expect(await get(expires.messageId)).toMatchObject({ status: 'failed', error: 'expired', certain: true });
    await flow.call('POST', '/sessions/sales/reconnect');
    await contact.waitForMessage(({ messageId }) => messageId === kept.messageId, DEADLINE_MS);
    const { body } = await flow.call('DELETE', `/messages/${ends.messageId}?sessionId=sales`);
    expect(body.data).toMatchObject({ error: 'cancelled', certain: true });
    expect(contact.screen).toHaveLength(1);
  } finally {
    await flow.end();
  }
}, 60_000);
