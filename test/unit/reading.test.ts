import { describe, expect, test } from '@jest/globals';
import { proto, type WAMessage } from '@whiskeysockets/baileys';
import { parseRecipient, parseSessionId } from '../../runtime/src/ids.ts';
import { normalise, type Heard } from '../../runtime/src/inbox/normalise.ts';
import { readContent, type Reading } from '../../runtime/src/inbox/reading.ts';

const NOTHING: Reading = {
  ...{ kind: 'unsupported', text: '', media: null, location: null, contacts: [], poll: null },
  ...{ quoted: null, quotedMessageId: null, mentions: [], forwarded: false, viewOnce: false },
  ...{ disappearsAfter: null, lead: null },
};
const SOMEBODY = parseRecipient('15550100001');
const SHA = Buffer.alloc(32, 7);
const FILE = { mimetype: 'image/jpeg', fileLength: 1_234, fileSha256: SHA };
const media = (more: object = {}) => ({
  ...{ mimetype: 'image/jpeg', bytes: 1_234, sha256: SHA.toString('hex'), fileName: null, seconds: null },
  ...{ width: null, height: null, gif: false, url: null },
  ...more,
});

/** As it comes out of decryption: encoded and decoded once. */
const wire = (message: proto.IMessage) => proto.Message.decode(proto.Message.encode(message).finish());

describe('what a message says', () => {
  test.each<[string, proto.IMessage, Partial<Reading>]>([
    ['a text as phones write it', { conversation: 'hi' }, { kind: 'text', text: 'hi' }],
    ['a text as computers write it', { extendedTextMessage: { text: 'hi' } }, { kind: 'text', text: 'hi' }],
    [
      'an image with words',
      { imageMessage: { ...FILE, caption: 'look', width: 4, height: 3 } },
      { kind: 'image', text: 'look', media: media({ width: 4, height: 3 }) },
    ],
    [
      'a film that loops',
      { videoMessage: { ...FILE, mimetype: 'video/mp4', gifPlayback: true, seconds: 2 } },
      { kind: 'video', media: media({ mimetype: 'video/mp4', gif: true, seconds: 2 }) },
    ],
    ['a video note', { ptvMessage: { ...FILE, seconds: 9 } }, { kind: 'video', media: media({ seconds: 9 }) }],
    ['music', { audioMessage: { ...FILE, seconds: 60 } }, { kind: 'audio', media: media({ seconds: 60 }) }],
    ['a voice note', { audioMessage: { ...FILE, ptt: true } }, { kind: 'voice', media: media() }],
    [
      'a document with words around it',
      { documentWithCaptionMessage: { message: { documentMessage: { ...FILE, fileName: 'a.pdf', caption: 'see' } } } },
      { kind: 'document', text: 'see', media: media({ fileName: 'a.pdf' }) },
    ],
    ['a sticker', { stickerMessage: { ...FILE } }, { kind: 'sticker', media: media() }],
    [
      'a place',
      { locationMessage: { degreesLatitude: 1.5, degreesLongitude: -2, name: 'Here' } },
      { kind: 'location', location: { latitude: 1.5, longitude: -2, name: 'Here', address: null, live: false } },
    ],
    [
      'a place that moves',
      { liveLocationMessage: { degreesLatitude: 1, degreesLongitude: 2, caption: 'on my way' } },
      {
        kind: 'location',
        text: 'on my way',
        location: { latitude: 1, longitude: 2, name: null, address: null, live: true },
      },
    ],
    [
      'a contact card',
      { contactMessage: { displayName: 'Ben', vcard: 'FN:Ben\nitem1.TEL;waid=15550100308:+1 555 010 0308' } },
      {
        kind: 'contacts',
        contacts: [
          { name: 'Ben', phones: ['+15550100308'], vcard: 'FN:Ben\nitem1.TEL;waid=15550100308:+1 555 010 0308' },
        ],
      },
    ],
    [
      'several cards, one without WhatsApp',
      { contactsArrayMessage: { contacts: [{ displayName: 'Cleo', vcard: 'TEL:555 0100' }, { displayName: 'Dan' }] } },
      {
        kind: 'contacts',
        contacts: [
          { name: 'Cleo', phones: ['555 0100'], vcard: 'TEL:555 0100' },
          { name: 'Dan', phones: [], vcard: '' },
        ],
      },
    ],
    [
      'a card whose lines are folded, and one that has no number after TEL',
      {
        contactsArrayMessage: {
          contacts: [
            { displayName: 'Eve', vcard: 'TEL;type=CELL;\r\n waid=15550100309:+1 555 010 0309' },
            { displayName: 'Fay', vcard: 'TEL\nNOTE:none' },
          ],
        },
      },
      {
        kind: 'contacts',
        contacts: [
          { name: 'Eve', phones: ['+15550100309'], vcard: 'TEL;type=CELL;\r\n waid=15550100309:+1 555 010 0309' },
          { name: 'Fay', phones: [], vcard: 'TEL\nNOTE:none' },
        ],
      },
    ],
    [
      'a poll',
      { pollCreationMessageV3: { name: 'When?', options: [{ optionName: 'A' }, { optionName: 'B' }] } },
      { kind: 'poll', text: 'When?', poll: { question: 'When?', options: ['A', 'B'], selectable: 0 } },
    ],
    [
      'a picture to be seen once',
      { viewOnceMessageV2: { message: { imageMessage: FILE } } },
      { kind: 'image', media: media(), viewOnce: true },
    ],
    [
      'a text that disappears',
      { ephemeralMessage: { message: { extendedTextMessage: { text: 'x', contextInfo: { expiration: 86_400 } } } } },
      { kind: 'text', text: 'x', disappearsAfter: 86_400 },
    ],
    [
      'a text passed on that names people',
      {
        extendedTextMessage: {
          text: '@15550100001',
          contextInfo: { isForwarded: true, mentionedJid: ['15550100001@s.whatsapp.net', 'nonsense'] },
        },
      },
      { kind: 'text', text: '@15550100001', forwarded: true, mentions: [SOMEBODY] },
    ],
    ['the choice of a button', { buttonsResponseMessage: { selectedDisplayText: 'Yes' } }, { text: 'Yes' }],
    ['something of the future', { stickerPackMessage: { name: 'pack' } }, {}],
  ])('%s', (_what, message, expected) => {
    expect(readContent(wire(message))).toEqual({ ...NOTHING, ...expected });
  });

  test('the answered message, with what it said and who wrote it', () => {
    const contextInfo = {
      stanzaId: '3EB0AA',
      participant: '15550100001@s.whatsapp.net',
      quotedMessage: { imageMessage: { ...FILE, caption: 'this' } },
    };
    const { quoted, quotedMessageId } = readContent(wire({ extendedTextMessage: { text: 'nice', contextInfo } }));
    expect(quotedMessageId).toBe('3EB0AA');
    expect(quoted).toEqual({ messageId: '3EB0AA', text: 'this', kind: 'image', author: '15550100001@s.whatsapp.net' });
  });

  test('the advertisement somebody came by, and no lead in an ordinary link preview', () => {
    const ad = {
      title: 'Summer sale',
      sourceType: 'ad',
      sourceId: '120',
      ctwaClid: 'click',
      sourceUrl: 'https://fb.example',
    };
    const contextInfo = {
      externalAdReply: ad,
      entryPointConversionSource: 'ctwa_ad',
      entryPointConversionApp: 'facebook',
    };
    expect(readContent(wire({ extendedTextMessage: { text: 'hi', contextInfo } })).lead).toEqual({
      ...{ title: 'Summer sale', body: null, sourceType: 'ad', sourceId: '120', sourceUrl: 'https://fb.example' },
      ...{ clickId: 'click', ref: null, app: 'facebook', entryPoint: 'ctwa_ad' },
    });
    const preview = { externalAdReply: { title: 'A page', sourceUrl: 'https://example.com' } };
    expect(readContent(wire({ extendedTextMessage: { text: 'hi', contextInfo: preview } })).lead).toBeNull();
  });
});

describe('what is done about an earlier message', () => {
  const session = parseSessionId('sales');
  const chat = '15550100011@s.whatsapp.net';
  const heard = (message: proto.IMessage, more: Partial<WAMessage['key']> = {}): Heard | null =>
    normalise(
      session,
      { key: { remoteJid: chat, id: '3EB0ACT', ...more }, message: wire(message), messageTimestamp: 10 } as WAMessage,
      false,
      { addresses: [SOMEBODY], pushName: 'Me' },
    );
  const key = { id: '3EB0OLD', remoteJid: chat };
  const { REVOKE, MESSAGE_EDIT, EPHEMERAL_SETTING } = proto.Message.ProtocolMessage.Type;

  test.each<[string, proto.IMessage, object]>([
    ['a reaction', { reactionMessage: { key, text: '👍' } }, { what: 'reaction', emoji: '👍' }],
    ['its removal', { reactionMessage: { key, text: '' } }, { what: 'reaction', emoji: '' }],
    ['a deletion', { protocolMessage: { key, type: REVOKE } }, { what: 'deleted' }],
    [
      'a change',
      { protocolMessage: { key, type: MESSAGE_EDIT, editedMessage: { conversation: 'new' } } },
      { what: 'edited', text: 'new' },
    ],
    [
      'a change of a caption, wrapped as phones wrap it',
      {
        editedMessage: {
          message: {
            protocolMessage: { key, type: MESSAGE_EDIT, editedMessage: { imageMessage: { caption: 'new' } } },
          },
        },
      },
      { what: 'edited', text: 'new' },
    ],
  ])('%s', (_what, message, expected) => {
    expect(heard(message)).toMatchObject({ messageId: '3EB0OLD', id: '3EB0ACT', at: 10_000, ...expected });
  });

  test.each<[string, proto.IMessage]>([
    ['a setting', { protocolMessage: { type: EPHEMERAL_SETTING } }],
    ['keys for a group', { senderKeyDistributionMessage: { groupId: 'g' } }],
    ['a reaction to nothing', { reactionMessage: { text: '👍' } }],
  ])('%s is of no interest', (_what, message) => {
    expect(heard(message)).toBeNull();
  });

  test('what the owner writes on the phone is from the account, in the chat it was written to', () => {
    const found = heard({ conversation: 'by hand' }, { fromMe: true });
    expect(found).toMatchObject({
      what: 'message',
      event: { fromMe: true, chat: { jid: chat }, from: { phone: '+15550100001', pushName: 'Me' } },
    });
  });
});
