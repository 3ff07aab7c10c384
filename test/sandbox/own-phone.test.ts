import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { proto } from '@whiskeysockets/baileys';
import type { WAMessage } from '@whiskeysockets/baileys';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Contact, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { connectClient, disconnect, linkedClient, memoryAuth, next, receives } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { eventually } from '../support/deadline.ts';
import { emitted } from '../support/emitted.ts';

const DEADLINE_MS = 10_000;
let sandbox: Sandbox;
let account: Account;
let contact: Contact;

beforeAll(async () => {
  sandbox = await startSandbox({ preKeyStock: 'ample' });
  account = sandbox.account('15550100001');
  contact = sandbox.contact('15550100011', { name: 'Ann' });
});

afterAll(async () => {
  await sandbox.stop();
  expect(sandbox.unhandled).toEqual([]);
});

async function endsWithoutComplaint(client: WhatsAppClient) {
  expect(client.complaints).toEqual([]);
  await disconnect(client);
}

describe('what the owner does on the phone', () => {
  let client: WhatsAppClient;
  let tablet: WhatsAppClient;
  beforeAll(async () => {
    [client, tablet] = [await linkedClient(sandbox, account), await linkedClient(sandbox, account)];
  });
  afterAll(async () => {
    await endsWithoutComplaint(client);
    await endsWithoutComplaint(tablet);
  });

  /** The message with this id as a client shows it. */
  const shows = async (at: WhatsAppClient, id: string, action: () => Promise<unknown>) => {
    const { messages, type } = await emitted(
      at,
      'messages.upsert',
      action,
      ({ messages: [first] }) => first?.key.id === id,
    );
    return { message: messages[0], type };
  };

  test.each(['lid', 'pn'] as const)(
    'a text written there reaches the contact, and as a copy every client (%s)',
    async (addressing) => {
      const id = `3EB0${addressing}`.toUpperCase();
      const onTablet = receivesOwn(tablet, id);
      const { message, type } = await shows(client, id, () =>
        account.say(contact, 'from the phone', { id, addressing }),
      );
      const [jid, alternative] = addressing === 'lid' ? [contact.lid, contact.jid] : [contact.jid, contact.lid];
      expect(message).toMatchObject({
        key: { remoteJid: jid, remoteJidAlt: alternative, fromMe: true, id },
        message: { conversation: 'from the phone' },
      });
      expect(type).toBe('notify');
      await onTablet;
      const row = await contact.waitForMessage(({ messageId }) => messageId === id, DEADLINE_MS);
      expect(row).toMatchObject({ text: 'from the phone', from: account.phone, arrivals: 1 });
      expect(account.receiptsFor(id)).toMatchObject([{ from: contact.phone, kind: 'delivered' }]);
    },
  );

  test('a text to a group reaches its members and the clients', async () => {
    const group = sandbox.group({ subject: 'Plans', members: [account, contact] });
    const { message } = await shows(client, '3EB0A1', () => account.say(group, 'to all', { id: '3EB0A1' }));
    expect(message).toMatchObject({ key: { remoteJid: group.jid, fromMe: true, participant: account.lid } });
    const row = await contact.waitForMessage(({ messageId }) => messageId === '3EB0A1', DEADLINE_MS);
    expect(row.group).toBe(group.jid);
  });

  test('a note to oneself shows at the clients', async () => {
    const { message } = await shows(client, '3EB0A2', () => account.say(account, 'buy milk', { id: '3EB0A2' }));
    expect(message).toMatchObject({
      key: { remoteJid: account.lid, fromMe: true },
      message: { conversation: 'buy milk' },
    });
  });

  test('a client that cannot decrypt its copy asks the phone for it again', async () => {
    sandbox.delivery.spoilNext(account.phone, 1);
    const again = receivesOwn(client, '3EB0A3');
    const { message } = await shows(client, '3EB0A3', () => account.say(contact, 'once more', { id: '3EB0A3' }));
    expect(message?.message).toBeUndefined();
    expect(await again).toMatchObject({ message: { conversation: 'once more' } });
    for (const { complaints } of [client, tablet]) {
      expect(complaints.every((line) => /Bad MAC|rolling back/.test(line))).toBe(true);
      complaints.length = 0;
    }
  });

  test('a message read there is read for its sender and at the clients', async () => {
    const { messageId } = await contact.say(account, 'read me');
    await receives(client, 'the text', ({ key }) => key.id === messageId);
    const read = await emitted(
      client,
      'messages.update',
      () => account.read(messageId),
      ([update]) => update?.key.id === messageId,
    );
    expect(read).toMatchObject([
      { key: { remoteJid: contact.lid, fromMe: false }, update: { status: proto.WebMessageInfo.Status.READ } },
    ]);
    const kinds = () => contact.receiptsFor(messageId).map(({ kind, deviceId }) => `${kind} ${deviceId}`);
    await eventually(DEADLINE_MS, 'the read receipt', kinds, (seen) => seen.includes('read 0'));
    await expect(account.read('3EB0FF')).rejects.toThrow('not on the screen');
  });

  test('a message read at one client is read at the others', async () => {
    const { messageId } = await contact.say(account, 'read me at the client');
    const message = await receives(client, 'the text', ({ key }) => key.id === messageId);
    const read = await emitted(
      tablet,
      'messages.update',
      () => client.socket.readMessages([message.key]),
      ([update]) => update?.key.id === messageId,
    );
    expect(read).toMatchObject([{ key: { remoteJid: contact.lid, fromMe: false }, update: { status: 4 } }]);
  });

  test('with read receipts off, the clients learn that it was read and the sender does not', async () => {
    account.setPrivacy('readreceipts', 'none');
    const { messageId } = await contact.say(account, 'read me in secret');
    await receives(client, 'the text', ({ key }) => key.id === messageId);
    const isIt = ([update]: { key: { id?: string | null } }[]) => update?.key.id === messageId;
    await emitted(client, 'messages.update', () => account.read(messageId), isIt);
    await contact.devices.phones[0]?.idle();
    expect(contact.receiptsFor(messageId).map(({ kind }) => kind)).not.toContain('read');
    account.setPrivacy('readreceipts', 'all');
  });

  test('what a client sends shows on the phone, in the chat it belongs to', async () => {
    const sent = await client.socket.sendMessage(contact.jid, { text: 'from the client' });
    const messageId = sent?.key.id ?? '';
    const row = await eventually(
      DEADLINE_MS,
      'the copy',
      () => account.screen.find((each) => each.messageId === messageId),
      (found) => found !== undefined,
    );
    expect(row).toMatchObject({ text: 'from the client', from: account.phone });
    expect(account.ownPhone.chats.find(messageId)?.chat.partner).toBe(contact.person);
  });

  test('a message a client could not read is handed over by the phone', async () => {
    const { messageId } = await contact.say(account, 'seen by the phone');
    const message = await receives(client, 'the text', ({ key }) => key.id === messageId);
    const request = () => client.socket.requestPlaceholderResend({ ...message.key });
    const isIt = ({ key }: WAMessage) => key.id === messageId;
    const { messages } = await emitted(client, 'messages.upsert', request, (event) => event.messages.some(isIt));
    expect(messages.find(isIt)).toMatchObject({ message: { conversation: 'seen by the phone' } });
  });
});

describe('a phone without network', () => {
  test('sends and changes nothing, and takes in what it missed when it is back', async () => {
    const absent = sandbox.account('15550100002');
    const client = await linkedClient(sandbox, absent);
    absent.phoneOffline();
    await expect(absent.say(contact, 'no')).rejects.toThrow('the phone is offline');
    await expect(absent.scan('anything')).rejects.toThrow('the phone is offline');
    expect(() => absent.settings.pin(contact)).toThrow('the phone is offline');
    const { messageId } = await contact.say(absent, 'are you there?');
    await receives(client, 'the text', ({ key }) => key.id === messageId);
    await client.socket.chatModify({ pin: true }, contact.lid);
    expect(absent.screen).toEqual([]);
    expect(absent.settings.chat(contact).pinned).toBe(false);
    absent.phoneBack();
    expect(absent.settings.chat(contact).pinned).toBe(true);
    await eventually(
      DEADLINE_MS,
      'the text on the phone',
      () => absent.screen.map(({ text }) => text),
      (texts) => texts.includes('are you there?'),
    );
    await endsWithoutComplaint(client);
  });

  test('gives a new client its key and history only when it is back', async () => {
    const absent = sandbox.account('15550100003');
    const auth = memoryAuth();
    const pairing = connectClient(sandbox, auth);
    const closed = next(pairing, 'close');
    const [qr] = await next(pairing, 'qr');
    await absent.scan(qr);
    absent.phoneOffline();
    await closed;
    const client = connectClient(sandbox, auth);
    await emitted(
      client,
      'connection.update',
      () => undefined,
      ({ receivedPendingNotifications }) => receivedPendingNotifications === true,
    );
    expect(auth.creds.myAppStateKeyId).toBeUndefined();
    await emitted(
      client,
      'creds.update',
      () => absent.phoneBack(),
      ({ accountSyncCounter }) => accountSyncCounter === 1,
    );
    expect(auth.creds.myAppStateKeyId).toEqual(expect.any(String));
    await endsWithoutComplaint(client);
  });

  test('for two weeks loses its linked devices', async () => {
    const absent = sandbox.account('15550100004');
    const client = await linkedClient(sandbox, absent);
    const closed = next(client, 'close');
    absent.phoneOffline({ days: 14 });
    expect(await closed).toEqual([401]);
    expect(absent.linkedDevices()).toEqual([]);
  });
});

/** The account's own message with this id, once its content has arrived. */
async function receivesOwn(client: WhatsAppClient, id: string) {
  const { messages } = await emitted(
    client,
    'messages.upsert',
    () => undefined,
    ({ messages: [first] }) => first?.key.id === id && !!first.message,
  );
  return messages[0];
}
