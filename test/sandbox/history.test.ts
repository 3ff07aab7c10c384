import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { proto } from '@whiskeysockets/baileys';
import type { BaileysEventMap } from '@whiskeysockets/baileys';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Contact, Group, PastMessage, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { connectClient, disconnect, memoryAuth, next } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { eventually } from '../support/deadline.ts';
import { emitted } from '../support/emitted.ts';

const DEADLINE_MS = 10_000;
const { HistorySyncType } = proto.HistorySync;
const START = Date.UTC(2026, 10, 20, 9);
const minute = (count: number) => new Date(START + count * 60_000);

type HistorySet = BaileysEventMap['messaging-history.set'];

let sandbox: Sandbox;
let account: Account;
let ann: Contact;
let bob: Contact;
let group: Group;
let client: WhatsAppClient;
const histories: HistorySet[] = [];

/** A new client of the account that is linked, with what it is told of the past collected from the first moment. */
async function linkAndListen(): Promise<WhatsAppClient> {
  const auth = memoryAuth();
  const pairing = connectClient(sandbox, auth);
  const closed = next(pairing, 'close');
  const [qr] = await next(pairing, 'qr');
  await account.scan(qr);
  await closed;
  const linked = connectClient(sandbox, auth);
  linked.socket.ev.on('messaging-history.set', (history) => void histories.push(history));
  return linked;
}

const texts = (history: HistorySet[]) =>
  history.flatMap(({ messages }) => messages.map((each) => each.message?.conversation));
const idsOf = ({ messages }: HistorySet) => messages.map(({ key }) => key.id);

beforeAll(async () => {
  sandbox = await startSandbox({ preKeyStock: 'ample' });
  account = sandbox.account('15550100001');
  ann = sandbox.contact('15550100011', { name: 'Ann' });
  bob = sandbox.contact('15550100012', { name: 'Bob' });
  const cara = sandbox.contact('15550100013', { name: 'Cara' });
  group = sandbox.group({ subject: 'Plans', members: [account, ann, bob] });
  account.settings.nameContact(ann, 'Ann Baker');
  account.settings.archive(bob);
  account.history([
    {
      chat: ann,
      unread: 2,
      messages: Array.from({ length: 120 }, (_, place) => ({
        text: `message ${place}`,
        id: `PAST${place}`,
        at: minute(place),
        ...(place % 2 === 0 && { from: ann }),
      })),
    },
    { chat: bob, name: 'Bob from the shop', messages: [{ text: 'long ago', from: bob, at: minute(-5000), id: 'OLD' }] },
    {
      chat: group,
      pastMembers: [cara],
      messages: [
        { text: 'shall we?', from: bob, at: minute(10), id: 'G1' },
        { text: 'we shall', at: minute(11), id: 'G2' },
      ],
    },
  ]);
  client = await linkAndListen();
  await eventually(
    DEADLINE_MS,
    'the whole past',
    () => texts(histories).length,
    (length) => length >= 103,
  );
});

afterAll(async () => {
  expect(client.complaints).toEqual([]);
  await disconnect(client);
  await sandbox.stop();
  expect(sandbox.unhandled).toEqual([]);
});

test('a new client learns the chats as the phone shows them', () => {
  const chats = histories.flatMap((history) => history.chats);
  expect(chats).toContainEqual(
    expect.objectContaining({ id: ann.lid, pnJid: ann.jid, name: 'Ann Baker', unreadCount: 2, archived: false }),
  );
  expect(chats).toContainEqual(expect.objectContaining({ id: bob.lid, name: 'Bob from the shop', archived: true }));
  expect(chats).toContainEqual(expect.objectContaining({ id: group.jid, name: 'Plans' }));
});

test('it gets the newest hundred messages of each chat, once each', () => {
  const seen = texts(histories);
  expect(seen).toHaveLength(103);
  expect(new Set(seen).size).toBe(103);
  expect(seen).toContain('message 20');
  expect(seen).not.toContain('message 19');
  const messages = histories.flatMap((history) => history.messages);
  const newest = messages.find(({ key }) => key.id === 'PAST119');
  expect(newest).toMatchObject({ key: { remoteJid: ann.lid, fromMe: true } });
  expect(Number(newest?.messageTimestamp)).toBe(minute(119).getTime() / 1000);
  expect(messages.find(({ key }) => key.id === 'PAST118')).toMatchObject({ key: { fromMe: false }, pushName: 'Ann' });
  expect(messages.find(({ key }) => key.id === 'G1')).toMatchObject({
    key: { remoteJid: group.jid, fromMe: false, participant: bob.lid },
  });
});

test('it learns names, numbers behind hidden ids, and who has left the group', async () => {
  const contacts = histories.flatMap((history) => history.contacts);
  expect(contacts).toContainEqual(expect.objectContaining({ id: ann.lid, notify: 'Ann' }));
  expect(await client.socket.signalRepository.lidMapping.getPNForLID(ann.lid)).toContain(ann.phone);
  expect(histories.flatMap(({ pastParticipants }) => pastParticipants ?? [])).toMatchObject([
    { groupJid: group.jid, pastParticipants: [{ userJid: expect.stringContaining('@lid') }] },
  ]);
});

test('what is older is sent when the client asks for it', async () => {
  const key = { remoteJid: ann.lid, id: 'PAST20', fromMe: false };
  const { messages, syncType, ...more } = await emitted(
    client,
    'messaging-history.set',
    () => client.socket.fetchMessageHistory(15, key, minute(20).getTime()),
    (history) => history.syncType === HistorySyncType.ON_DEMAND,
  );
  expect(idsOf({ messages, syncType, ...more })).toEqual(Array.from({ length: 15 }, (_, place) => `PAST${19 - place}`));
});

test('a client linked later also learns what was said in the meantime', async () => {
  const { messageId } = await ann.say(account, 'news');
  const sent = await account.say(bob, 'from the phone');
  histories.length = 0;
  const tablet = await linkAndListen();
  await eventually(
    DEADLINE_MS,
    'the news',
    () => texts(histories),
    (seen) => seen.includes('news'),
  );
  const ids = histories.flatMap(idsOf);
  expect(ids).toContain(messageId);
  expect(ids).toContain(sent.messageId);
  expect(tablet.complaints).toEqual([]);
  await disconnect(tablet);
});

test('a past that makes no sense is refused whole', () => {
  const at = minute(0);
  const refuse = (message: PastMessage, chat = bob) =>
    expect(() => account.history([{ chat, messages: [{ text: 'fine', at }, message] }]));
  refuse({ at }).toThrow('either text or content');
  refuse({ text: 'no time', at: new Date('never') }).toThrow('has a time');
  refuse({ text: 'not mine', from: ann, at }).toThrow(`${ann.phone} does not write in the chat with ${bob.phone}`);
  expect(account.ownPhone.chats.chatWith(bob.person)?.messages.map(({ id }) => id)).not.toContain('fine');
});
