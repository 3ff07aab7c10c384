import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { AnyMessageContent, proto, WAMessage, WAMessageKey } from '@whiskeysockets/baileys';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Contact, Group, Sandbox, ScreenMessage } from '../../runtime/sandbox/sandbox.ts';
import { linkedClient, receives } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { JPEG } from '../support/jpeg.ts';
import { endLinkedClient } from '../support/linked-client.ts';
import { trustMediaHost } from '../support/trust.ts';

const DEADLINE_MS = 10_000;
let sandbox: Sandbox;
let account: Account;
let client: WhatsAppClient;
let ann: Contact;
let group: Group;
/** What Ann wrote, and what the client wrote to her. */
let said: WAMessage;
let own: WAMessageKey;

beforeAll(async () => {
  sandbox = await startSandbox({ preKeyStock: 'ample' });
  trustMediaHost(sandbox);
  account = sandbox.account('15550100001');
  ann = sandbox.contact('15550100011', { name: 'Ann' });
  client = await linkedClient(sandbox, account);
  group = sandbox.group({ subject: 'Painters', members: [ann, account] });
  ann.setGroupPicture(group, JPEG);
  const { messageId } = await ann.say(account, 'what do you have?');
  said = await receives(client, 'the question', ({ key }) => key.id === messageId);
  own = (await client.socket.sendMessage(ann.jid, { text: 'at for' }))?.key ?? {};
  await ann.waitForMessage((row) => row.messageId === own.id, DEADLINE_MS);
});

afterAll(() => endLinkedClient({ sandbox, client }));

/** A content, and what of it the contact's phone shows. */
interface Case {
  readonly make: () => AnyMessageContent;
  readonly shows: Partial<Record<keyof ScreenMessage, unknown>>;
  /** What it does to another message. */
  readonly does?: { readonly to: () => string; readonly shows: Partial<ScreenMessage> };
}

const ownId = () => own.id ?? '';
const saidId = () => said.key.id ?? '';
const vcard = 'BEGIN:VCARD\nVERSION:3.0\nFN:Dee\nTEL;waid=15550100013:+15550100013\nEND:VCARD';
const START = new Date('2030-05-01T10:00:00Z');
const PREVIEW = {
  'canonical-url': 'https://example.com/',
  'matched-text': 'https://example.com/',
  title: 'Example',
  description: 'A page',
};

const CASES = {
  'a text': { make: () => ({ text: 'green or blue' }), shows: { kind: 'text', text: 'green or blue' } },
  'a text with a link and its preview': {
    make: () => ({ text: 'see https://example.com/', linkPreview: PREVIEW }),
    shows: {
      kind: 'text',
      content: { extendedTextMessage: { matchedText: 'https://example.com/', title: 'Example' } },
    },
  },
  'a text that names somebody': {
    make: () => ({ text: `@${ann.lid.split('@')[0]} look`, mentions: [ann.lid] }),
    shows: { content: { extendedTextMessage: { contextInfo: { mentionedJid: expect.any(Array) } } } },
  },
  'a text that names all': {
    make: () => ({ text: '@all look', mentionAll: true }),
    shows: { content: { extendedTextMessage: { contextInfo: { nonJidMentions: 1 } } } },
  },
  'a text said to be passed on': {
    make: () => ({ text: 'pass it on', contextInfo: { isForwarded: true, forwardingScore: 1 } }),
    shows: { kind: 'text', forwarded: true },
  },
  'what the contact wrote, passed on': {
    make: () => ({ forward: said, force: true }),
    shows: { kind: 'text', text: 'what do you have?', forwarded: true },
  },
  'a picture with words and a size': {
    make: () => ({ image: JPEG, caption: 'green', jpegThumbnail: '', width: 8, height: 8, mimetype: 'image/jpeg' }),
    shows: { kind: 'image', text: 'green', content: { imageMessage: { width: 8, height: 8 } } },
  },
  'a picture to be seen once': {
    make: () => ({ image: JPEG, jpegThumbnail: '', viewOnce: true }),
    shows: { kind: 'image', viewOnce: true },
  },
  'a picture of an album': {
    make: () => ({ image: JPEG, jpegThumbnail: '', albumParentKey: own }),
    shows: { kind: 'image', content: { messageContextInfo: { messageAssociation: { associationType: 1 } } } },
  },
  'an album': {
    make: () => ({ album: { expectedImageCount: 2, expectedVideoCount: 0 } }),
    shows: { kind: 'album', content: { albumMessage: { expectedImageCount: 2 } } },
  },
  'a moving picture': {
    make: () => ({ video: JPEG, gifPlayback: true, jpegThumbnail: '' }),
    shows: { kind: 'gif' },
  },
  'a video note': { make: () => ({ video: JPEG, ptv: true, jpegThumbnail: '' }), shows: { kind: 'video note' } },
  'a voice message': {
    make: () => ({ audio: JPEG, ptt: true, seconds: 4, mimetype: 'audio/ogg; codecs=opus' }),
    shows: { kind: 'voice', content: { audioMessage: { seconds: 4 } } },
  },
  'a moving sticker': {
    make: () => ({ sticker: JPEG, isAnimated: true }),
    shows: { kind: 'sticker', content: { stickerMessage: { isAnimated: true } } },
  },
  'a document': {
    make: () => ({ document: JPEG, mimetype: 'application/pdf', fileName: 'plan.pdf' }),
    shows: { kind: 'document', content: { documentMessage: { fileName: 'plan.pdf' } } },
  },
  'a card': {
    make: () => ({ contacts: { displayName: 'Dee', contacts: [{ displayName: 'Dee', vcard }] } }),
    shows: { kind: 'contacts', content: { contactMessage: { displayName: 'Dee', vcard } } },
  },
  'two cards': {
    make: () => ({ contacts: { displayName: '2 contacts', contacts: ['Dee', 'Eve'].map(card) } }),
    shows: { kind: 'contacts', content: { contactsArrayMessage: { contacts: [card('Dee'), card('Eve')] } } },
  },
  'a place': {
    make: () => ({ location: { degreesLatitude: 1.5, degreesLongitude: 2.5, name: 'Park' } }),
    shows: { kind: 'location', content: { locationMessage: { degreesLatitude: 1.5, name: 'Park' } } },
  },
  'a poll': {
    make: () => ({ poll: { name: 'Which?', values: ['green', 'blue'], selectableCount: 1 } }),
    shows: {
      kind: 'poll',
      poll: { question: 'Which?', multiple: false, options: ['green', 'blue'].map((name) => ({ name, voters: [] })) },
    },
  },
  'a poll with several choices': {
    make: () => ({ poll: { name: 'Which?', values: ['green', 'blue'] } }),
    shows: { kind: 'poll', poll: expect.objectContaining({ multiple: true }) },
  },
  'an event with a call': {
    make: () => ({ event: { name: 'Painting', startDate: START, call: 'video' } }),
    shows: {
      kind: 'event',
      text: 'Painting',
      content: {
        eventMessage: { joinLink: expect.stringMatching(/^https:\/\/call\.whatsapp\.com\/video\/[\w-]{22}$/) },
      },
    },
  },
  'an invitation to a group': {
    make: () => ({
      groupInvite: { inviteCode: 'code', inviteExpiration: 1, text: 'join us', jid: group.jid, subject: 'Painters' },
    }),
    shows: { kind: 'group invitation', text: 'join us', content: { groupInviteMessage: { groupName: 'Painters' } } },
  },
  'the choice of a button': {
    make: () => ({ buttonReply: { displayText: 'Green', id: 'green', index: 0 }, type: 'plain' }),
    shows: { kind: 'button reply', text: 'Green' },
  },
  "the choice of a template's button": {
    make: () => ({ buttonReply: { displayText: 'Blue', id: 'blue', index: 1 }, type: 'template' }),
    shows: { kind: 'button reply', text: 'Blue' },
  },
  'a choice from a list': {
    make: () => ({ listReply: { title: 'Green', listType: 1, singleSelectReply: { selectedRowId: 'green' } } }),
    shows: { kind: 'list reply', text: 'Green' },
  },
  'a product': {
    make: () => ({
      product: { productId: '7', title: 'Bench', productImage: JPEG },
      businessOwnerJid: account.jid,
      body: 'Sit down',
      footer: 'Corner Shop',
    }),
    shows: {
      kind: 'product',
      text: 'Bench',
      content: { productMessage: { product: { productId: '7' }, body: 'Sit down', footer: 'Corner Shop' } },
    },
  },
  "the account's number": { make: () => ({ sharePhoneNumber: true }), shows: { kind: 'number' } },
  "a request for the contact's number": {
    make: () => ({ requestPhoneNumber: true }),
    shows: { kind: 'number request' },
  },
  'a limit on sharing': { make: () => ({ limitSharing: true }), shows: { kind: 'sharing limit' } },
  'a time after which messages disappear': {
    make: () => ({ disappearingMessagesInChat: 86_400 }),
    shows: { kind: 'disappearing' },
  },
  'a reaction': {
    make: () => ({ react: { text: '👍', key: said.key } }),
    shows: { kind: 'reaction' },
    does: { to: saidId, shows: { reactions: [{ from: '15550100001', emoji: '👍' }] } },
  },
  'a pin': {
    make: () => ({ pin: said.key, type: 1, time: 604_800 }),
    shows: { kind: 'pin', content: { messageContextInfo: { messageAddOnDurationInSecs: 604_800 } } },
    does: { to: saidId, shows: { pinned: true } },
  },
  'an edit': {
    make: () => ({ text: 'at four', edit: own }),
    shows: { kind: 'edit' },
    does: { to: ownId, shows: { text: 'at four', edited: true } },
  },
  'a deletion': {
    make: () => ({ delete: own }),
    shows: { kind: 'deletion' },
    does: { to: ownId, shows: { text: '', deleted: true } },
  },
} satisfies Record<string, Case>;

function card(displayName: string): proto.Message.IContactMessage {
  return { displayName, vcard: vcard.replace('Dee', displayName) };
}

type FieldOf<Content> = Content extends unknown ? keyof Content : never;

/** A case for every field the client's contents may have: one that a new version adds does not compile until it is here. */
const CASE_OF = {
  text: 'a text',
  linkPreview: 'a text with a link and its preview',
  mentions: 'a text that names somebody',
  mentionAll: 'a text that names all',
  contextInfo: 'a text said to be passed on',
  forward: 'what the contact wrote, passed on',
  force: 'what the contact wrote, passed on',
  image: 'a picture with words and a size',
  caption: 'a picture with words and a size',
  jpegThumbnail: 'a picture with words and a size',
  width: 'a picture with words and a size',
  height: 'a picture with words and a size',
  mimetype: 'a picture with words and a size',
  viewOnce: 'a picture to be seen once',
  albumParentKey: 'a picture of an album',
  album: 'an album',
  video: 'a moving picture',
  gifPlayback: 'a moving picture',
  ptv: 'a video note',
  audio: 'a voice message',
  ptt: 'a voice message',
  seconds: 'a voice message',
  sticker: 'a moving sticker',
  isAnimated: 'a moving sticker',
  document: 'a document',
  fileName: 'a document',
  contacts: 'a card',
  location: 'a place',
  poll: 'a poll',
  event: 'an event with a call',
  groupInvite: 'an invitation to a group',
  buttonReply: 'the choice of a button',
  listReply: 'a choice from a list',
  product: 'a product',
  businessOwnerJid: 'a product',
  body: 'a product',
  footer: 'a product',
  sharePhoneNumber: "the account's number",
  requestPhoneNumber: "a request for the contact's number",
  limitSharing: 'a limit on sharing',
  disappearingMessagesInChat: 'a time after which messages disappear',
  react: 'a reaction',
  pin: 'a pin',
  type: 'a pin',
  time: 'a pin',
  edit: 'an edit',
  delete: 'a deletion',
} satisfies Record<FieldOf<AnyMessageContent>, keyof typeof CASES>;

test.each<[string, Case]>(Object.entries(CASES))('the client sends %s', async (_name, { make, shows, does }) => {
  const sent = await client.socket.sendMessage(ann.jid, make());
  const row = await ann.waitForMessage(({ messageId }) => messageId === sent?.key.id, DEADLINE_MS);
  expect(row).toMatchObject(shows);
  if (does) expect(ann.message(does.to())).toMatchObject(does.shows);
});

test('every field a content may have is in what was sent', () => {
  const missing = Object.entries(CASE_OF).filter(([field, name]) => !(field in CASES[name].make()));
  expect(missing).toEqual([]);
});

test('what it answers is quoted', async () => {
  const sent = await client.socket.sendMessage(ann.jid, { text: 'benches' }, { quoted: said });
  const row = await ann.waitForMessage(({ messageId }) => messageId === sent?.key.id, DEADLINE_MS);
  expect(row.quoted).toEqual({ messageId: saidId(), author: ann.lid, text: 'what do you have?' });
});

test('what it cannot make by itself is relayed as it is', async () => {
  const place = { degreesLatitude: 1.5, degreesLongitude: 2.5, sequenceNumber: 1 };
  const id = await client.socket.relayMessage(ann.jid, { liveLocationMessage: place }, {});
  const row = await ann.waitForMessage(({ messageId }) => messageId === id, DEADLINE_MS);
  expect(row).toMatchObject({ kind: 'live location', content: { liveLocationMessage: { degreesLongitude: 2.5 } } });
});
