import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { proto } from '@whiskeysockets/baileys';
import type { Account, Contact, Sandbox, SandboxEvents } from '../../runtime/sandbox/sandbox.ts';
import { reaches, receives, textOf } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { eventually } from '../support/deadline.ts';
import { endLinkedClient, startLinkedClient } from '../support/linked-client.ts';

const DEADLINE_MS = 10_000;
const { DELIVERY_ACK } = proto.WebMessageInfo.Status;

describe('a linked client and a contact that installs WhatsApp anew', () => {
  let sandbox: Sandbox;
  let account: Account;
  let client: WhatsAppClient;

  beforeAll(async () => {
    ({ sandbox, account, client } = await startLinkedClient());
  });

  afterAll(() => endLinkedClient({ sandbox, client }));

  async function talk(contact: Contact): Promise<void> {
    const { messageId } = await contact.say(account, 'hello');
    await receives(client, 'the greeting', ({ key }) => key.id === messageId);
    await client.socket.sendMessage(contact.jid, { text: 'hello yourself' });
    await contact.waitForMessage(({ text }) => text === 'hello yourself', DEADLINE_MS);
  }

  /** How often the contact's phone asks for a message again while something happens. */
  async function retriesDuring(action: () => Promise<unknown>): Promise<number> {
    let count = 0;
    const note = ({ direction, node }: SandboxEvents['stanza'][0]) => {
      if (direction === 'out' && node.tag === 'receipt' && node.attrs['type'] === 'retry') count += 1;
    };
    sandbox.events.on('stanza', note);
    await action();
    sandbox.events.off('stanza', note);
    return count;
  }

  const noticed = () =>
    eventually(
      DEADLINE_MS,
      'the notification',
      () => account.linkedDevices()[0]?.waiting,
      (waiting) => waiting === 0,
    );

  test('begins a new session when it is told, and its next message is decrypted at once', async () => {
    const contact = sandbox.contact('15550100011');
    await talk(contact);
    await contact.devices.reinstall();
    await noticed();
    const retries = await retriesDuring(async () => {
      const sent = await client.socket.sendMessage(contact.jid, { text: 'to the new phone' });
      await contact.waitForMessage(({ text }) => text === 'to the new phone', DEADLINE_MS);
      await reaches(client, sent?.key.id ?? '', DELIVERY_ACK);
    });
    expect(retries).toBe(0);
  });

  test('that is not told learns it from being asked again, with the new keys', async () => {
    const contact = sandbox.contact('15550100012');
    await talk(contact);
    await contact.devices.reinstall({ quietly: true });
    const retries = await retriesDuring(async () => {
      const sent = await client.socket.sendMessage(contact.jid, { text: 'to the old phone' });
      const row = await contact.waitForMessage(({ text }) => text === 'to the old phone', DEADLINE_MS);
      expect(row.messageId).toBe(sent?.key.id);
      await reaches(client, row.messageId, DELIVERY_ACK);
    });
    expect(retries).toBeGreaterThan(0);
  });

  test('decrypts what the new phone writes first', async () => {
    const contact = sandbox.contact('15550100013');
    await talk(contact);
    await contact.devices.reinstall({ quietly: true });
    const { messageId } = await contact.say(account, 'new phone, who is this?');
    const message = await receives(client, 'the text', ({ key }) => key.id === messageId);
    expect(textOf(message)).toBe('new phone, who is this?');
    const retries = await retriesDuring(async () => {
      await client.socket.sendMessage(contact.lid, { text: 'it is me' });
      await contact.waitForMessage(({ text }) => text === 'it is me', DEADLINE_MS);
    });
    expect(retries).toBe(0);
  });

  test('writes to the phone alone, since its linked devices are gone', async () => {
    const contact = sandbox.contact('15550100014');
    const device = contact.devices.link();
    await talk(contact);
    await contact.devices.reinstall();
    await noticed();
    await client.socket.sendMessage(contact.jid, { text: 'just you' });
    await contact.waitForMessage(({ text }) => text === 'just you', DEADLINE_MS);
    expect(device.screen.some(({ text }) => text === 'just you')).toBe(false);
    expect(contact.devices.all).toEqual([]);
  });
});
