/** Every kind of message that somebody sends, to the account and in groups of both addressings, as its event tells it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { proto } from '@whiskeysockets/baileys';
import * as contents from '../../runtime/sandbox/contents/contents.ts';
import type { Contact, FileToSend } from '../../runtime/sandbox/sandbox.ts';
import { API_KEY, startLinkedFlow, type Flow } from '../support/flow.ts';
import { PLACES, Stage } from '../support/places.ts';
import { SAMPLES } from '../support/sample-files.ts';
import type { Receiver } from '../support/receiver.ts';
import { trustMediaHost } from '../support/trust.ts';

let flow: Flow;
let receiver: Receiver;
let stage: Stage;

beforeAll(async () => {
  ({ flow, receiver } = await startLinkedFlow());
  trustMediaHost(flow.sandbox);
  stage = new Stage(flow, receiver);
}, 60_000);
afterAll(async () => {
  await flow.end();
  await receiver.stop();
}, 30_000);

/** The account asks, and somebody sees it. */
async function says(to: string, reader: Contact): Promise<string> {
  const { body } = await flow.call('POST', '/messages/text', { sessionId: 'sales', to, text: 'tea?' });
  const { messageId } = body.data;
  await reader.waitForMessage((row) => row.messageId === messageId, 20_000);
  return messageId;
}

const AD = { title: 'Benches', body: 'Oak', sourceUrl: 'https://ads.example/1', adId: '12', clickId: 'click-1' };
const LINK = { url: 'https://shop.example/', title: 'Shop' };
/** What is said without a file, and what its event tells. */
const CONTENTS: Record<string, [proto.IMessage, object]> = {
  'a text': [contents.text('good morning'), { kind: 'text', text: 'good morning', forwarded: false }],
  'a text that names somebody': [
    contents.mention('ask @15550100309', ['15550100309@s.whatsapp.net']),
    { kind: 'text', mentions: ['15550100309@s.whatsapp.net'] },
  ],
  'a text with the page of its link': [
    contents.linkPreview('see https://shop.example/', LINK),
    { kind: 'text', text: 'see https://shop.example/', lead: null },
  ],
  'a text that was passed on': [contents.forwarded(contents.text('news')), { text: 'news', forwarded: true }],
  'a text that disappears': [
    contents.disappearing(contents.text('for a day'), 86_400),
    { text: 'for a day', disappearsAfter: 86_400 },
  ],
  'a text that an advertisement led to': [
    contents.adLead('is it there?', AD),
    { text: 'is it there?', lead: { title: 'Benches', sourceId: '12', clickId: 'click-1', sourceType: 'ad' } },
  ],
  'a place': [
    contents.location(52.5, 13.25, { name: 'Office', address: '1 Main Street' }),
    {
      kind: 'location',
      location: { latitude: 52.5, longitude: 13.25, name: 'Office', address: '1 Main Street', live: false },
    },
  ],
  'where somebody is': [
    contents.liveLocation(52.5, 13.25, { caption: 'on my way' }),
    { kind: 'location', text: 'on my way', location: { latitude: 52.5, live: true } },
  ],
  'a contact card': [
    contents.contactCards({ name: 'Cleo', phone: '15550100307' }),
    { kind: 'contacts', contacts: [{ name: 'Cleo', phones: ['+15550100307'] }] },
  ],
  'several contact cards': [
    contents.contactCards({ name: 'Cleo', phone: '15550100307' }, { name: 'Dora', phone: '15550100308' }),
    { kind: 'contacts', contacts: [{ name: 'Cleo' }, { name: 'Dora', phones: ['+15550100308'] }] },
  ],
  'a poll': [
    contents.poll('When?', ['Today', 'Tomorrow'], { multiple: true }),
    { kind: 'poll', text: 'When?', poll: { question: 'When?', options: ['Today', 'Tomorrow'], selectable: 0 } },
  ],
};

const { jpeg, mp4, mp3, voice } = SAMPLES;
const FILES: Record<string, [FileToSend, object, object?]> = {
  'a picture': [{ kind: 'image', bytes: jpeg, mime: 'image/jpeg', caption: 'this one' }, { text: 'this one' }],
  'a picture to be seen once': [{ kind: 'image', bytes: jpeg, mime: 'image/jpeg', viewOnce: true }, { viewOnce: true }],
  'a video': [{ kind: 'video', bytes: mp4, mime: 'video/mp4', seconds: 2, caption: 'look' }, { text: 'look' }],
  'a video that plays over and over': [{ kind: 'video', bytes: mp4, mime: 'video/mp4', gif: true }, {}, { gif: true }],
  'a video note': [{ kind: 'video', bytes: mp4, mime: 'video/mp4', videoNote: true, seconds: 2 }, {}, { seconds: 2 }],
  music: [{ kind: 'audio', bytes: mp3, mime: 'audio/mpeg', seconds: 2 }, {}, { seconds: 2 }],
  'a voice message': [{ kind: 'voice', bytes: voice, mime: 'audio/ogg; codecs=opus', seconds: 2 }, {}, { seconds: 2 }],
  'a document': [
    { kind: 'document', bytes: mp3, mime: 'application/pdf', fileName: 'plan.pdf', caption: 'the plan' },
    { text: 'the plan' },
    { fileName: 'plan.pdf' },
  ],
  'a sticker': [{ kind: 'sticker', bytes: jpeg, mime: 'image/webp' }, {}],
};

describe.each(PLACES)('by %s', (place) => {
  test.each(Object.entries(CONTENTS))('%s', async (_what, [content, told]) => {
    const { ann, chat, shown } = await stage.meet(place);
    const { data } = await stage.heard(await ann.send(chat, content));
    expect(data).toMatchObject({ ...shown, fromMe: false, offline: false, media: null, ...told });
  });

  test.each(Object.entries(FILES))('%s', async (_what, [file, told, media = {}]) => {
    const { ann, chat, shown } = await stage.meet(place);
    const { data } = await stage.heard(await ann.sendFile(chat, file));
    const { kind, mime: mimetype, bytes } = file;
    expect(data).toMatchObject({ ...shown, kind, ...told, media: { mimetype, bytes: bytes.length, ...media } });
    const response = await fetch(new URL(data.media.url, flow.app?.url), {
      headers: { authorization: `Bearer ${API_KEY}` },
    });
    expect(bytes.equals(Buffer.from(await response.arrayBuffer()))).toBe(true);
  });

  test('an answer to what the account said, and to what somebody said', async () => {
    const { ann, chat, to, named, shown } = await stage.meet(place);
    const messageId = await says(to, ann);
    const { data } = await stage.heard(await ann.say(chat, 'yes', { quoted: messageId }));
    expect(data).toMatchObject({
      ...shown,
      quotedMessageId: messageId,
      quoted: { messageId, kind: 'text', text: 'tea?', author: named(stage.account) },
    });
    const again = await stage.heard(await ann.say(chat, 'or no', { quoted: data.messageId }));
    expect(again.data.quoted).toMatchObject({ messageId: data.messageId, text: 'yes', author: named(ann) });
  });

  test('a reaction to what the account said, and its removal', async () => {
    const { ann, to, shown } = await stage.meet(place);
    const messageId = await says(to, ann);
    for (const emoji of ['🍵', '']) {
      await ann.react(messageId, emoji);
      const { data } = await stage.told(({ data: each }) => each.messageId === messageId && each.emoji === emoji);
      expect(data).toEqual({ messageId, ...shown, fromMe: false, emoji, at: expect.any(Number) });
    }
  });

  test('a text that is changed, and then deleted for everyone', async () => {
    const { ann, chat, shown } = await stage.meet(place);
    const { messageId } = await ann.say(chat, 'at noon');
    await stage.heard({ messageId });
    await ann.edit(messageId, 'at one');
    const edited = await stage.heard({ messageId }, 'message.edited');
    expect(edited.data).toMatchObject({ ...shown, fromMe: false, text: 'at one' });
    await ann.deleteForEveryone(messageId);
    const deleted = await stage.heard({ messageId }, 'message.deleted');
    expect(deleted.data).toMatchObject({ ...shown, fromMe: false });
  });

  test('votes in a poll of theirs, with the running totals', async () => {
    const { ann, chat, readers, shown } = await stage.meet(place);
    const { messageId } = await ann.send(chat, contents.poll('When?', ['Today', 'Tomorrow'], { multiple: true }));
    await stage.heard({ messageId });
    await ann.vote(messageId, ['Today', 'Tomorrow']);
    const { data } = await stage.heard({ messageId }, 'poll.vote');
    expect(data).toMatchObject({ ...shown, question: 'When?', chosen: ['Today', 'Tomorrow'] });
    const [, ben] = readers;
    if (!ben) return;
    await ben.waitForMessage((row) => row.messageId === messageId, 20_000);
    await ben.vote(messageId, ['Tomorrow']);
    const second = await stage.told(
      ({ event, data: each }) => event === 'poll.vote' && each.messageId === messageId && each.from.pushName === 'Ben',
    );
    expect(second.data.votes).toEqual([
      { option: 'Today', count: 1 },
      { option: 'Tomorrow', count: 2 },
    ]);
  });

  test("what the account's owner writes on the phone", async () => {
    const { ann, to, shown } = await stage.meet(place);
    const chat = flow.sandbox.groups.get(to) ?? ann;
    const { data } = await stage.heard(await stage.account.send(chat, contents.text('by hand')));
    expect(data).toMatchObject({ ...shown, fromMe: true, text: 'by hand', from: { phone: `+${stage.account.phone}` } });
  });
});
