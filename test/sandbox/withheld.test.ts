import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { proto } from '@whiskeysockets/baileys';
import type { WAMessage } from '@whiskeysockets/baileys';
import { adLead } from '../../runtime/sandbox/contents/contents.ts';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Contact, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { linkedClient, receives, textOf } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { eventually } from '../support/deadline.ts';
import { endLinkedClient } from '../support/linked-client.ts';

const DEADLINE_MS = 10_000;
const AD = { title: 'New bench', body: 'Sit down', sourceUrl: 'https://fb.me/ad', adId: '120', clickId: 'ARAkLk' };
const { CIPHERTEXT } = proto.WebMessageInfo.StubType;
let sandbox: Sandbox;
let account: Account;
let ann: Contact;
let client: WhatsAppClient;
/** What the client saw of what its account wrote elsewhere. */
const copies: string[] = [];

beforeAll(async () => {
  sandbox = await startSandbox({ preKeyStock: 'ample' });
  account = sandbox.account('15550100001');
  ann = sandbox.contact('15550100011', { name: 'Ann' });
  client = await linkedClient(sandbox, account);
  client.events.on('upsert', ({ key }) => key.fromMe && copies.push(key.id ?? ''));
});

afterAll(() => endLinkedClient({ sandbox, client }));

const withId =
  (messageId: string, hasContent: boolean) =>
  ({ key, message }: WAMessage): boolean =>
    key.id === messageId && Boolean(message) === hasContent;

test('a lead that only the phone can read comes without content, and with it once the phone was asked', async () => {
  const { messageId } = await ann.send(account, adLead('I want one', AD), { phoneOnly: true });
  const placeholder = await receives(client, 'word of the message', withId(messageId, false));
  expect(placeholder).toMatchObject({ messageStubType: CIPHERTEXT, key: { remoteJid: ann.lid } });
  const message = await receives(client, 'the message', withId(messageId, true));
  expect(textOf(message)).toBe('I want one');
  expect(message.key).toMatchObject({ remoteJid: ann.lid, remoteJidAlt: ann.jid, fromMe: false });
  expect(message.message?.extendedTextMessage?.contextInfo?.externalAdReply).toMatchObject({ ctwaClid: AD.clickId });
  const { messageId: next } = await ann.say(account, 'are you there?');
  expect(textOf(await receives(client, 'what came next', withId(next, true)))).toBe('are you there?');
});

test('what is to be seen once the phone keeps to itself', async () => {
  const picture = { kind: 'image', bytes: randomBytes(100), mime: 'image/jpeg', viewOnce: true } as const;
  const { messageId } = await ann.sendFile(account, picture, { phoneOnly: true });
  const word = await receives(client, 'word of the picture', withId(messageId, false));
  expect(word.key).toMatchObject({ isViewOnce: true });
  expect(word.messageStubType ?? 0).toBe(0);
  // The client does not ask for it; nor would it get it.
  await client.socket.sendPeerDataOperationMessage({
    placeholderMessageResendRequest: [{ messageKey: { remoteJid: ann.lid, id: messageId, fromMe: false } }],
    peerDataOperationRequestType: proto.Message.PeerDataOperationRequestType.PLACEHOLDER_MESSAGE_RESEND,
  });
  // The phone does one thing after the other: what it sends now it sends after an answer.
  const { messageId: later } = await account.say(ann, 'later');
  await eventually(DEADLINE_MS, 'the copy', () => copies.includes(later), Boolean);
  expect(account.screen).toContainEqual(expect.objectContaining({ messageId, viewOnce: true }));
  expect(client.received.some(withId(messageId, true))).toBe(false);
});

test('while its phone is away a client waits for what only the phone can read', async () => {
  account.phoneOffline();
  const { messageId } = await ann.say(account, 'for the phone', { phoneOnly: true });
  await receives(client, 'word of the message', withId(messageId, false));
  account.phoneBack();
  expect(textOf(await receives(client, 'the message', withId(messageId, true)))).toBe('for the phone');
});

test('in a group nothing is for phones only', async () => {
  const group = sandbox.group({ subject: 'Painters', members: [ann, account] });
  await expect(ann.say(group, 'green', { phoneOnly: true })).rejects.toThrow('in a group everybody gets the content');
});
