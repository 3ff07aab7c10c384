import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { proto } from '@whiskeysockets/baileys';
import type { Account, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { next, reaches, receives, textOf } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { eventually, within } from '../support/deadline.ts';
import { endLinkedClient, startLinkedClient } from '../support/linked-client.ts';

const { DELIVERY_ACK, READ } = proto.WebMessageInfo.Status;
const DEADLINE_MS = 10_000;

describe('a linked client', () => {
  let sandbox: Sandbox;
  let account: Account;
  let client: WhatsAppClient;

  beforeAll(async () => {
    ({ sandbox, account, client } = await startLinkedClient());
  });

  afterAll(() => endLinkedClient({ sandbox, client }));

  test('a contact on the hidden id is received with its phone number beside it', async () => {
    const contact = sandbox.contact('15550100011', { name: 'Contact One' });
    const { messageId } = await contact.say(account, 'hello by LID');
    const message = await receives(client, 'the text', ({ key }) => key.id === messageId);
    expect(textOf(message)).toBe('hello by LID');
    expect(message.key).toMatchObject({ remoteJid: contact.lid, remoteJidAlt: contact.jid, fromMe: false });
    expect(message.pushName).toBe('Contact One');
  });

  test('a contact addressed by number is received with its hidden id beside it', async () => {
    const contact = sandbox.contact('15550100012');
    const { messageId } = await contact.say(account, 'hello by number', { addressing: 'pn' });
    const message = await receives(client, 'the text', ({ key }) => key.id === messageId);
    expect(textOf(message)).toBe('hello by number');
    expect(message.key).toMatchObject({ remoteJid: contact.jid, remoteJidAlt: contact.lid });
  });

  test('a text to a number is acknowledged, decrypted by the contact, delivered and read', async () => {
    const contact = sandbox.contact('15550100013');
    const shown = once(sandbox.events, 'message');
    const acked = next(client, 'ack');
    const sent = await client.socket.sendMessage(contact.jid, { text: 'to a number' });
    const messageId = sent?.key.id ?? '';
    expect(await acked).toEqual([messageId, undefined]);
    expect(await within(DEADLINE_MS, 'the message event', shown)).toMatchObject([
      { contact, messageId, text: 'to a number' },
    ]);
    expect(contact.screen).toMatchObject([{ messageId, text: 'to a number', from: account.phone, arrivals: 1 }]);
    await reaches(client, messageId, DELIVERY_ACK);
    await contact.read(messageId);
    await reaches(client, messageId, READ);
  });

  test('a text to a hidden id reaches the same contact', async () => {
    const contact = sandbox.contact('15550100014', { readsAtOnce: true });
    const sent = await client.socket.sendMessage(contact.lid, { text: 'to a LID' });
    const row = await contact.waitForMessage(({ text }) => text === 'to a LID', DEADLINE_MS);
    expect(row.messageId).toBe(sent?.key.id);
    await reaches(client, row.messageId, READ);
  });

  test('the same id sent twice is acknowledged twice, arrives twice and is shown once', async () => {
    const contact = sandbox.contact('15550100015');
    const messageId = '3EB0AAAAAAAAAAAAAAAAAA';
    for (const _ of [1, 2]) {
      const acked = next(client, 'ack');
      await client.socket.sendMessage(contact.jid, { text: 'once' }, { messageId });
      expect(await acked).toEqual([messageId, undefined]);
    }
    await contact.waitForMessage(({ arrivals }) => arrivals === 2, DEADLINE_MS);
    expect(contact.screen).toMatchObject([{ messageId, text: 'once', arrivals: 2 }]);
  });

  test('a contact that answers is answered, and its answer can quote what it saw', async () => {
    const contact = sandbox.contact('15550100016', { repliesWith: (text) => `you said ${text}` });
    const sent = await client.socket.sendMessage(contact.jid, { text: 'ping' });
    await receives(client, 'the reply', (message) => textOf(message) === 'you said ping');
    const { messageId } = await contact.say(account, 'as I said', { quoted: sent?.key.id ?? '' });
    const answer = await receives(client, 'the quoting answer', ({ key }) => key.id === messageId);
    expect(answer.message?.extendedTextMessage?.contextInfo).toMatchObject({
      stanzaId: sent?.key.id,
      quotedMessage: { extendedTextMessage: { text: 'ping' } },
    });
  });

  test('a contact learns that its message was delivered and, when the client says so, read', async () => {
    const contact = sandbox.contact('15550100017');
    const { messageId } = await contact.say(account, 'seen?');
    const message = await receives(client, 'the text', ({ key }) => key.id === messageId);
    const [{ deviceId } = { deviceId: 0 }] = account.linkedDevices();
    await eventually(
      DEADLINE_MS,
      'delivery',
      () => contact.receiptsFor(messageId).length,
      (count) => count === 1,
    );
    await client.socket.readMessages([message.key]);
    await eventually(
      DEADLINE_MS,
      'reading',
      () => contact.receiptsFor(messageId).length,
      (count) => count === 2,
    );
    expect(contact.receiptsFor(messageId)).toMatchObject([
      { kind: 'delivered', deviceId },
      { kind: 'read', deviceId },
    ]);
  });

  test('a number nobody has is not on WhatsApp, and one that somebody has is', async () => {
    const contact = sandbox.contact('15550100018');
    const found = await client.socket.onWhatsApp(contact.phone, '15550100099');
    expect(found).toEqual([{ jid: contact.jid, exists: true }]);
  });

  test('typing is seen per chat, and recording is told from it', async () => {
    const contact = sandbox.contact('15550100019');
    const states: unknown[] = [];
    const listen = (event: unknown) => void states.push(event);
    sandbox.events.on('presence', listen);
    for (const state of ['composing', 'recording', 'paused'] as const) {
      const seen = once(sandbox.events, 'presence');
      await client.socket.sendPresenceUpdate(state, contact.jid);
      await within(DEADLINE_MS, state, seen);
    }
    sandbox.events.off('presence', listen);
    expect(states).toEqual(
      ['composing', 'recording', 'paused'].map((state) => ({ phone: account.phone, to: contact.jid, state })),
    );
  });
});
