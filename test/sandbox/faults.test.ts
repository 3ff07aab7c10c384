import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { proto } from '@whiskeysockets/baileys';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Sandbox, Settings } from '../../runtime/sandbox/sandbox.ts';
import {
  connectClient,
  disconnect,
  linkedClient,
  loggedInClient,
  next,
  reaches,
  receives,
  textOf,
} from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { eventually, within } from '../support/deadline.ts';

const DEADLINE_MS = 10_000;
const { CIPHERTEXT } = proto.WebMessageInfo.StubType;
let sandbox: Sandbox;
let account: Account;
let client: WhatsAppClient;

beforeEach(async () => {
  sandbox = await startSandbox();
  account = sandbox.account('15550100001');
  client = await linkedClient(sandbox, account);
});

afterEach(async () => {
  await disconnect(client);
  await sandbox.stop();
  expect(sandbox.unhandled).toEqual([]);
});

const begin = (name: string, settings: Settings = {}) =>
  sandbox.trouble.begin({ name, phone: account.phone, settings });

test('what a contact says while the client is away comes at its next login, in order and marked as old', async () => {
  const contact = sandbox.contact('15550100011');
  const gone = once(sandbox.events, 'closed');
  await disconnect(client);
  await within(DEADLINE_MS, 'the closed event', gone);
  for (const text of ['one', 'two', 'three']) await contact.say(account, text);
  expect(account.linkedDevices()).toMatchObject([{ online: false, waiting: 3 }]);

  client = connectClient(sandbox, client.auth);
  const kinds: string[] = [];
  client.events.on('upsert', (_message, type) => void kinds.push(type));
  await receives(client, 'the last text', (message) => textOf(message) === 'three');
  expect(client.received.map(textOf)).toEqual(['one', 'two', 'three']);
  expect(kinds).toEqual(['append', 'append', 'append']);
  await waitingIs(0);
  expect(client.complaints).toEqual([]);
});

test('a message whose receipt never came is delivered again at the next login', async () => {
  const contact = sandbox.contact('15550100011');
  // Cut at the exact point: the message is on its way, the client has not confirmed it.
  sandbox.events.on('stanza', ({ direction, node }) => {
    if (direction === 'out' && node.tag === 'message') begin('tcp-reset');
  });
  const closed = next(client, 'close');
  await contact.say(account, 'do not lose me');
  await closed;
  sandbox.events.removeAllListeners('stanza');
  expect(account.linkedDevices()).toMatchObject([{ waiting: 1 }]);
  client = connectClient(sandbox, client.auth);
  await receives(client, 'the text', (message) => textOf(message) === 'do not lose me');
  await waitingIs(0);
  expect(client.complaints).toEqual([]);
});

test('a message the contact cannot decrypt is asked for again, and shown once under the same id', async () => {
  const contact = sandbox.contact('15550100011');
  sandbox.delivery.spoilNext(contact.phone, 0);
  const sent = await client.socket.sendMessage(contact.jid, { text: 'second try' });
  const row = await contact.waitForMessage(({ text }) => text === 'second try', DEADLINE_MS);
  expect(row).toMatchObject({ messageId: sent?.key.id, arrivals: 1 });
  await reaches(client, row.messageId, proto.WebMessageInfo.Status.DELIVERY_ACK);
  expect(client.complaints).toEqual([]);
});

test('a message the client cannot decrypt is sent again by the contact when it asks', async () => {
  const contact = sandbox.contact('15550100011');
  await contact.say(account, 'to begin with');
  await receives(client, 'the first text', (message) => textOf(message) === 'to begin with');
  sandbox.delivery.spoilNext(account.phone, 'each');
  const { messageId } = await contact.say(account, 'second try');
  await receives(client, 'the text', (message) => textOf(message) === 'second try');
  const both = client.received.filter(({ key }) => key.id === messageId);
  expect(both).toMatchObject([{ messageStubType: CIPHERTEXT }, { message: { conversation: 'second try' } }]);
  await eventually(
    DEADLINE_MS,
    'delivery',
    () => contact.receiptsFor(messageId).length,
    (count) => count === 1,
  );
  await waitingIs(0);
});

test('acks are held until they are let go, and a message is delivered meanwhile', async () => {
  const contact = sandbox.contact('15550100011');
  const acks: string[] = [];
  client.events.on('ack', (id) => void acks.push(id));
  const held = begin('acks-held');
  const sent = await client.socket.sendMessage(contact.jid, { text: 'held' });
  await contact.waitForMessage(({ text }) => text === 'held', DEADLINE_MS);
  expect(acks).toEqual([]);
  const acked = next(client, 'ack');
  held?.stop();
  expect(await acked).toEqual([sent?.key.id, undefined]);
  expect(client.complaints).toEqual([]);
});

test('a lost message is neither delivered nor acknowledged, and a refused one says why', async () => {
  const contact = sandbox.contact('15550100011');
  const losing = begin('messages-lost');
  await client.socket.sendMessage(contact.jid, { text: 'lost' });
  await client.socket.query({
    tag: 'iq',
    attrs: { to: '@s.whatsapp.net', type: 'get', xmlns: 'w:p' },
    content: [{ tag: 'ping', attrs: {} }],
  });
  losing?.stop();
  begin('messages-refused', { error: '479' });
  const acked = next(client, 'ack');
  const refused = await client.socket.sendMessage(contact.jid, { text: 'refused' });
  expect(await acked).toEqual([refused?.key.id, '479']);
  expect(contact.screen).toEqual([]);
});

test('a delayed ack comes after its delay, and a dropped one never', async () => {
  const contact = sandbox.contact('15550100011');
  const losing = begin('acks-lost');
  await client.socket.sendMessage(contact.jid, { text: 'no answer' });
  await contact.waitForMessage(({ text }) => text === 'no answer', DEADLINE_MS);
  losing?.stop();
  begin('acks-late', { ms: 150 });
  const acked = next(client, 'ack');
  const began = performance.now();
  const sent = await client.socket.sendMessage(contact.jid, { text: 'late answer' });
  expect(await acked).toEqual([sent?.key.id, undefined]);
  expect(client.complaints).toEqual([]);
  expect(performance.now() - began).toBeGreaterThan(140);
});

test('a connection ends with the stream error a test asks for, and the client can come back', async () => {
  const closed = next(client, 'close');
  const gone = once(sandbox.events, 'closed');
  begin('stream-error', { code: 503 });
  expect(await closed).toEqual([503]);
  await within(DEADLINE_MS, 'the closed event', gone);
  client = await loggedInClient(sandbox, client.auth);
  expect(account.isOnline()).toBe(true);
});

const waitingIs = (count: number) =>
  eventually(
    DEADLINE_MS,
    'waiting stanzas',
    () => account.linkedDevices()[0]?.waiting,
    (waiting) => waiting === count,
  );

test('two accounts write to each other, and each of several linked devices gets its copy', async () => {
  const other = sandbox.account('15550100002');
  const theirs = await linkedClient(sandbox, other);
  const second = await linkedClient(sandbox, account);
  const sent = await client.socket.sendMessage(other.jid, { text: 'between accounts' });
  await receives(theirs, 'the text', (message) => textOf(message) === 'between accounts');
  await reaches(client, sent?.key.id ?? '', proto.WebMessageInfo.Status.DELIVERY_ACK);
  await reaches(second, sent?.key.id ?? '', proto.WebMessageInfo.Status.DELIVERY_ACK);
  await sandbox.contact('15550100011').say(account, 'to both');
  for (const device of [client, second]) {
    await receives(device, 'the copy', (message) => textOf(message) === 'to both');
    expect(device.complaints).toEqual([]);
  }
  await disconnect(theirs);
  await disconnect(second);
});
