import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { proto } from '@whiskeysockets/baileys';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Contact, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { connectClient, disconnect, linkedClient, memoryAuth, next } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { eventually } from '../support/deadline.ts';
import { emitted } from '../support/emitted.ts';

const DEADLINE_MS = 10_000;
/** Makes the client check every MAC of the phone's, which it leaves out by itself. */
const STRICT = { appStateMacVerification: { patch: true, snapshot: true } };

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
  expect(account.sharedState.refused).toEqual([]);
});

const link = () => linkedClient(sandbox, account, memoryAuth(), STRICT);

async function endsWithoutComplaint(client: WhatsAppClient) {
  expect(client.complaints).toEqual([]);
  await disconnect(client);
}

describe('what the owner changes on the phone', () => {
  let client: WhatsAppClient;
  beforeAll(async () => {
    client = await link();
  });
  afterAll(() => endsWithoutComplaint(client));

  const chatUpdate = (action: () => void) =>
    emitted(client, 'chats.update', action, ([chat]) => chat?.id === contact.lid);

  test.each([
    ['archived', () => account.settings.archive(contact), { archived: true }],
    ['taken out of the archive', () => account.settings.archive(contact, false), { archived: false }],
    ['pinned', () => account.settings.pin(contact), { pinned: expect.any(Number) }],
    ['unpinned', () => account.settings.pin(contact, false), { pinned: null }],
    ['muted', () => account.settings.mute(contact, new Date(2_000_000_000_000)), { muteEndTime: 2_000_000_000_000 }],
    ['muted for ever', () => account.settings.mute(contact, 'forever'), { muteEndTime: -1 }],
    ['heard again', () => account.settings.mute(contact, null), { muteEndTime: null }],
    ['marked unread', () => account.settings.markUnread(contact), { unreadCount: -1 }],
    ['marked read', () => account.settings.markUnread(contact, false), { unreadCount: 0 }],
  ] as const)('a chat that is %s is so at the client', async (_what, action, expected) => {
    expect(await chatUpdate(action)).toEqual([expect.objectContaining({ id: contact.lid, ...expected })]);
  });

  test('a chat can be named by phone number, and a group by itself', async () => {
    const group = sandbox.group({ subject: 'Plans', members: [account, contact] });
    const byNumber = () => account.settings.byNumber.pin(contact);
    expect(await emitted(client, 'chats.update', byNumber)).toMatchObject([{ id: contact.jid }]);
    const ofGroup = () => account.settings.archive(group);
    const update = await emitted(client, 'chats.update', ofGroup, ([chat]) => chat?.archived === true);
    expect(update).toMatchObject([{ id: group.jid }]);
    expect(account.settings.chat(group)).toMatchObject({ archived: true, pinned: false });
  });

  test('a message is starred, and deleted from the account alone', async () => {
    const message = { chat: contact, messageId: '3EB0AA', fromMe: true };
    const key = { remoteJid: contact.lid, id: '3EB0AA', fromMe: true };
    const starred = await emitted(client, 'messages.update', () => account.settings.star(message));
    expect(starred).toEqual([{ key, update: { starred: true } }]);
    expect(account.settings.isStarred(message)).toBe(true);
    const deleted = await emitted(client, 'messages.delete', () => account.settings.deleteForMe(message));
    expect(deleted).toEqual({ keys: [key] });
  });

  test('a deleted chat goes from the client', async () => {
    expect(await emitted(client, 'chats.delete', () => account.settings.deleteChat(contact))).toEqual([contact.lid]);
  });

  test('labels are made, put on chats and messages, and taken off', async () => {
    const label = { id: '7', name: 'New order', color: 3 };
    expect(await emitted(client, 'labels.edit', () => account.settings.editLabel(label))).toMatchObject(label);
    const on = await emitted(client, 'labels.association', () => account.settings.labelChat(contact, '7'));
    expect(on).toEqual({ type: 'add', association: { type: 'label_jid', chatId: contact.lid, labelId: '7' } });
    expect(account.settings.chat(contact).labels).toEqual(['7']);
    const message = { chat: contact, messageId: '3EB0AB' };
    const onMessage = () => account.settings.labelMessage(message, '7');
    expect(await emitted(client, 'labels.association', onMessage)).toMatchObject({
      association: { type: 'label_message', messageId: '3EB0AB' },
    });
    const off = await emitted(client, 'labels.association', () => account.settings.labelChat(contact, '7', false));
    expect(off.type).toBe('remove');
    expect(account.settings.chat(contact).labels).toEqual([]);
  });

  test('a contact gets a name, with the hidden id that belongs to the number', async () => {
    const named = await emitted(client, 'contacts.upsert', () => account.settings.nameContact(contact, 'Ann Baker'));
    expect(named).toEqual([
      expect.objectContaining({ id: contact.jid, name: 'Ann Baker', lid: contact.lid, phoneNumber: contact.jid }),
    ]);
    account.settings.nameContact(contact, null);
    expect(account.settings.nameOf(contact)).toBeUndefined();
    expect(() => account.settings.nameContact(contact, null)).toThrow('nothing is known');
  });

  test('the account gets another name, at the client and for others', async () => {
    const renamed = await emitted(
      client,
      'creds.update',
      () => account.settings.rename('Corner Shop'),
      ({ me }) => me?.name === 'Corner Shop',
    );
    expect(renamed.me).toMatchObject({ name: 'Corner Shop' });
    expect(account.person.name).toBe('Corner Shop');
    expect(() => account.settings.rename(' ')).toThrow('at least one character');
  });
});

describe('what a client changes', () => {
  let client: WhatsAppClient;
  let other: WhatsAppClient;
  let friend: Contact;
  beforeAll(async () => {
    // Of a chat that came with app state, but in no history, Baileys 7.0.0-rc14 keeps every later change to itself.
    friend = sandbox.contact('15550100012');
    [client, other] = [await link(), await link()];
  });
  afterAll(async () => {
    await endsWithoutComplaint(client);
    await endsWithoutComplaint(other);
  });

  const lastMessagesOf = (remoteJid: string) => [
    { key: { remoteJid, id: '3EB0AC', fromMe: false }, messageTimestamp: 1_800_000_000 },
  ];

  test('is decrypted by the phone and reaches the other client', async () => {
    const { lid } = friend;
    const lastMessages = lastMessagesOf(lid);
    const archive = () => client.socket.chatModify({ archive: true, lastMessages }, lid);
    const seen = await emitted(other, 'chats.update', archive, ([chat]) => chat?.archived === true);
    expect(seen).toMatchObject([{ id: lid }]);
    expect(account.settings.chat(friend)).toMatchObject({ archived: true });

    await client.socket.chatModify({ mute: 2_000_000_000_000 }, lid);
    await client.socket.chatModify({ pin: true }, lid);
    await client.socket.chatModify({ markRead: false, lastMessages }, lid);
    await client.socket.chatModify({ star: { messages: [{ id: '3EB0AC', fromMe: false }], star: true } }, lid);
    await client.socket.updateProfileName('Renamed by the client');
    expect(account.settings.chat(friend)).toMatchObject({
      pinned: true,
      mutedUntil: new Date(2_000_000_000_000),
      markedUnread: true,
    });
    expect(account.settings.isStarred({ chat: friend, messageId: '3EB0AC' })).toBe(true);
    expect(account.settings.pushName).toBe('Renamed by the client');
  });

  test('comes after what the phone changed just before, without conflict', async () => {
    const lastMessages = lastMessagesOf(friend.lid);
    account.settings.pin(friend, false);
    await client.socket.chatModify({ archive: false, lastMessages }, friend.lid);
    account.settings.archive(friend);
    await client.socket.chatModify({ archive: false, lastMessages }, friend.lid);
    expect(account.settings.chat(friend)).toMatchObject({ archived: false, pinned: false });
  });

  const patchOf = (version: number, patch: Uint8Array) => ({
    tag: 'iq',
    attrs: { to: '@s.whatsapp.net', type: 'set', xmlns: 'w:sync:app:state' },
    content: [
      {
        tag: 'sync',
        attrs: {},
        content: [
          {
            tag: 'collection',
            attrs: { name: 'regular', version: String(version), return_snapshot: 'false' },
            content: [{ tag: 'patch', attrs: {}, content: patch }],
          },
        ],
      },
    ],
  });

  test('on top of a version that is not the newest is answered with a conflict and with what is missing', async () => {
    account.settings.editLabel({ id: '8', name: 'Late' });
    const before = account.collections.version('regular');
    const answer = await client.socket.query(patchOf(before - 1, Buffer.alloc(0)));
    expect(answer).toMatchObject({
      content: [
        {
          tag: 'sync',
          content: [
            {
              attrs: { name: 'regular', type: 'error', version: String(before) },
              content: [
                { tag: 'error', attrs: { code: '409' } },
                { tag: 'patches', content: [{ tag: 'patch' }] },
              ],
            },
          ],
        },
      ],
    });
    expect(account.collections.version('regular')).toBe(before);
  });
});

describe('a client that is linked later', () => {
  test('learns everything that was said before, in as many answers as it takes', async () => {
    const newcomer = sandbox.account('15550100002');
    for (let id = 1; id <= 60; id++) newcomer.settings.editLabel({ id: String(id), name: `Label ${id}` });
    newcomer.settings.editLabel({ id: '1', name: 'Changed' });
    newcomer.settings.nameContact(contact, 'Ann Baker');
    const auth = memoryAuth();
    const pairing = connectClient(sandbox, auth);
    const closed = next(pairing, 'close');
    const [qr] = await next(pairing, 'qr');
    await newcomer.scan(qr);
    await closed;

    const client = connectClient(sandbox, auth, STRICT);
    const labels = new Map<string, string>();
    client.socket.ev.on('labels.edit', ({ id, name }) => void labels.set(id, name));
    await emitted(
      client,
      'contacts.upsert',
      () => undefined,
      ([named]) => named?.name === 'Ann Baker',
    );
    await eventually(
      DEADLINE_MS,
      'the labels',
      () => labels.size,
      (size) => size === 60,
    );
    expect(labels.get('1')).toBe('Changed');
    await endsWithoutComplaint(client);
  });
});

describe('a patch that was changed on its way', () => {
  test('is not taken in by the phone, which says why, nor by the client', async () => {
    const victim = sandbox.account('15550100003');
    const client = await linkedClient(sandbox, victim, memoryAuth(), STRICT);
    const { collections, sharedState, settings } = victim;
    await emitted(client, 'labels.edit', () => settings.editLabel({ id: '1', name: 'Mine' }));
    collections.push('regular', 1, damaged(collections.since('regular', 0)[0]?.patch), 0);
    sharedState.catchUp();
    expect(sharedState.refused).toEqual([expect.stringContaining('regular version 2: the MAC')]);
    expect(sharedState.find('label_edit', '1')?.labelEditAction).toMatchObject({ name: 'Mine' });
    const [complaint] = await eventually(
      DEADLINE_MS,
      'the complaint of the client',
      () => client.complaints,
      ({ length }) => length > 0,
    );
    expect(complaint).toContain('failed to decode patch');
    await disconnect(client);
  });
});

/** A patch with one bit of its first value turned over. */
function damaged(patch: Uint8Array | undefined): Uint8Array {
  const decoded = proto.SyncdPatch.decode(patch ?? Buffer.alloc(0));
  const blob = decoded.mutations[0]?.record?.value?.blob;
  if (!blob) throw new Error('there is nothing in this patch');
  blob[20] = (blob[20] ?? 0) ^ 1;
  return proto.SyncdPatch.encode(decoded).finish();
}
