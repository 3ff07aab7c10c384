import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Account, Contact, Group, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { receives, textOf } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { endLinkedClient, startLinkedClient } from '../support/linked-client.ts';

const DEADLINE_MS = 10_000;
let sandbox: Sandbox;
let account: Account;
let client: WhatsAppClient;

beforeAll(async () => {
  ({ sandbox, account, client } = await startLinkedClient());
});

afterAll(() => endLinkedClient({ sandbox, client }));

describe.each(['lid', 'pn'] as const)('contacts with several devices in a group with %s addressing', (addressing) => {
  let group: Group;
  let ann: Contact;
  let ben: Contact;
  beforeAll(() => {
    const last = addressing === 'lid' ? 1 : 2;
    ann = sandbox.contact(`1555010001${last}`);
    ben = sandbox.contact(`1555010002${last}`);
    for (const contact of [ann, ann, ben]) contact.devices.link();
    group = sandbox.group({ subject: 'Neighbours', members: [ann, ben, account], addressing });
  });
  const screens = () => [ann, ...ann.devices.all, ben, ...ben.devices.all];

  test('all of them get what the client says, and what a linked device of one says goes to all others', async () => {
    const sent = await client.socket.sendMessage(group.jid, { text: `everywhere ${addressing}` });
    for (const screen of screens()) {
      const row = await screen.waitForMessage(({ messageId }) => messageId === sent?.key.id, DEADLINE_MS);
      expect(row).toMatchObject({ text: `everywhere ${addressing}`, group: group.jid, arrivals: 1 });
    }
    const { messageId } = await ann.say(group, 'from my laptop', { from: 1 });
    const message = await receives(client, 'the text', ({ key }) => key.id === messageId);
    expect(textOf(message)).toBe('from my laptop');
    const others = [ann, ...ann.devices.all.slice(1), ben, ...ben.devices.all];
    for (const screen of others) await screen.waitForMessage((row) => row.messageId === messageId, DEADLINE_MS);
    expect(ann.devices.all[0]?.screen.map((row) => row.messageId)).not.toContain(messageId);
  });

  test('a device that is gone gets nothing more, and one that was linked since gets the key', async () => {
    const gone = ann.devices.all[1];
    if (!gone) throw new Error('Ann has two linked devices');
    ann.devices.unlink(gone.id);
    const fresh = ann.devices.link();
    const { messageId } = await ben.say(group, 'who is here?');
    for (const screen of [ann, ...ann.devices.all]) {
      await screen.waitForMessage((row) => row.messageId === messageId, DEADLINE_MS);
    }
    expect(fresh.screen).toHaveLength(1);
    expect(gone.screen.map((row) => row.messageId)).not.toContain(messageId);
    await receives(client, 'the text', ({ key }) => key.id === messageId);
    // The client does not know of the new device, which asks for what it lacks the key of.
    const sent = await client.socket.sendMessage(group.jid, { text: 'we are' });
    await fresh.waitForMessage((row) => row.messageId === sent?.key.id, DEADLINE_MS);
    expect(gone.screen.map(({ text }) => text)).not.toContain('we are');
  });

  test('a phone installed anew asks for what it cannot decrypt, and is understood again', async () => {
    await ben.devices.reinstall();
    const { messageId } = await ann.say(group, 'welcome back');
    await ben.waitForMessage((row) => row.messageId === messageId, DEADLINE_MS);
    const { messageId: answer } = await ben.say(group, 'good to be back');
    await ann.waitForMessage((row) => row.messageId === answer, DEADLINE_MS);
    await receives(client, 'the answer', ({ key }) => key.id === answer);
    const sent = await client.socket.sendMessage(group.jid, { text: 'hello again' });
    await ben.waitForMessage((row) => row.messageId === sent?.key.id, DEADLINE_MS);
  });
});
