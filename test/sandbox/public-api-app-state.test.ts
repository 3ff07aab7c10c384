import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { proto } from '@whiskeysockets/baileys';
import type { BaileysEventMap } from '@whiskeysockets/baileys';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Contact, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { disconnect, linkedClient, memoryAuth } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { eventually } from '../support/deadline.ts';
import { emitted } from '../support/emitted.ts';

const DEADLINE_MS = 10_000;
const ID = '3EB0AD';
/** Makes the clients check every MAC, which they leave out by themselves. */
const STRICT = { appStateMacVerification: { patch: true, snapshot: true } };
const { SET } = proto.SyncdMutation.SyncdOperation;

let sandbox: Sandbox;
let account: Account;
let ann: Contact;
let client: WhatsAppClient;
let other: WhatsAppClient;

beforeAll(async () => {
  sandbox = await startSandbox({ preKeyStock: 'ample' });
  account = sandbox.account('15550100001');
  ann = sandbox.contact('15550100011', { name: 'Ann' });
  client = await linkedClient(sandbox, account, memoryAuth(), STRICT);
  other = await linkedClient(sandbox, account, memoryAuth(), STRICT);
});

afterAll(async () => {
  await disconnect(client);
  await disconnect(other);
  await sandbox.stop();
  expect(sandbox.unhandled).toEqual([]);
  expect(account.sharedState.refused).toEqual([]);
  expect([...client.complaints, ...other.complaints]).toEqual([]);
});

type Socket = WhatsAppClient['socket'];

interface Case {
  readonly call: (socket: Socket, chat: string) => Promise<unknown>;
  /** Where the phone has it, and what it says there; undefined when it was taken back. */
  readonly phone: readonly [index: (chat: string) => string[], says: object | undefined];
  /** What the other client emits; null when it does not show such a thing. */
  readonly event: readonly [keyof BaileysEventMap, object] | null;
}

const lastMessages = (remoteJid: string) => [
  { key: { remoteJid, id: ID, fromMe: false }, messageTimestamp: 1_800_000_000 },
];

const CASES: Record<string, Case> = {
  addOrEditContact: {
    call: (socket) => socket.addOrEditContact(ann.jid, { fullName: 'Ann Baker', lidJid: ann.lid }),
    phone: [() => ['contact', ann.jid], { contactAction: { fullName: 'Ann Baker' } }],
    event: ['contacts.upsert', [{ name: 'Ann Baker' }]],
  },
  removeContact: {
    call: (socket) => socket.removeContact(ann.jid),
    phone: [() => ['contact', ann.jid], undefined],
    event: null,
  },
  addLabel: {
    call: (socket, chat) => socket.addLabel(chat, { id: '9', name: 'Paid', color: 3 }),
    phone: [() => ['label_edit', '9'], { labelEditAction: { name: 'Paid', color: 3 } }],
    event: ['labels.edit', { id: '9', name: 'Paid', color: 3 }],
  },
  addChatLabel: {
    call: (socket, chat) => socket.addChatLabel(chat, '9'),
    phone: [(chat) => ['label_jid', '9', chat], { labelAssociationAction: { labeled: true } }],
    event: ['labels.association', { type: 'add', association: { type: 'label_jid', labelId: '9' } }],
  },
  removeChatLabel: {
    call: (socket, chat) => socket.removeChatLabel(chat, '9'),
    phone: [(chat) => ['label_jid', '9', chat], { labelAssociationAction: { labeled: false } }],
    event: ['labels.association', { type: 'remove', association: { type: 'label_jid', labelId: '9' } }],
  },
  addMessageLabel: {
    call: (socket, chat) => socket.addMessageLabel(chat, ID, '9'),
    phone: [(chat) => ['label_message', '9', chat, ID, '0', '0'], { labelAssociationAction: { labeled: true } }],
    event: ['labels.association', { type: 'add', association: { type: 'label_message', messageId: ID } }],
  },
  removeMessageLabel: {
    call: (socket, chat) => socket.removeMessageLabel(chat, ID, '9'),
    phone: [(chat) => ['label_message', '9', chat, ID, '0', '0'], { labelAssociationAction: { labeled: false } }],
    event: ['labels.association', { type: 'remove', association: { type: 'label_message', messageId: ID } }],
  },
  star: {
    call: (socket, chat) => socket.star(chat, [{ id: ID, fromMe: false }], true),
    phone: [(chat) => ['star', chat, ID, '0', '0'], { starAction: { starred: true } }],
    event: ['messages.update', [{ key: { id: ID, fromMe: false }, update: { starred: true } }]],
  },
  addOrEditQuickReply: {
    call: (socket) => socket.addOrEditQuickReply({ timestamp: '1800000000', shortcut: 'hi', message: 'Hello!' }),
    phone: [() => ['quick_reply', '1800000000'], { quickReplyAction: { shortcut: 'hi', message: 'Hello!' } }],
    event: null,
  },
  removeQuickReply: {
    call: (socket) => socket.removeQuickReply('1800000000'),
    phone: [() => ['quick_reply', '1800000000'], { quickReplyAction: { deleted: true } }],
    event: null,
  },
  updateDisableLinkPreviewsPrivacy: {
    call: (socket) => socket.updateDisableLinkPreviewsPrivacy(true),
    phone: [
      () => ['setting_disableLinkPreviews'],
      { privacySettingDisableLinkPreviewsAction: { isPreviewsDisabled: true } },
    ],
    event: ['settings.update', { setting: 'disableLinkPreviews' }],
  },
  updateProfileName: {
    call: (socket) => socket.updateProfileName('Corner Shop'),
    phone: [() => ['setting_pushName'], { pushNameSetting: { name: 'Corner Shop' } }],
    event: ['creds.update', { me: { name: 'Corner Shop' } }],
  },
  'chatModify, to read a chat': {
    call: (socket, chat) => socket.chatModify({ markRead: true, lastMessages: lastMessages(chat) }, chat),
    phone: [(chat) => ['markChatAsRead', chat], { markChatAsReadAction: { read: true } }],
    event: ['chats.update', [{ unreadCount: 0 }]],
  },
  'chatModify, to mute no longer': {
    call: (socket, chat) => socket.chatModify({ mute: null }, chat),
    phone: [(chat) => ['mute', chat], { muteAction: { muted: false } }],
    event: ['chats.update', [{ muteEndTime: null }]],
  },
  'chatModify, to clear a chat': {
    call: (socket, chat) => socket.chatModify({ clear: true, lastMessages: lastMessages(chat) }, chat),
    phone: [(chat) => ['clearChat', chat, '1', '0'], { clearChatAction: expect.anything() as object }],
    event: null,
  },
  'chatModify, to delete a message for oneself': {
    call: (socket, chat) => {
      const deleteForMe = {
        deleteMedia: true,
        key: { remoteJid: chat, id: ID, fromMe: false },
        timestamp: 1_800_000_000,
      };
      return socket.chatModify({ deleteForMe }, chat);
    },
    phone: [(chat) => ['deleteMessageForMe', chat, ID, '0', '0'], { deleteMessageForMeAction: { deleteMedia: true } }],
    event: ['messages.delete', { keys: [{ id: ID, fromMe: false }] }],
  },
  appPatch: {
    call: (socket, chat) => {
      const syncAction = { pinAction: { pinned: true }, timestamp: Date.now() };
      return socket.appPatch({
        index: ['pin_v1', chat],
        type: 'regular_low',
        apiVersion: 5,
        operation: SET,
        syncAction,
      });
    },
    phone: [(chat) => ['pin_v1', chat], { pinAction: { pinned: true } }],
    event: ['chats.update', [{ pinned: expect.any(Number) }]],
  },
  'chatModify, to delete a chat': {
    call: (socket, chat) => socket.chatModify({ delete: true, lastMessages: lastMessages(chat) }, chat),
    phone: [(chat) => ['deleteChat', chat, '1'], { deleteChatAction: expect.anything() as object }],
    event: ['chats.delete', [expect.stringContaining('@lid')]],
  },
};

test.each(Object.entries(CASES))(
  'the phone learns of %s, and so does the other client if it shows such a thing',
  async (_name, { call, phone, event }) => {
    const act = () => call(client.socket, ann.lid);
    if (event) expect(await emitted(other, event[0], act, matches(event[1]))).toMatchObject(event[1]);
    else await act();
    const [index, says] = phone;
    const found = await eventually(
      DEADLINE_MS,
      'the phone',
      () => account.sharedState.find(...index(ann.lid)),
      matches(says),
    );
    if (says) expect(found).toMatchObject(says);
  },
);

/** Other changes are told by the same events. */
const matches =
  (wanted: object | undefined) =>
  (found: unknown): boolean => {
    if (!wanted || !found) return !wanted && !found;
    try {
      expect(found).toMatchObject(wanted);
      return true;
    } catch {
      return false;
    }
  };

test('a client that asks again for everything has what the phone says', async () => {
  account.settings.editLabel({ id: '10', name: 'Late' });
  await other.socket.resyncAppState(['regular'], false);
  const { version } = (await other.auth.keys.get('app-state-sync-version', ['regular']))['regular'] ?? {};
  expect(version).toBe(account.collections.version('regular'));
});
