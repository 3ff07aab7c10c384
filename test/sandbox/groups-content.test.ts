import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { proto } from '@whiskeysockets/baileys';
import type { AnyMessageContent, WAMessageKey } from '@whiskeysockets/baileys';
import type { Account, Contact, Group, Sandbox, ScreenMessage } from '../../runtime/sandbox/sandbox.ts';
import { receives } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { emitted } from '../support/emitted.ts';
import { endLinkedClient, startLinkedClient } from '../support/linked-client.ts';

const DEADLINE_MS = 10_000;
let sandbox: Sandbox;
let account: Account;
let client: WhatsAppClient;
let ann: Contact;
let ben: Contact;

beforeAll(async () => {
  ({ sandbox, account, client } = await startLinkedClient());
  ann = sandbox.contact('15550100011', { name: 'Ann' });
  ben = sandbox.contact('15550100012', { name: 'Ben' });
});

afterAll(() => endLinkedClient({ sandbox, client }));

describe.each(['lid', 'pn'] as const)('what the client sends to a group with %s addressing', (addressing) => {
  let group: Group;
  beforeAll(() => {
    group = sandbox.group({ subject: 'Neighbours', members: [ann, ben, account], addressing });
  });
  const named = ({ jid, lid }: Account | Contact) => (addressing === 'lid' ? lid : jid);

  /** Sends to the group; gives back what each contact's phone shows of it. */
  async function send(content: AnyMessageContent): Promise<{ key: WAMessageKey; rows: ScreenMessage[] }> {
    const sent = await client.socket.sendMessage(group.jid, content);
    const shown = [ann, ben].map((contact) =>
      contact.waitForMessage(({ messageId }) => messageId === sent?.key.id, DEADLINE_MS),
    );
    return { key: sent?.key ?? {}, rows: await Promise.all(shown) };
  }

  test.each<[string, AnyMessageContent, object]>([
    [
      'a place',
      { location: { degreesLatitude: 1.5, degreesLongitude: 2.5 } },
      { locationMessage: { degreesLatitude: 1.5 } },
    ],
    [
      'a contact card',
      { contacts: { displayName: 'Dee', contacts: [{ vcard: 'BEGIN:VCARD\nEND:VCARD' }] } },
      { contactMessage: { vcard: 'BEGIN:VCARD\nEND:VCARD' } },
    ],
    [
      'a poll',
      { poll: { name: 'When?', values: ['today', 'tomorrow'], selectableCount: 1 } },
      { pollCreationMessageV3: { name: 'When?', options: [{ optionName: 'today' }, { optionName: 'tomorrow' }] } },
    ],
  ])('%s', async (_kind, content, shown) => {
    for (const row of (await send(content)).rows) expect(row).toMatchObject({ group: group.jid, content: shown });
  });

  test('a mention, an edit and a deletion', async () => {
    const { key, rows } = await send({ text: `@${ann.phone} look`, mentions: [named(ann)] });
    expect(rows[0]?.content.extendedTextMessage?.contextInfo?.mentionedJid).toEqual([named(ann)]);
    const [edited] = (await send({ text: 'look here', edit: key })).rows;
    expect(edited?.content.protocolMessage ?? edited?.content.editedMessage?.message?.protocolMessage).toMatchObject({
      key: { id: key.id },
      editedMessage: { extendedTextMessage: { text: 'look here' } },
    });
    const [deleted] = (await send({ delete: key })).rows;
    expect(deleted?.content.protocolMessage?.key).toMatchObject({ id: key.id, remoteJid: group.jid });
  });

  test('a reaction to what a contact said, and a quote of it', async () => {
    const { messageId } = await ann.say(group, 'guess what');
    const message = await receives(client, 'the text', ({ key }) => key.id === messageId);
    const [reacted] = (await send({ react: { text: '👍', key: message.key } })).rows;
    expect(reacted?.content.reactionMessage).toMatchObject({
      text: '👍',
      key: { id: messageId, remoteJid: group.jid, participant: named(ann), fromMe: false },
    });
    const sent = await client.socket.sendMessage(group.jid, { text: 'what?' }, { quoted: message });
    const row = await ann.waitForMessage((each) => each.messageId === sent?.key.id, DEADLINE_MS);
    expect(row.content.extendedTextMessage?.contextInfo).toMatchObject({
      stanzaId: messageId,
      participant: named(ann),
      quotedMessage: { conversation: 'guess what' },
    });
  });
});

describe.each(['lid', 'pn'] as const)('what a contact sends to a group with %s addressing', (addressing) => {
  let group: Group;
  beforeAll(() => {
    group = sandbox.group({ subject: 'Neighbours', members: [ann, ben, account], addressing });
  });
  const named = ({ jid, lid }: Account | Contact) => (addressing === 'lid' ? lid : jid);

  test('a picture, a poll and a place arrive as they are', async () => {
    const contents: proto.IMessage[] = [
      { imageMessage: { caption: 'the new bench', mimetype: 'image/jpeg' } },
      { pollCreationMessageV3: { name: 'Paint it?', options: [{ optionName: 'green' }], selectableOptionsCount: 1 } },
      { locationMessage: { degreesLatitude: 1.5, degreesLongitude: 2.5 } },
    ];
    for (const content of contents) {
      const { messageId } = await ann.send(group, content);
      const message = await receives(client, 'the message', ({ key }) => key.id === messageId);
      expect(message.key).toMatchObject({ remoteJid: group.jid, participant: named(ann) });
      expect(message.message).toMatchObject(content);
      await ben.waitForMessage((row) => row.messageId === messageId, DEADLINE_MS);
    }
  });

  test('a reaction to what the client said, an edit and a deletion change what the client has', async () => {
    const sent = await client.socket.sendMessage(group.jid, { text: 'tea?' });
    const id = sent?.key.id ?? '';
    await ann.waitForMessage(({ messageId }) => messageId === id, DEADLINE_MS);
    const reactionKey = { remoteJid: group.jid, fromMe: false, id, participant: named(account) };
    const [reaction] = await emitted(client, 'messages.reaction', () =>
      ann.send(group, { reactionMessage: { key: reactionKey, text: '☕' } }),
    );
    expect(reaction).toMatchObject({ key: { id }, reaction: { text: '☕', key: { participant: named(ann) } } });

    const { messageId } = await ann.say(group, 'at for');
    const key = { remoteJid: group.jid, fromMe: true, id: messageId };
    const { MESSAGE_EDIT, REVOKE } = proto.Message.ProtocolMessage.Type;
    const editedMessage = { conversation: 'at four' };
    const [edit] = await emitted(client, 'messages.update', () =>
      ann.send(group, { protocolMessage: { type: MESSAGE_EDIT, key, editedMessage } }),
    );
    expect(edit).toMatchObject({
      key: { id: messageId },
      update: { message: { editedMessage: { message: editedMessage } } },
    });
    const [deletion] = await emitted(client, 'messages.update', () =>
      ann.send(group, { protocolMessage: { type: REVOKE, key } }),
    );
    expect(deletion).toMatchObject({ key: { id: messageId, remoteJid: group.jid }, update: { message: null } });
  });
});
