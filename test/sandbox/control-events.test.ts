import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { FEED_EVENTS } from '../../runtime/sandbox/event-feed.ts';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Contact, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { disconnect, linkedClient, receives } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { controlCaller } from '../support/control-call.ts';
import { openFeed } from '../support/control-feed.ts';
import type { Feed, FeedEvent } from '../support/control-feed.ts';
import { within } from '../support/deadline.ts';
import { endLinkedClient } from '../support/linked-client.ts';

const DEADLINE_MS = 10_000;
let sandbox: Sandbox;
let account: Account;
let client: WhatsAppClient;
let ann: Contact;
let feed: Feed;

beforeAll(async () => {
  sandbox = await startSandbox({ preKeyStock: 'ample', controlPort: 0 });
  account = sandbox.account('15550100001');
  ann = sandbox.contact('15550100011', { name: 'Ann' });
  client = await linkedClient(sandbox, account);
});

afterAll(() => endLinkedClient({ sandbox, client }));

beforeEach(async () => void (feed = await openFeed(sandbox.controlUrl ?? '')));
afterEach(() => feed.close());

const call = controlCaller(() => sandbox.controlUrl);
const about = (messageId: unknown) => (event: FeedEvent) =>
  event['messageId'] === messageId || (event['message'] as { messageId?: string } | undefined)?.messageId === messageId;

describe('whoever watches is told', () => {
  test('what a contact receives, as its screen has it', async () => {
    const sent = await client.socket.sendMessage(ann.jid, { text: 'hello' });
    const { body } = await call('GET', `/contacts/${ann.phone}/wait?text=hello`);
    const received = await feed.event('message', about(sent?.key.id));
    expect(received).toMatchObject({ contact: ann.phone, message: { ...body, own: false, chat: account.phone } });
  });

  test('what a contact writes, and the receipts for it', async () => {
    const { messageId } = await ann.say(account, 'from Ann');
    const message = { text: 'from Ann', own: true, chat: account.phone };
    expect(await feed.event('said', about(messageId))).toMatchObject({ contact: ann.phone, message });
    expect(await feed.event('receipt', (event) => event['deviceId'] === 1 && about(messageId)(event))).toMatchObject({
      ...{ contact: ann.phone, kind: 'delivered' },
    });
  });

  test('every change of a row', async () => {
    const sent = await client.socket.sendMessage(ann.jid, { text: 'fist' });
    if (!sent?.key) throw new Error('nothing was sent');
    const changed = (fits: (row: Record<string, unknown>) => boolean) =>
      feed.event('changed', (event) => about(sent.key.id)(event) && fits(event['message'] as Record<string, unknown>));
    await client.socket.sendMessage(ann.jid, { text: 'first', edit: sent.key });
    expect(await changed(({ edited }) => edited === true)).toMatchObject({ message: { text: 'first' } });
    await ann.react(sent.key.id ?? '', '👍');
    const reactions = [{ from: ann.phone, emoji: '👍' }];
    expect(await changed((row) => (row['reactions'] as object[]).length > 0)).toMatchObject({ message: { reactions } });
    await client.socket.sendMessage(ann.jid, { delete: sent.key });
    await changed(({ deleted }) => deleted === true);
  });

  test('votes in a poll the contact made', async () => {
    const content = { kind: 'poll', question: 'Tea?', options: ['Yes', 'No'] };
    const { messageId } = (await call('POST', `/contacts/${ann.phone}/send`, { to: account.phone, content })).body;
    await receives(client, 'the poll', ({ key }) => key.id === messageId);
    await ann.vote(String(messageId), ['No']);
    expect(await feed.event('changed', about(messageId))).toMatchObject({
      message: { own: true, poll: { options: [{ votes: 0 }, { name: 'No', votes: 1, voters: [ann.phone] }] } },
    });
  });

  test('nothing of a change that does not apply', async () => {
    const { messageId } = await ann.say(account, 'mine');
    await receives(client, 'the text', ({ key }) => key.id === messageId);
    const key = { remoteJid: ann.jid, id: messageId, fromMe: true };
    await client.socket.sendMessage(ann.jid, { text: 'not yours', edit: key });
    await feed.event('message', (event) => (event['message'] as { kind: string }).kind === 'edit');
    expect(feed.seen.filter((event) => event.event === 'changed' && about(messageId)(event))).toEqual([]);
  });

  test('accounts and clients that come and go', async () => {
    const other = sandbox.account('15550100002');
    expect(await feed.event('account')).toMatchObject({ phone: other.phone, jid: other.jid });
    const second = await linkedClient(sandbox, other);
    const device = { phone: other.phone, deviceId: 1 };
    expect(await feed.event('linked')).toMatchObject(device);
    expect(await feed.event('online')).toMatchObject(device);
    await disconnect(second);
    expect(await feed.event('offline')).toMatchObject(device);
    expect(second.complaints).toEqual([]);
  });

  test('contacts and groups that are made, and changes of a group', async () => {
    const ben = sandbox.contact('15550100012', { name: 'Ben' });
    expect(await feed.event('contact')).toMatchObject({ phone: ben.phone, name: 'Ben' });
    const group = sandbox.group({ subject: 'Crew', members: [ann, ben] });
    expect(await feed.event('group')).toMatchObject({ jid: group.jid, subject: 'Crew' });
    group.setSubject('The crew');
    await feed.event('group', ({ subject }) => subject === 'The crew');
  });

  test('faults that begin, end, or happen once', async () => {
    const fault = sandbox.trouble.begin({ name: 'slow', phone: account.phone, settings: { ms: 1 } });
    const it = { id: expect.anything(), name: 'slow', phone: account.phone };
    expect(await feed.event('fault')).toMatchObject({ ...it, state: 'begun' });
    fault?.stop();
    fault?.stop();
    expect(await feed.event('fault', ({ state }) => state === 'ended')).toMatchObject(it);
    expect(feed.seen.filter(({ event }) => event === 'fault')).toHaveLength(2);
    expect((await call('POST', '/faults', { name: 'nonsense' })).status).toBe(400);
    expect(feed.seen.filter(({ event }) => event === 'fault')).toHaveLength(2);
  });

  test('presence and calls', async () => {
    await client.socket.sendPresenceUpdate('composing', ann.jid);
    expect(await feed.event('presence')).toMatchObject({ phone: account.phone, state: 'composing' });
    const ringing = ann.call(account);
    expect(await feed.event('call')).toMatchObject({ callId: ringing.id, from: ann.phone, to: account.phone });
    ringing.hangUp();
  });

  test('by names that GET /routes lists, numbered without a gap', async () => {
    for (const emoji of ['🙂', '🙃']) {
      const { messageId } = await ann.say(account, emoji);
      await feed.event('said', about(messageId));
    }
    for (const { event } of feed.seen) expect(Object.keys(FEED_EVENTS)).toContain(event);
    const ids = feed.seen.map(({ id }) => id);
    expect(ids).toEqual(ids.map((_id, at) => (ids[0] ?? 0) + at));
    expect((await call('GET', '/routes')).body['events']).toEqual({ ...FEED_EVENTS });
  });
});

test('many may watch at once, and one that leaves is forgotten', async () => {
  const others = await Promise.all(Array.from({ length: 20 }, () => openFeed(sandbox.controlUrl ?? '')));
  const { messageId } = await ann.say(account, 'to all');
  await Promise.all(others.map((each) => each.event('said', about(messageId))));
  await Promise.all(others.map((each) => each.close()));
  const { messageId: later } = await ann.say(account, 'to those who are left');
  await feed.event('said', about(later));
  expect(others.flatMap(({ seen }) => seen.filter(about(later)))).toEqual([]);
});

test('a reader that does not read is cut, and others hear on', async () => {
  const socket = connect(Number(new URL(sandbox.controlUrl ?? '').port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`GET /events HTTP/1.1\r\nHost: ${new URL(sandbox.controlUrl ?? '').host}\r\n\r\n`);
  await once(socket, 'readable');
  let isCut = false;
  socket.on('close', () => (isCut = true)).on('error', () => undefined);
  // What the kernel takes for it does not count: it takes some megabytes.
  const to = 'x'.repeat(64 * 1024);
  const flood = async () => {
    for (let sent = 0; sent < 1_000; sent++) {
      sandbox.events.emit('presence', { phone: account.phone, to, state: 'composing' });
      await setImmediate();
    }
  };
  await within(DEADLINE_MS, 'the flood', flood());
  // A cut is noticed by reading on.
  socket.resume();
  await within(DEADLINE_MS, 'the cut', isCut ? Promise.resolve() : once(socket, 'close').then(() => undefined));
  const { messageId } = await ann.say(account, 'still there');
  await feed.event('said', about(messageId));
});

test('the feed ends with the sandbox', async () => {
  const other = await startSandbox({ controlPort: 0 });
  const watching = await openFeed(other.controlUrl ?? '');
  await other.stop();
  await within(DEADLINE_MS, 'the end of the feed', watching.ended);
});

test('a page of another origin may not watch', async () => {
  const response = await fetch(`${sandbox.controlUrl}/events`, { headers: { origin: 'http://evil.example' } });
  expect(response.status).toBe(403);
});
