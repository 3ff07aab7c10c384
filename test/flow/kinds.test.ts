/** Every kind of message, sent through the API to a person and to groups of both addressings, as its readers decrypt it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { normalizeMessageContent, type proto } from '@whiskeysockets/baileys';
import sharp from 'sharp';
import type { ScreenMessage } from '../../runtime/sandbox/sandbox.ts';
import { startFileHost, type FileHost } from '../support/file-host.ts';
import { startLinkedFlow, type Flow } from '../support/flow.ts';
import { PLACES, Stage, type Meeting } from '../support/places.ts';
import { SAMPLES } from '../support/sample-files.ts';
import type { Receiver } from '../support/receiver.ts';
import { trustMediaHost } from '../support/trust.ts';

const DEADLINE_MS = 20_000;
const PAGE = Buffer.from('<html><head><title>Chairs</title></head></html>');
const STICKER = await sharp({ create: { width: 512, height: 512, channels: 4, background: '#c00' } })
  .webp()
  .toBuffer();
const CARDS = [
  { name: 'Ben; Sales, North', phone: '+1 555 010 0308', organization: 'Example' },
  { name: 'Cleo', phone: '15550100307' },
];
let flow: Flow;
let receiver: Receiver;
let host: FileHost;
let stage: Stage;

beforeAll(async () => {
  host = await startFileHost({ 'shop.html': PAGE });
  // Where there is an ffmpeg, it would draw the voice message, whose bytes are then others.
  ({ flow, receiver } = await startLinkedFlow({ FFMPEG_PATH: '/nowhere/ffmpeg' }));
  trustMediaHost(flow.sandbox);
  stage = new Stage(flow, receiver);
}, 60_000);
afterAll(async () => {
  await flow.end();
  await host.close();
  await receiver.stop();
}, 30_000);

async function send({ to }: Pick<Meeting, 'to'>, kind: string, what: object): Promise<string> {
  const body = { sessionId: 'sales', to, ...what, waitFor: 'sent', timeout: 20 };
  const { status, body: answer } = await flow.call('POST', `/messages/${kind}`, body);
  expect([status, answer.error, answer.data?.reached]).toEqual([202, undefined, true]);
  return answer.data.messageId;
}

/** Sends it, and gives what each reader's screen shows. */
async function shown(
  meeting: Meeting,
  kind: string,
  what: object,
): Promise<{ messageId: string; rows: ScreenMessage[] }> {
  const messageId = await send(meeting, kind, what);
  const shows = (row: ScreenMessage) => row.messageId === messageId;
  const rows = await Promise.all(meeting.readers.map((reader) => reader.waitForMessage(shows, DEADLINE_MS)));
  return { messageId, rows };
}

const contentOf = (row: ScreenMessage | undefined): proto.IMessage => normalizeMessageContent(row?.content) ?? {};

/** A kind of message: how it is asked for, how a screen shows it, what is in it, and the bytes of its file. */
interface Kind {
  path: string;
  body: object | (() => object);
  row?: object;
  content?: object;
  bytes?: Buffer;
}

const file = (path: string, bytes: Buffer, said: object, row: object, content: object): Kind => ({
  ...{ path, row, content, bytes },
  body: { base64: bytes.toString('base64'), ...said },
});

const KINDS: Record<string, Kind> = {
  'a text': { path: 'text', body: { text: 'good morning' }, row: { kind: 'text', text: 'good morning', quoted: null } },
  'a text that names somebody': {
    path: 'text',
    body: { text: 'ask @15550100309', mentions: ['+1 555 010 0309'] },
    content: { extendedTextMessage: { contextInfo: { mentionedJid: ['15550100309@s.whatsapp.net'] } } },
  },
  'a text with the page of its link': {
    path: 'text',
    body: () => ({ text: `see ${host.url}/shop.html`, linkPreview: true }),
    content: { extendedTextMessage: { title: 'Chairs' } },
  },
  'a picture': file(
    'image',
    SAMPLES.jpeg,
    { caption: 'the bench' },
    { kind: 'image', text: 'the bench' },
    { imageMessage: { mimetype: 'image/jpeg' } },
  ),
  'a picture to be seen once': file('image', SAMPLES.png, { viewOnce: true }, { kind: 'image', viewOnce: true }, {}),
  'a video': file(
    'video',
    SAMPLES.mp4,
    { caption: 'look' },
    { kind: 'video', text: 'look' },
    { videoMessage: { mimetype: 'video/mp4' } },
  ),
  'a video that plays over and over': file('video', SAMPLES.mp4, { gif: true }, { kind: 'gif' }, {}),
  'a video note': file('video', SAMPLES.mp4, { note: true }, { kind: 'video note' }, {}),
  music: file('audio', SAMPLES.mp3, {}, { kind: 'audio' }, { audioMessage: { mimetype: 'audio/mpeg' } }),
  'a voice message': file('audio', SAMPLES.voice, { voice: true }, { kind: 'voice' }, { audioMessage: { ptt: true } }),
  'a document': file(
    'document',
    Buffer.from('a,b\n1,2\n'),
    { fileName: 'list.csv', mimetype: 'text/csv', caption: 'the list' },
    { kind: 'document', text: 'the list' },
    { documentMessage: { fileName: 'list.csv', mimetype: 'text/csv' } },
  ),
  'a sticker': file('sticker', STICKER, {}, { kind: 'sticker' }, { stickerMessage: { mimetype: 'image/webp' } }),
  'a place with its name and address': {
    path: 'location',
    body: { latitude: 52.5, longitude: 13.25, name: 'Office', address: '1 Main Street' },
    row: { kind: 'location' },
    content: {
      locationMessage: { degreesLatitude: 52.5, degreesLongitude: 13.25, name: 'Office', address: '1 Main Street' },
    },
  },
  'a contact card': {
    path: 'contact',
    body: { contacts: CARDS.slice(0, 1) },
    content: {
      contactMessage: {
        displayName: 'Ben; Sales, North',
        vcard: [
          ...['BEGIN:VCARD', 'VERSION:3.0', 'N:;Ben\\; Sales\\, North;;;', 'FN:Ben\\; Sales\\, North', 'ORG:Example;'],
          ...['TEL;type=CELL;type=VOICE;waid=15550100308:+15550100308', 'END:VCARD'],
        ].join('\n'),
      },
    },
  },
  'several contact cards': {
    path: 'contact',
    body: { contacts: CARDS },
    row: { kind: 'contacts' },
    content: { contactsArrayMessage: { contacts: CARDS.map(({ name: displayName }) => ({ displayName })) } },
  },
  'a poll': {
    path: 'poll',
    body: { question: 'When?', options: ['Today', 'Tomorrow'], selectable: 0 },
    row: { kind: 'poll', poll: { question: 'When?', multiple: true } },
    content: { pollCreationMessage: { options: [{ optionName: 'Today' }, { optionName: 'Tomorrow' }] } },
  },
};

describe.each(PLACES)('to %s', (place) => {
  test.each(Object.entries(KINDS))('%s', async (_what, { path, body, row = {}, content = {}, bytes }) => {
    const meeting = await stage.meet(place);
    const { rows } = await shown(meeting, path, typeof body === 'function' ? body() : body);
    const group = place === PLACES[0] ? null : meeting.to;
    for (const each of rows) {
      expect(each).toMatchObject({ from: stage.account.phone, group, arrivals: 1, ...row });
      expect(contentOf(each)).toMatchObject(content);
      if (bytes) expect(bytes.equals(await each.file())).toBe(true);
    }
  });

  test('a reaction to what somebody wrote, and its removal', async () => {
    const meeting = await stage.meet(place);
    const { messageId } = await meeting.ann.say(meeting.chat, 'like this?');
    await stage.heard({ messageId });
    for (const emoji of ['👍', '']) {
      const { rows } = await shown(meeting, 'reaction', { messageId, emoji });
      for (const row of rows) {
        expect(contentOf(row).reactionMessage).toMatchObject({ text: emoji, key: { id: messageId } });
      }
      const reactions = emoji ? [{ from: stage.account.phone, emoji }] : [];
      for (const { conversation } of meeting.readers)
        expect(conversation.find((entry) => entry.messageId === messageId)?.row.reactions).toEqual(reactions);
    }
  });

  test('a text that is changed, and then deleted for everyone', async () => {
    const meeting = await stage.meet(place);
    const { messageId } = await shown(meeting, 'text', { text: 'see you at noon' });
    const rowsNow = () => meeting.readers.map(({ screen }) => screen.find((row) => row.messageId === messageId));
    await shown(meeting, 'edit', { messageId, text: 'see you at one' });
    for (const row of rowsNow()) expect(row).toMatchObject({ edited: true, text: 'see you at one' });
    await shown(meeting, 'delete', { messageId });
    for (const row of rowsNow()) expect(row).toMatchObject({ deleted: true });
  });

  test('an answer that shows what it answers, and who wrote that', async () => {
    const meeting = await stage.meet(place);
    const { messageId } = await meeting.ann.say(meeting.chat, 'what does it cost?');
    await stage.heard({ messageId });
    const { rows } = await shown(meeting, 'text', { text: 'ten', quotedMessageId: messageId });
    for (const row of rows) {
      expect(row.quoted).toMatchObject({ messageId, text: 'what does it cost?' });
      if (row.group !== null) expect(row.quoted?.author).toBe(meeting.named(meeting.ann));
    }
  });

  test('a message of another chat that is passed on', async () => {
    const [from, meeting] = [await stage.meet(PLACES[0]), await stage.meet(place)];
    const message = { kind: 'image', bytes: SAMPLES.jpeg, mime: 'image/jpeg', caption: 'look at this' } as const;
    const { data } = await stage.heard(await from.ann.sendFile(from.chat, message));
    const { rows } = await shown(meeting, 'forward', { messageId: data.messageId, chat: data.chat.jid });
    for (const row of rows) {
      expect(row).toMatchObject({ kind: 'image', text: 'look at this', forwarded: true });
      expect(SAMPLES.jpeg.equals(await row.file())).toBe(true);
    }
  });

  test('a poll whose votes are told, with the running totals', async () => {
    const meeting = await stage.meet(place);
    const { messageId } = await shown(meeting, 'poll', { question: 'When?', options: ['Today', 'Tomorrow'] });
    const totals = { Today: 0, Tomorrow: 0 };
    for (const reader of meeting.readers) {
      totals.Today++;
      await reader.vote(messageId, ['Today']);
      const voted = await stage.told(
        ({ event, data }) =>
          event === 'poll.vote' && data.messageId === messageId && data.from.phone === `+${reader.phone}`,
      );
      const votes = Object.entries(totals).map(([option, count]) => ({ option, count }));
      expect(voted.data).toMatchObject({ question: 'When?', chosen: ['Today'], votes });
    }
    await meeting.ann.vote(messageId, ['Tomorrow']);
    const changed = await stage.told(({ data }) => data.messageId === messageId && data.chosen?.[0] === 'Tomorrow');
    expect(changed.data).toMatchObject({
      ...meeting.shown,
      votes: [
        { option: 'Today', count: meeting.readers.length - 1 },
        { option: 'Tomorrow', count: 1 },
      ],
    });
  });
});

test('what somebody else wrote can be neither changed nor deleted, and what nobody wrote not reacted to', async () => {
  const { ann, chat, to } = await stage.meet(PLACES[0]);
  const { messageId } = await ann.say(chat, 'mine');
  await stage.heard({ messageId });
  const about = { sessionId: 'sales', to, messageId };
  const edit = await flow.call('POST', '/messages/edit', { ...about, text: 'yours' });
  expect([edit.status, edit.body.error.code]).toEqual([409, 'not_your_message']);
  const erase = await flow.call('POST', '/messages/delete', about);
  expect([erase.status, erase.body.error.code]).toEqual([409, 'not_your_message']);
  const unknown = { ...about, messageId: '3EB0FFFFFFFFFFFFFFFFFF', emoji: '👍' };
  const react = await flow.call('POST', '/messages/reaction', unknown);
  expect([react.status, react.body.error.code]).toEqual([404, 'message_not_found']);
});
