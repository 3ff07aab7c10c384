import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decryptPollVote, getAggregateVotesInPollMessage } from '@whiskeysockets/baileys';
import type { WAMessage } from '@whiskeysockets/baileys';
import {
  adLead,
  contactCards,
  forwarded,
  linkPreview,
  liveLocation,
  location,
  mention,
  poll,
  text,
} from '../../runtime/sandbox/contents/contents.ts';
import { encryptVote } from '../../runtime/sandbox/contents/poll-votes.ts';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Contact, Group, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { linkedClient, receives } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { emitted } from '../support/emitted.ts';
import { endLinkedClient } from '../support/linked-client.ts';

const DEADLINE_MS = 10_000;
let sandbox: Sandbox;
let account: Account;
let client: WhatsAppClient;
let ann: Contact;
let group: Group;

beforeAll(async () => {
  sandbox = await startSandbox({ preKeyStock: 'ample' });
  account = sandbox.account('15550100001');
  ann = sandbox.contact('15550100011', { name: 'Ann' });
  client = await linkedClient(sandbox, account);
  group = sandbox.group({ subject: 'Neighbours', members: [ann, account] });
});

afterAll(() => endLinkedClient({ sandbox, client }));

const places = ['alone', 'in a group'] as const;
const chatOf = (place: (typeof places)[number]) => (place === 'alone' ? account : group);
const jidOf = (place: (typeof places)[number]) => (place === 'alone' ? ann.jid : group.jid);

async function arrival({ messageId }: { messageId: string }): Promise<WAMessage> {
  return receives(client, 'the message', ({ key }) => key.id === messageId);
}

async function shown(jid: string, content: Parameters<WhatsAppClient['socket']['sendMessage']>[1]) {
  const sent = await client.socket.sendMessage(jid, content);
  const row = await ann.waitForMessage(({ messageId }) => messageId === sent?.key.id, DEADLINE_MS);
  return { key: sent?.key ?? {}, row };
}

const secretOf = (message: WAMessage['message'] | undefined) =>
  message?.messageContextInfo?.messageSecret ?? new Uint8Array();

describe.each(places)('between a contact and the client, %s', (place) => {
  test('the contact reacts, edits and deletes, and the client learns it', async () => {
    const { row } = await shown(jidOf(place), { text: 'tea?' });
    const [reaction] = await emitted(client, 'messages.reaction', () => ann.react(row.messageId, '☕'));
    expect(reaction).toMatchObject({ key: { id: row.messageId, fromMe: true }, reaction: { text: '☕' } });
    expect(ann.message(row.messageId)?.reactions).toEqual([{ from: ann.phone, emoji: '☕' }]);
    const said = await ann.say(chatOf(place), 'at for', { quoted: row.messageId });
    expect((await arrival(said)).message?.extendedTextMessage?.contextInfo).toMatchObject({ stanzaId: row.messageId });
    const [edit] = await emitted(client, 'messages.update', () => ann.edit(said.messageId, 'at four'));
    expect(edit).toMatchObject({
      key: { id: said.messageId },
      update: { message: { editedMessage: { message: { conversation: 'at four' } } } },
    });
    const [deletion] = await emitted(client, 'messages.update', () => ann.deleteForEveryone(said.messageId));
    expect(deletion).toMatchObject({ key: { id: said.messageId }, update: { message: null } });
    await expect(ann.edit(row.messageId, 'coffee?')).rejects.toThrow("somebody else's");
    await expect(ann.react('3EB0', '☕')).rejects.toThrow('not on the screen');
  });

  test('the client reacts, edits and deletes, and the contact sees it', async () => {
    const said = await ann.say(chatOf(place), 'guess what');
    const { key: saidKey } = await arrival(said);
    await shown(jidOf(place), { react: { text: '👍', key: saidKey } });
    expect(ann.message(said.messageId)?.reactions).toEqual([{ from: account.phone, emoji: '👍' }]);
    await shown(jidOf(place), { react: { text: '', key: saidKey } });
    expect(ann.message(said.messageId)?.reactions).toEqual([]);
    const { key, row } = await shown(jidOf(place), { text: 'at for' });
    await client.socket.sendMessage(jidOf(place), { text: 'at four', edit: key });
    const edited = await ann.waitForMessage(
      ({ messageId, edited: is }) => messageId === row.messageId && is,
      DEADLINE_MS,
    );
    expect(edited).toMatchObject({ kind: 'text', text: 'at four', deleted: false });
    await client.socket.sendMessage(jidOf(place), { delete: key });
    const deleted = await ann.waitForMessage(
      ({ messageId, deleted: is }) => messageId === row.messageId && is,
      DEADLINE_MS,
    );
    expect(deleted.text).toBe('');
  });

  test("a contact votes in the client's poll, which the client decrypts and counts", async () => {
    const values = ['today', 'tomorrow'];
    const sent = await client.socket.sendMessage(jidOf(place), { poll: { name: 'When?', values, selectableCount: 1 } });
    const pollMsgId = sent?.key.id ?? '';
    await ann.waitForMessage(({ messageId }) => messageId === pollMsgId, DEADLINE_MS);
    const { message, key } = await arrival(await ann.vote(pollMsgId, ['tomorrow']));
    const pollEncKey = secretOf(sent?.message);
    const keys = { pollCreatorJid: account.lid, pollMsgId, pollEncKey, voterJid: ann.lid };
    const vote = decryptPollVote(message?.pollUpdateMessage?.vote ?? {}, keys);
    const pollUpdates = [{ pollUpdateMessageKey: key, vote, senderTimestampMs: 0 }];
    const tally = getAggregateVotesInPollMessage({ message: sent?.message, pollUpdates });
    expect(tally).toEqual([
      { name: 'today', voters: [] },
      { name: 'tomorrow', voters: [ann.jid] },
    ]);
    expect(ann.message(pollMsgId)?.poll?.options[1]).toEqual({ name: 'tomorrow', voters: [ann.phone] });
    await expect(ann.vote(pollMsgId, ['never'])).rejects.toThrow('the poll has no option never');
    await expect(ann.vote(pollMsgId, values)).rejects.toThrow('only one option');
  });

  test('the contact sees what the client votes in its poll, and what it votes instead', async () => {
    const asked = await ann.send(chatOf(place), poll('Paint it?', ['green', 'blue']));
    const { message, key } = await arrival(asked);
    const secret = secretOf(message);
    const context = { secret, pollId: asked.messageId, creator: ann.lid, voter: account.lid };
    for (const choice of ['green', 'blue']) {
      const pollUpdateMessage = {
        pollCreationMessageKey: key,
        vote: encryptVote(context, [choice]),
        senderTimestampMs: 1,
      };
      const id = await client.socket.relayMessage(jidOf(place), { pollUpdateMessage }, {});
      await ann.waitForMessage(({ messageId }) => messageId === id, DEADLINE_MS);
      const voters = (name: string) => (name === choice ? [account.phone] : []);
      expect(ann.message(asked.messageId)?.poll).toEqual({
        question: 'Paint it?',
        multiple: false,
        options: ['green', 'blue'].map((name) => ({ name, voters: voters(name) })),
      });
    }
  });
});

const AD = { title: 'New bench', body: 'Sit down', sourceUrl: 'https://fb.me/ad', adId: '120', clickId: 'ARAkLk' };

test.each<[string, () => Parameters<Contact['send']>[1], object]>([
  ['a place', () => location(1.5, 2.5, { name: 'Park' }), { locationMessage: { degreesLatitude: 1.5, name: 'Park' } }],
  ['where somebody is now', () => liveLocation(1.5, 2.5), { liveLocationMessage: { degreesLongitude: 2.5 } }],
  ['a card', () => contactCards({ name: 'Dee', phone: '15550100013' }), { contactMessage: { displayName: 'Dee' } }],
  [
    'two cards',
    () => contactCards({ name: 'Dee', phone: '15550100013' }, { name: 'Eve', phone: '15550100014' }),
    { contactsArrayMessage: { contacts: [{ displayName: 'Dee' }, { displayName: 'Eve' }] } },
  ],
  [
    'a mention',
    () => mention(`@${account.lid.split('@')[0]} look`, [account.lid]),
    { extendedTextMessage: { contextInfo: { mentionedJid: [] } } },
  ],
  [
    'a link with a preview',
    () => linkPreview('see https://example.com/', { url: 'https://example.com/', title: 'Example' }),
    { extendedTextMessage: { matchedText: 'https://example.com/', title: 'Example' } },
  ],
  [
    'a forwarded text',
    () => forwarded(text('pass it on')),
    { extendedTextMessage: { text: 'pass it on', contextInfo: { isForwarded: true, forwardingScore: 1 } } },
  ],
  [
    'a lead from an ad',
    () => adLead('I want one', AD),
    { extendedTextMessage: { contextInfo: { externalAdReply: { ctwaClid: AD.clickId, sourceType: 'ad' } } } },
  ],
])('what a contact makes of it arrives: %s', async (what, make, content) => {
  const { message } = await arrival(await ann.send(account, make()));
  if (what === 'a mention') expect(message?.extendedTextMessage?.contextInfo?.mentionedJid).toEqual([account.lid]);
  else expect(message).toMatchObject(content);
});

test('messages disappear when either side says so, and later ones carry for how long', async () => {
  const [update] = await emitted(
    client,
    'chats.update',
    () => ann.setDisappearing(account, 86_400),
    ([chat]) => chat?.ephemeralExpiration !== undefined,
  );
  expect(update).toMatchObject({ ephemeralExpiration: 86_400 });
  const { message } = await arrival(await ann.say(account, 'gone tomorrow'));
  expect(message?.extendedTextMessage?.contextInfo?.expiration).toBe(86_400);
  const { row } = await shown(ann.jid, { disappearingMessagesInChat: false });
  expect(row.kind).toBe('disappearing');
  expect((await arrival(await ann.say(account, 'here to stay'))).message?.conversation).toBe('here to stay');
  await expect(ann.setDisappearing(account, 5)).rejects.toThrow('messages can disappear after');
});
