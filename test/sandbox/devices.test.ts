import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { proto } from '@whiskeysockets/baileys';
import type { Account, Contact, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { disconnect, linkedClient, reaches, receives, textOf } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { eventually } from '../support/deadline.ts';
import { endLinkedClient, startLinkedClient } from '../support/linked-client.ts';
import { recording } from '../support/recording.ts';

const DEADLINE_MS = 10_000;
const { DELIVERY_ACK } = proto.WebMessageInfo.Status;

describe('a linked client and contacts with several devices', () => {
  let sandbox: Sandbox;
  let account: Account;
  let client: WhatsAppClient;

  beforeAll(async () => {
    ({ sandbox, account, client } = await startLinkedClient());
  });

  afterAll(() => endLinkedClient({ sandbox, client }));

  const send = async (contact: Contact, text: string) => {
    const sent = await client.socket.sendMessage(contact.jid, { text });
    return sent?.key.id ?? '';
  };
  const says = (wanted: string) => (row: { text: string }) => row.text === wanted;

  test('it encrypts for every one of them', async () => {
    const contact = sandbox.contact('15550100011');
    const devices = [contact.devices.link(), contact.devices.link()];
    const messageId = await send(contact, 'to all of you');
    for (const screen of [contact, ...devices]) await screen.waitForMessage(says('to all of you'), DEADLINE_MS);
    await reaches(client, messageId, DELIVERY_ACK);
    expect(devices.map(({ id }) => id)).toEqual([1, 2]);
  });

  test('a message written on a linked device is from the same contact, and its receipts go there', async () => {
    const contact = sandbox.contact('15550100012');
    const { id } = contact.devices.link();
    const { messageId } = await contact.say(account, 'from my laptop', { from: id });
    const message = await receives(client, 'the text', ({ key }) => key.id === messageId);
    expect(textOf(message)).toBe('from my laptop');
    expect(message.key.remoteJid).toMatch(new RegExp(`^${contact.lid.split('@')[0]}(:${id})?@lid$`));
    await eventually(
      DEADLINE_MS,
      'delivery',
      () => contact.receiptsFor(messageId).length,
      (count) => count === 1,
    );
    await expect(contact.say(account, 'from nowhere', { from: 7 })).rejects.toThrow('has no device 7');
  });

  test('a device linked later is written to from then on, and one that is gone no more', async () => {
    const contact = sandbox.contact('15550100013');
    await send(contact, 'to the phone');
    await contact.waitForMessage(says('to the phone'), DEADLINE_MS);
    const device = contact.devices.link();
    await noticed();
    await send(contact, 'to both');
    for (const screen of [contact, device]) await screen.waitForMessage(says('to both'), DEADLINE_MS);
    contact.devices.unlink(device.id);
    await noticed();
    await send(contact, 'to the phone again');
    await contact.waitForMessage(says('to the phone again'), DEADLINE_MS);
    expect(device.screen.map(({ text }) => text)).toEqual(['to both']);
    expect(contact.devices.all).toEqual([]);
    expect(() => contact.devices.unlink(device.id)).toThrow('has no device 1');
    expect(() => contact.devices.unlink(0)).toThrow('a phone cannot be unlinked');
  });

  test('what a linked device cannot decrypt is sent to it alone again', async () => {
    const contact = sandbox.contact('15550100014');
    const device = contact.devices.link();
    sandbox.delivery.spoilNext(contact.phone, device.id);
    const messageId = '3EB0BBBBBBBBBBBBBBBBBB';
    client.sent.set(messageId, { conversation: 'once more for the laptop' });
    await client.socket.sendMessage(contact.jid, { text: 'once more for the laptop' }, { messageId });
    await device.waitForMessage(says('once more for the laptop'), DEADLINE_MS);
    expect(contact.screen.find((row) => row.messageId === messageId)).toMatchObject({ arrivals: 1 });
  });

  test('another account learns which clients this one links and unlinks, and writes to them', async () => {
    const other = sandbox.account('15550100002');
    const theirs = await linkedClient(sandbox, other);
    await theirs.socket.sendMessage(account.jid, { text: 'to one client' });
    await receives(client, 'the text', (message) => textOf(message) === 'to one client');
    const second = await linkedClient(sandbox, account);
    await noticed();
    await theirs.socket.sendMessage(account.jid, { text: 'to two clients' });
    for (const each of [client, second]) {
      await receives(each, 'the text', (message) => textOf(message) === 'to two clients');
      expect(each.complaints).toEqual([]);
    }
    await disconnect(second);
    await account.unlink(2);
    await disconnect(theirs);
    expect(theirs.complaints).toEqual([]);
  });

  /** The client confirms a notification when it has dealt with it. */
  const noticed = () =>
    eventually(
      DEADLINE_MS,
      'the notification',
      () => [...sandbox.accounts.values()].flatMap((each) => each.linkedDevices()).map(({ waiting }) => waiting),
      (waiting) => waiting.every((count) => count === 0),
    );
});

describe('a linked client and a contact known by hidden id alone', () => {
  let sandbox: Sandbox;
  let account: Account;
  let client: WhatsAppClient;
  let contact: Contact;

  beforeAll(async () => {
    ({ sandbox, account, client } = await startLinkedClient());
    contact = sandbox.contact('15550100021', { hidesNumber: true });
  });

  afterAll(() => endLinkedClient({ sandbox, client }));

  const numberOf = (lid: string) => client.socket.signalRepository.lidMapping.getPNForLID(lid);

  test('its messages name no number, and it is answered all the same', async () => {
    const { messageId } = await contact.say(account, 'guess who', { addressing: 'pn' });
    const { key } = await receives(client, 'the text', (message) => message.key.id === messageId);
    expect(key.remoteJid).toBe(contact.lid);
    expect(key.remoteJidAlt).toBeUndefined();
    const sent = await client.socket.sendMessage(contact.lid, { text: 'who is it?' });
    const row = await contact.waitForMessage(({ text }) => text === 'who is it?', DEADLINE_MS);
    await reaches(client, row.messageId, DELIVERY_ACK);
    expect(sent?.key.id).toBe(row.messageId);
    expect(await numberOf(contact.lid)).toBeNull();
  });

  test('its number is learnt from the first message that names it', async () => {
    contact.revealNumber();
    const { messageId } = await contact.say(account, 'it is me');
    const { key } = await receives(client, 'the text', (message) => message.key.id === messageId);
    expect(key).toMatchObject({ remoteJid: contact.lid, remoteJidAlt: contact.jid });
    expect(await numberOf(contact.lid)).toContain(contact.phone);
  });

  test('the number of another is learnt from a notification', async () => {
    const other = sandbox.contact('15550100022', { hidesNumber: true });
    const { messageId } = await other.say(account, 'guess who');
    await receives(client, 'the text', (message) => message.key.id === messageId);
    const { seen } = await recording(client, 'lid-mapping.update', async () => {
      other.revealNumber({ tell: true });
      await eventually(
        DEADLINE_MS,
        'the number',
        () => numberOf(other.lid),
        (number) => number !== null,
      );
    });
    expect(seen).toEqual([{ lid: other.lid, pn: other.jid }]);
  });

  test('the number of a third is learnt when somebody writes to it', async () => {
    const third = sandbox.contact('15550100023', { hidesNumber: true });
    const { messageId } = await third.say(account, 'guess who');
    await receives(client, 'the text', (message) => message.key.id === messageId);
    third.revealNumber();
    await client.socket.sendMessage(third.jid, { text: 'I have your number' });
    await third.waitForMessage(({ text }) => text === 'I have your number', DEADLINE_MS);
    expect(await numberOf(third.lid)).toContain(third.phone);
  });

  test('a message to a number nobody has is taken and reaches nobody', async () => {
    const nobody = '15550100099';
    expect(await client.socket.onWhatsApp(nobody)).toEqual([]);
    const sent = await client.socket.sendMessage(`${nobody}@s.whatsapp.net`, { text: 'hello?' });
    expect(sent?.key.id).toBeDefined();
    expect(client.complaints.splice(0)).toEqual([expect.stringContaining('USync fetch yielded no results')]);
  });
});
