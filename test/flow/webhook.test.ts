/** Events on their way to real receivers on loopback: what is signed, what is kept, what is numbered. */
import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import {
  deliveries,
  directory,
  engine,
  inStates,
  openRoom,
  publish,
  receive,
  sequences,
  subscribe,
} from '../support/webhook-bench.ts';
import { ELSEWHERE, EVENTS, FAST, SESSION, fact } from '../support/webhook-room.ts';

describe('signatures', () => {
  test('a delivery is verified by standardwebhooks, and its plain signature by openssl', async () => {
    const receiver = await receive();
    const room = await openRoom();
    const { secret } = await subscribe(room, receiver.url);
    room.start();
    const envelope = await room.webhooks.publish(SESSION, fact(1));
    const { headers, body } = await receiver.next(() => true);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/);
    expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toEqual(envelope);
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': envelope.id });
    const file = join(directory, 'body');
    writeFileSync(file, body);
    const openssl = spawnSync('openssl', ['dgst', '-sha256', '-hmac', secret, '-r', file], { encoding: 'utf8' });
    expect(headers['x-webhook-signature']).toBe(`sha256=${openssl.stdout.split(' ')[0]}`);
    const signed = headers as Record<string, string>;
    expect(() => new Webhook(secret).verify(`${body} `, signed)).toThrow('signature');
    expect(() => new Webhook(secret).verify(body.replace('sent', 'read'), signed)).toThrow('signature');
    const foreign = new Webhook(`whsec_${Buffer.alloc(24, 1).toString('base64')}`);
    expect(() => foreign.verify(body, signed)).toThrow('signature');
  });

  test('an old delivery that somebody sends again is refused, and so is one whose time was changed', async () => {
    const now = Date.now() - 10 * 60_000;
    const receiver = await receive();
    const room = await openRoom({ now: () => now });
    const { secret } = await subscribe(room, receiver.url);
    room.start();
    await publish(room, 1);
    const { body, headers } = await receiver.next(() => true);
    const signed = headers as Record<string, string>;
    expect(() => new Webhook(secret).verify(body, signed)).toThrow('too old');
    const renewed = { ...signed, 'webhook-timestamp': String(Math.floor(Date.now() / 1_000)) };
    expect(() => new Webhook(secret).verify(body, renewed)).toThrow('signature');
  });

  test('after subscribing again the new secret signs, and the former one still for a day', async () => {
    let now = Date.now();
    const receiver = await receive();
    const room = await openRoom({ now: () => now });
    const first = await subscribe(room, receiver.url);
    const second = await subscribe(room, receiver.url);
    expect(second).toMatchObject({ webhookId: first.webhookId, createdAt: first.createdAt });
    expect(second.secret).not.toBe(first.secret);
    room.start();
    await publish(room, 1);
    const early = await receiver.next(({ sequence }) => sequence === 1);
    for (const { secret } of [first, second]) new Webhook(secret).verify(early.body, early.headers as never);
    now += 24 * 3_600_000;
    await publish(room, 2);
    const late = await receiver.next(({ sequence }) => sequence === 2);
    expect(String(late.headers['webhook-signature']).split(' ')).toHaveLength(1);
  });

  test("an operator's own secret signs as it is", async () => {
    const receiver = await receive();
    const room = await openRoom();
    const secret = 'a secret of my own';
    await room.webhooks.subscribe({ url: receiver.url, sessionId: null, events: EVENTS, secret });
    room.start();
    await publish(room, 1);
    const { body, headers } = await receiver.next(() => true);
    new Webhook(secret, { format: 'raw' }).verify(body, headers as never);
  });
});

describe('publishing', () => {
  test('events published at once are numbered without a gap and delivered in order', async () => {
    const receiver = await receive();
    const room = await openRoom();
    await subscribe(room, receiver.url);
    room.start();
    const numbers = Array.from({ length: 50 }, (_, index) => index + 1);
    const envelopes = await Promise.all(numbers.map((n) => room.webhooks.publish(SESSION, fact(n))));
    expect(envelopes.map(({ sequence }) => sequence)).toEqual(numbers);
    await receiver.next(({ sequence }) => sequence === 50);
    expect(sequences(receiver)).toEqual(numbers);
  });

  test('the same fact again is the same event, delivered once', async () => {
    const receiver = await receive();
    const room = await openRoom();
    await subscribe(room, receiver.url);
    room.start();
    const first = await room.webhooks.publish(SESSION, fact(1));
    await receiver.next(() => true);
    expect(await room.webhooks.publish(SESSION, fact(1))).toEqual(first);
    await publish(room, 2);
    await receiver.next(({ sequence }) => sequence === 2);
    expect(sequences(receiver)).toEqual([1, 2]);
  });

  test('the same fact again adds a delivery that is missing', async () => {
    const receiver = await receive();
    const room = await openRoom();
    // As after a crash between the event and its deliveries: the event is there and no delivery is.
    const first = await room.webhooks.publish(SESSION, fact(1));
    await subscribe(room, receiver.url);
    room.start();
    await publish(room, 1);
    expect(await receiver.next(() => true)).toMatchObject({ id: first.id, sequence: 1 });
  });

  test('a process killed between publishing and delivery loses nothing, and the event keeps its id', async () => {
    const receiver = await receive();
    const script = join(import.meta.dirname, '../support/publish-and-die.ts');
    const { promise, resolve } = Promise.withResolvers<{ signal: unknown; stdout: string }>();
    execFile(process.execPath, [script, receiver.url, ...engine.place(directory)], (error, stdout) =>
      resolve({ signal: error?.signal, stdout }),
    );
    const child = await promise;
    expect(child.signal).toBe('SIGKILL');
    expect(receiver.events).toEqual([]);
    const { id, secret } = JSON.parse(child.stdout) as { id: string; secret: string };
    (await openRoom()).start();
    const { headers, body } = await receiver.next(() => true);
    expect(new Webhook(secret).verify(body, headers as never)).toMatchObject({ id, sequence: 1, data: fact(1).data });
  });

  test('only the events and the session asked for are delivered', async () => {
    const [own, all, other] = [await receive(), await receive(), await receive()];
    const room = await openRoom();
    await room.webhooks.subscribe({ url: own.url, sessionId: SESSION, events: ['message.ack'] });
    await room.webhooks.subscribe({ url: all.url, sessionId: null, events: ['message.ack'] });
    await room.webhooks.subscribe({ url: other.url, sessionId: SESSION, events: ['message'] });
    room.start();
    await room.webhooks.publish(ELSEWHERE, fact(1));
    await room.webhooks.publish(SESSION, fact(2));
    await Promise.all([own.next(() => true), all.next(({ sessionId }) => sessionId === SESSION)]);
    expect(own.events.map(({ sessionId }) => sessionId)).toEqual([SESSION]);
    expect(all.events.map(({ sessionId }) => sessionId)).toEqual([ELSEWHERE, SESSION]);
    expect(other.events).toEqual([]);
  });
});

describe('secrets', () => {
  test('neither secret nor password is in a file or in the log, nor is what the message says', async () => {
    const receiver = await receive(() => 500);
    const url = receiver.url.replace('http://', 'http://maria:open-sesame@');
    const room = await openRoom({ retry: { ...FAST, delays: [5] } });
    const { secret } = await subscribe(room, url);
    room.start();
    await publish(room, 1);
    await deliveries(room, url, inStates('dead'));
    expect(receiver.events[0]?.headers.authorization).toBe(`Basic ${btoa('maria:open-sesame')}`);
    expect(room.log.length).toBeGreaterThan(0);
    const log = room.log.join('');
    for (const hidden of ['open-sesame', secret, secret.slice(6), '15550100002']) expect(log).not.toContain(hidden);
    await room.close();
    const kept = engine.files(directory);
    expect(kept).toContain('3EB0000000000000000001');
    for (const hidden of ['open-sesame', secret, secret.slice(6)]) expect(kept).not.toContain(hidden);
  });
});
