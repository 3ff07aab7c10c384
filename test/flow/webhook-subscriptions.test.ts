/** What subscribers choose to hear of, and how that is changed, to real receivers on loopback. */
import { describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import type { Fact, MessageEvent } from '../../runtime/src/events.ts';
import type { ContactId, Jid, MessageId } from '../../runtime/src/ids.ts';
import { deliveries, inStates, openRoom, publish, receive, sequences, subscribe } from '../support/webhook-bench.ts';
import { ELSEWHERE, EVENTS, FAST, SESSION, fact } from '../support/webhook-room.ts';

const ANN = { phone: '+15550100002', lid: '900002@lid', contactId: 'c_00000000000000000002' };
const BOB = { phone: '+15550100003', lid: null, contactId: 'c_00000000000000000003' };

/** Somebody writes, alone or in a group. */
function said(n: number, who: typeof ANN | typeof BOB, isGroup = false): Fact {
  const jid = `${who.phone.slice(1)}@s.whatsapp.net` as Jid;
  const from = { ...who, jid, lid: who.lid as Jid, contactId: who.contactId as ContactId, pushName: null };
  const chat = isGroup
    ? { jid: '120363000000000001@g.us' as Jid, isGroup, contactId: null }
    : { jid, isGroup, contactId: from.contactId };
  const data = { messageId: `3EB0${n}` as MessageId, chat, from, fromMe: false, text: `text ${n}` } as MessageEvent;
  return { event: 'message', fact: `message:${n}`, data };
}

describe('who hears of what', () => {
  test('tenants are kept apart, by webhook and by stream', async () => {
    const [north, south] = [await receive(), await receive()];
    const room = await openRoom();
    const to = (url: string, tenantId: string) =>
      room.webhooks.subscribe({ url, sessionId: null, tenantId, events: EVENTS });
    await to(north.url, 'north');
    await to(south.url, 'south');
    room.start();
    await room.webhooks.publish(SESSION, fact(1));
    await room.webhooks.publish(ELSEWHERE, fact(2));
    await Promise.all([north.next(() => true), south.next(() => true)]);
    await room.webhooks.publish(SESSION, fact(3));
    await north.next(({ sequence }) => sequence === 2);
    expect(north.events.map(({ sessionId }) => sessionId)).toEqual([SESSION, SESSION]);
    expect(south.events.map(({ sessionId }) => sessionId)).toEqual([ELSEWHERE]);
    expect((await room.webhooks.list({ tenantId: 'north' })).map(({ url }) => url)).toEqual([north.url]);
  });

  test('a subscription for a while ends by itself, and its place is given away', async () => {
    let now = Date.now();
    const [lasting, brief] = [await receive(), await receive()];
    const room = await openRoom({ now: () => now });
    await subscribe(room, lasting.url);
    const expiresAt = now + 60_000;
    const request = { url: brief.url, sessionId: SESSION, events: EVENTS };
    const { webhookId, ...made } = await room.webhooks.subscribe({ ...request, expiresAt });
    expect(made.expiresAt).toBe(expiresAt);
    room.start();
    await publish(room, 1);
    await brief.next(({ sequence }) => sequence === 1);
    now = expiresAt;
    await publish(room, 2);
    await lasting.next(({ sequence }) => sequence === 2);
    expect(sequences(brief)).toEqual([1]);
    await expect(room.webhooks.get(webhookId)).rejects.toMatchObject({ code: 'webhook_not_found' });
    expect((await room.webhooks.list()).map(({ url }) => url)).toEqual([lasting.url]);
    // Asked for again it begins anew, for as long as is said now.
    expect(await room.webhooks.subscribe(request)).toMatchObject({ webhookId, createdAt: now, expiresAt: null });
  });

  test('one URL may listen to a session and to a tenant: these are two subscriptions', async () => {
    const room = await openRoom();
    const url = 'https://example.com/hook';
    const all = await room.webhooks.subscribe({ url, sessionId: null, events: EVENTS });
    const tenant = await room.webhooks.subscribe({ url, sessionId: null, tenantId: 'north', events: EVENTS });
    const session = await subscribe(room, url);
    expect(new Set([all, tenant, session].map(({ webhookId }) => webhookId)).size).toBe(3);
  });

  test.each<[string, object, number[]]>([
    ['groups only', { chats: 'groups' }, [2, 4, 5]],
    ['chats with one person only', { chats: 'direct' }, [1, 3, 5]],
    ['one person by number', { senders: ['15550100002@s.whatsapp.net'] }, [1, 2, 5]],
    ['one person by LID', { senders: ['900002@lid'] }, [1, 2, 5]],
    ['one person by contactId', { senders: [BOB.contactId] }, [3, 4, 5]],
    ['one person in groups', { senders: ['900002@lid'], chats: 'groups' }, [2, 5]],
  ])('a filter lets through %s, and what is about no chat', async (_what, filter, expected) => {
    const receiver = await receive();
    const room = await openRoom();
    await room.webhooks.subscribe({
      url: receiver.url,
      sessionId: SESSION,
      events: ['message', 'qr.update'],
      ...filter,
    });
    room.start();
    const facts = [said(1, ANN), said(2, ANN, true), said(3, BOB), said(4, BOB, true)];
    for (const each of facts) await room.webhooks.publish(SESSION, each);
    await room.webhooks.publish(SESSION, { event: 'qr.update', fact: 'qr', data: { qr: 'code', expiresIn: 20 } });
    await receiver.next(({ event }) => event === 'qr.update');
    expect(sequences(receiver)).toEqual(expected);
  });
});

describe('headers', () => {
  test("go with every delivery, and are not shown, nor may they take the runtime's place", async () => {
    const receiver = await receive();
    const room = await openRoom();
    const headers = { 'X-Tenant': 'north', authorization: 'Bearer of-the-receiver' };
    const request = { url: receiver.url, sessionId: SESSION, events: EVENTS };
    const made = await room.webhooks.subscribe({ ...request, headers });
    expect(made).toMatchObject({ headerNames: ['X-Tenant', 'authorization'] });
    expect(JSON.stringify(await room.webhooks.list())).not.toContain('of-the-receiver');
    room.start();
    await publish(room, 1);
    const { headers: sent } = await receiver.next(() => true);
    expect(sent).toMatchObject({ 'x-tenant': 'north', authorization: 'Bearer of-the-receiver' });
    for (const [name, value] of [
      ['Webhook-Id', '1'],
      ['content-length', '1'],
      ['a b', '1'],
      ['a', 'line\nbreak'],
    ] as const) {
      const refused = room.webhooks.subscribe({ ...request, headers: { [name]: value } });
      await expect(refused).rejects.toMatchObject({ code: 'invalid_header' });
    }
  });
});

describe('changing', () => {
  test('what happens during a pause is kept, also over a restart, and delivered in order after it', async () => {
    const receiver = await receive();
    const room = await openRoom();
    const { webhookId } = await subscribe(room, receiver.url);
    expect(await room.webhooks.change(webhookId, { paused: true })).toMatchObject({ status: 'paused' });
    room.start();
    await publish(room, 1, 2);
    await deliveries(room, receiver.url, ([, first]) => first?.reason === 'paused');
    await room.close();
    const again = await openRoom();
    again.start();
    await publish(again, 3);
    expect(receiver.events).toEqual([]);
    await again.webhooks.change(webhookId, { paused: false });
    await receiver.next(({ sequence }) => sequence === 3);
    expect(sequences(receiver)).toEqual([1, 2, 3]);
  });

  test('events and headers are changed, and the rest stays; with a new secret the former signs along', async () => {
    const receiver = await receive();
    const room = await openRoom();
    const made = await subscribe(room, receiver.url);
    await room.webhooks.change(made.webhookId, { events: ['message'], chats: 'direct' });
    const rotated = await room.webhooks.rotateSecret(made.webhookId);
    expect(rotated).toMatchObject({ events: ['message'], chats: 'direct', url: receiver.url, status: 'active' });
    expect(rotated.secret).not.toBe(made.secret);
    room.start();
    await publish(room, 1);
    await room.webhooks.publish(SESSION, said(2, ANN));
    const { body, headers } = await receiver.next(({ event }) => event === 'message');
    for (const { secret } of [made, rotated]) new Webhook(secret).verify(body, headers as never);
    expect(sequences(receiver)).toEqual([2]);
  });

  test('a change of what is not there is refused', async () => {
    const room = await openRoom();
    const id = 'wh_000000000000000000000000' as never;
    for (const call of [
      () => room.webhooks.change(id, { paused: true }),
      () => room.webhooks.rotateSecret(id),
      () => room.webhooks.ping(id, AbortSignal.timeout(60_000)),
      () => room.webhooks.redriveAll(id),
      () => room.webhooks.replay(id, { last: 1 }),
      () => room.webhooks.deliveries(id, {}),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'webhook_not_found' });
    }
  });
});

describe('a ping', () => {
  test('is signed as events are, and tells what the receiver answered', async () => {
    const receiver = await receive();
    const room = await openRoom();
    const { webhookId, secret } = await subscribe(room, receiver.url);
    const attempt = await room.webhooks.ping(webhookId, AbortSignal.timeout(60_000));
    expect(attempt).toMatchObject({ status: 200, reason: null });
    const { body, headers } = await receiver.next(() => true);
    expect(new Webhook(secret).verify(body, headers as never)).toMatchObject({ event: 'ping', sessionId: SESSION });
  });

  test('that is taken ends the wait of what failed before; one that is not says why', async () => {
    let up = false;
    const receiver = await receive(() => (up ? 200 : 503));
    const room = await openRoom({ retry: { ...FAST, delays: [3_600_000] } });
    const { webhookId } = await subscribe(room, receiver.url);
    room.start();
    await publish(room, 1);
    await deliveries(room, receiver.url, ([record]) => record?.reason === 'http_503');
    const signal = AbortSignal.timeout(60_000);
    expect(await room.webhooks.ping(webhookId, signal)).toMatchObject({ status: 503, reason: 'http_503' });
    up = true;
    await room.webhooks.ping(webhookId, signal);
    await deliveries(room, receiver.url, inStates('done'));
  });
});
