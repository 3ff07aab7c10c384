import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { downloadMediaMessage } from '@whiskeysockets/baileys';
import type { WAMessage } from '@whiskeysockets/baileys';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Group, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { linkedClient, receives } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { controlCaller, rowOverHttp } from '../support/control-call.ts';
import { within } from '../support/deadline.ts';
import { endLinkedClient } from '../support/linked-client.ts';
import { trustMediaHost } from '../support/trust.ts';

const ACCOUNT = '15550100001';
const ANN = '15550100011';
const BEN = '15550100012';
let sandbox: Sandbox;
let account: Account;
let client: WhatsAppClient;
let group: Group;

beforeAll(async () => {
  sandbox = await startSandbox({ preKeyStock: 'ample', controlPort: 0 });
  trustMediaHost(sandbox);
  account = sandbox.account(ACCOUNT);
  const members = [ANN, BEN].map((phone) => sandbox.contact(phone));
  client = await linkedClient(sandbox, account);
  group = sandbox.group({ subject: 'Neighbours', members: [...members, account] });
});

afterAll(() => endLinkedClient({ sandbox, client }));

const ann = () => sandbox.contact(ANN);
const call = controlCaller(() => sandbox.controlUrl);
const asAnn = (act: string, body: object) => call('POST', `/contacts/${ANN}/${act}`, body);

async function arrives({ status, body }: { status: number; body: Record<string, unknown> }): Promise<WAMessage> {
  expect([status, body]).toEqual([200, { messageId: expect.any(String) }]);
  return receives(client, 'the message', ({ key }) => key.id === body['messageId']);
}

/** Ann's row of a message the client sent, as soon as `passes` holds for it. */
const row = (id: unknown, passes?: (row: Record<string, unknown>) => boolean) =>
  rowOverHttp(call, { phone: ANN, id }, passes);

describe('a contact sends over HTTP what the client then shows', () => {
  const extended = (fields: object) => ({ extendedTextMessage: expect.objectContaining(fields) });

  test.each([
    [{ kind: 'text', text: 'hello' }, { conversation: 'hello' }],
    [
      { kind: 'location', latitude: 47.37, longitude: 8.54, name: 'Station' },
      { locationMessage: expect.objectContaining({ degreesLatitude: 47.37, name: 'Station' }) },
    ],
    [
      { kind: 'live location', latitude: 47.37, longitude: 8.54, caption: 'on my way' },
      { liveLocationMessage: expect.objectContaining({ degreesLongitude: 8.54, caption: 'on my way' }) },
    ],
    [
      { kind: 'contacts', cards: [{ name: 'Ben', phone: BEN }] },
      { contactMessage: expect.objectContaining({ displayName: 'Ben', vcard: expect.stringContaining(`+${BEN}`) }) },
    ],
    [
      { kind: 'poll', question: 'Tea?', options: ['Yes', 'No'] },
      { pollCreationMessageV3: expect.objectContaining({ name: 'Tea?', selectableOptionsCount: 1 }) },
    ],
    [
      { kind: 'link preview', text: 'see https://example.com', url: 'https://example.com', title: 'An example' },
      extended({ matchedText: 'https://example.com', title: 'An example' }),
    ],
    [
      { kind: 'ad', text: 'hi', title: 'Bread', body: 'Fresh', sourceUrl: 'https://example.com/ad', clickId: 'c1' },
      extended({
        contextInfo: expect.objectContaining({
          externalAdReply: expect.objectContaining({ title: 'Bread', ctwaClid: 'c1' }),
        }),
      }),
    ],
  ])('%j', async (content, message) => {
    const arrived = await arrives(await asAnn('send', { to: ACCOUNT, content }));
    expect(arrived.message).toMatchObject(message);
  });

  const BYTES = randomBytes(100_000);
  const data = BYTES.toString('base64');

  test.each([
    [{ kind: 'image', caption: 'the bench' }, { imageMessage: { caption: 'the bench', mimetype: 'image/jpeg' } }],
    [{ kind: 'video', seconds: 7 }, { videoMessage: { seconds: 7 } }],
    [{ kind: 'gif' }, { videoMessage: { gifPlayback: true } }],
    [{ kind: 'video note' }, { ptvMessage: {} }],
    [{ kind: 'audio', mimetype: 'audio/mp4' }, { audioMessage: { mimetype: 'audio/mp4' } }],
    [{ kind: 'voice' }, { audioMessage: { ptt: true } }],
    [{ kind: 'document', fileName: 'plan.pdf' }, { documentMessage: { fileName: 'plan.pdf' } }],
    [{ kind: 'sticker' }, { stickerMessage: { mimetype: 'image/webp' } }],
    [{ kind: 'image', viewOnce: true }, { viewOnceMessageV2: { message: { imageMessage: { viewOnce: true } } } }],
  ])('%j, with the same bytes', async (content, message) => {
    const arrived = await arrives(await asAnn('send', { to: ACCOUNT, content: { ...content, data } }));
    expect(arrived.message).toMatchObject(message);
    expect(BYTES.equals(await downloadMediaMessage(arrived, 'buffer', {}))).toBe(true);
  });

  test('people are mentioned by number, and by the address the chat has for them', async () => {
    const content = { kind: 'mention', text: `thanks @${BEN}`, people: [BEN] };
    const { message } = await arrives(await asAnn('send', { to: group.jid, content }));
    const { lid } = sandbox.contact(BEN);
    const text = `thanks @${lid.split('@')[0]}`;
    expect(message?.extendedTextMessage).toMatchObject({ text, contextInfo: { mentionedJid: [lid] } });
    const seen = await call('GET', `/contacts/${BEN}/wait?text=thanks`);
    expect(seen.body).toMatchObject({ mentions: [lid], group: group.jid, from: ANN });
  });

  test('any content may quote, be forwarded and disappear', async () => {
    const sent = await client.socket.sendMessage(`${ANN}@s.whatsapp.net`, { text: 'which bench?' });
    await row(sent?.key.id);
    const beside = { quoted: sent?.key.id, forwarded: true, disappearsAfter: 86_400 };
    const content = { kind: 'image', data, caption: 'this one' };
    const { message } = await arrives(await asAnn('send', { to: ACCOUNT, content, ...beside }));
    expect(message?.imageMessage?.contextInfo).toMatchObject({
      ...{ stanzaId: sent?.key.id, isForwarded: true, expiration: 86_400 },
      quotedMessage: { extendedTextMessage: { text: 'which bench?' } },
    });
    const said = await arrives(await asAnn('say', { to: ACCOUNT, text: 'said so', quoted: sent?.key.id }));
    expect(said.message?.extendedTextMessage?.contextInfo?.stanzaId).toBe(sent?.key.id);
  });

  test.each([
    [{ kind: 'smell' }, 400, 'kind must be one of text, mention'],
    [{ kind: 'toString' }, 400, 'kind must be one of'],
    [{ kind: 'text' }, 400, 'text must be a string in a content of the kind text'],
    [{ kind: 'text', text: 'hi', colour: 'red' }, 400, 'unknown field "colour"'],
    [{ kind: 'location', latitude: 91, longitude: 0 }, 400, 'there is no place'],
    [{ kind: 'poll', question: 'Tea?', options: ['Yes'] }, 400, '2 to 12 options'],
    [{ kind: 'contacts', cards: [] }, 400, 'at least one card'],
    [{ kind: 'contacts', cards: [{ name: 'Ben' }] }, 400, 'phone must be a string in a card'],
    [{ kind: 'image', data: 'no base64!' }, 400, 'in Base64'],
    [{ kind: 'image', data: '' }, 400, 'in Base64'],
    [{ kind: 'sticker', data: 'AAAA', caption: 'hi' }, 400, 'unknown field "caption"'],
    [{ kind: 'image', data: 'AAAA', mimetype: 'a picture' }, 400, 'is not a MIME type'],
    [{ kind: 'mention', text: 'hi', people: [BEN] }, 400, 'does not mention'],
    [{ kind: 'mention', text: 'hi @15550100099', people: ['15550100099'] }, 404, 'nobody has'],
    ['hello', 400, 'content must be an object'],
    [[], 400, 'content must be an object'],
    [null, 400, 'content must be an object'],
  ])('%j is refused with a sentence', async (content, status, sentence) => {
    const before = client.received.length;
    const answer = await asAnn('send', { to: ACCOUNT, content });
    expect(answer).toEqual({ status, body: { error: expect.stringContaining(sentence) } });
    expect(client.received.length).toBe(before);
  });

  test.each([
    [{ id: '' }, 'id must be 1 to 64'],
    [{ id: 'two words' }, 'id must be 1 to 64'],
    [{ disappearsAfter: -1 }, 'disappearsAfter must be whole seconds'],
    [{ disappearsAfter: 0.5 }, 'disappearsAfter must be whole seconds'],
    [{ addressing: 'post' }, 'addressing must be lid or pn'],
    [{ device: 7 }, 'device 7'],
    [{ quoted: 'NOTHING' }, 'message NOTHING is not on the screen'],
  ])('%j beside a content is refused with a sentence', async (beside, sentence) => {
    const content = { kind: 'text', text: 'hi' };
    const refused = { status: 400, body: { error: expect.stringContaining(sentence) } };
    expect(await asAnn('send', { to: ACCOUNT, content, ...beside })).toEqual(refused);
    expect(await asAnn('say', { to: ACCOUNT, text: 'hi', ...beside })).toEqual(refused);
  });

  test('a file may have some megabytes, and one that is too long is refused with a sentence', async () => {
    const content = { kind: 'document', data: 'A'.repeat(8 * 1024 * 1024) };
    await arrives(await asAnn('send', { to: ACCOUNT, content }));
    const tooLong = { kind: 'document', data: 'A'.repeat(25 * 1024 * 1024) };
    expect((await asAnn('send', { to: ACCOUNT, content: tooLong })).status).toBe(413);
    expect(await asAnn('say', { to: ACCOUNT, text: 'A'.repeat(70_000) })).toMatchObject({ status: 413 });
  });
});

describe('the owner sends over HTTP, from the phone itself,', () => {
  const asOwner = (body: object) => call('POST', `/accounts/${ACCOUNT}/send`, body);

  test('what the contact then shows, and the client as its own', async () => {
    const data = Buffer.from('a plan').toString('base64');
    const content = { kind: 'document', data, mimetype: 'text/plain', fileName: 'plan.txt' };
    const { promise: copied, resolve } = Promise.withResolvers<WAMessage>();
    client.events.on('upsert', (message) => message.key.id === 'FROM-THE-PHONE' && resolve(message));
    const { status, body } = await asOwner({ to: ANN, content, id: 'FROM-THE-PHONE' });
    expect([status, body]).toEqual([200, { messageId: 'FROM-THE-PHONE' }]);
    const shown = await row('FROM-THE-PHONE');
    expect(shown).toMatchObject({ from: ACCOUNT, kind: 'document', file: { fileName: 'plan.txt', bytes: 6 } });
    expect(await within(10_000, 'the copy', copied)).toMatchObject({ key: { fromMe: true } });
  });

  test('to a group, and mentions people there', async () => {
    const content = { kind: 'mention', text: `look @${BEN}`, people: [BEN] };
    const { body } = await asOwner({ to: group.jid, content });
    expect(await row(body['messageId'])).toMatchObject({ group: group.jid, mentions: [sandbox.contact(BEN).lid] });
  });

  test.each([
    [{ to: '15550100099', content: { kind: 'text', text: 'hi' } }, 404, 'nobody has 15550100099'],
    [{ to: ANN, content: { kind: 'smell' } }, 400, 'kind must be one of'],
  ])('but not %j', async (body, status, sentence) => {
    expect(await asOwner(body)).toEqual({ status, body: { error: expect.stringContaining(sentence) } });
  });
});

describe('a contact does over HTTP what people do to messages', () => {
  test('it edits and deletes', async () => {
    const { messageId } = (await asAnn('say', { to: ACCOUNT, text: 'fist' })).body;
    const edited = await arrives(await asAnn('edit', { messageId, text: 'first' }));
    expect(edited.message).toMatchObject({
      editedMessage: { message: { protocolMessage: { key: { id: messageId } } } },
    });
    const deleted = await arrives(await asAnn('delete', { messageId }));
    expect(deleted.message?.protocolMessage?.key?.id).toBe(messageId);
  });

  test('it reacts and votes', async () => {
    const poll = { name: 'Tea?', values: ['Yes', 'No'], selectableCount: 1 };
    const sent = await client.socket.sendMessage(ann().jid, { poll });
    const asked = { messageId: sent?.key.id };
    await row(sent?.key.id);
    const reaction = await arrives(await asAnn('react', { ...asked, emoji: '👍' }));
    expect(reaction.message?.reactionMessage).toMatchObject({ text: '👍', key: { id: sent?.key.id } });
    const vote = await arrives(await asAnn('vote', { ...asked, options: ['Yes'] }));
    expect(vote.message).toMatchObject({ pollUpdateMessage: { pollCreationMessageKey: { id: sent?.key.id } } });
    const options = [
      { name: 'Yes', votes: 1, voters: [ANN] },
      { name: 'No', votes: 0, voters: [] },
    ];
    expect(await row(sent?.key.id)).toMatchObject({
      ...{ kind: 'poll', poll: { question: 'Tea?', multiple: false, options } },
      reactions: [{ from: ANN, emoji: '👍' }],
    });
  });

  test('what cannot be done is refused with a sentence', async () => {
    const sent = await client.socket.sendMessage(ann().jid, { text: 'hands off' });
    const messageId = sent?.key.id;
    await row(messageId);
    const refused = (sentence: string) => ({ status: 400, body: { error: expect.stringContaining(sentence) } });
    expect(await asAnn('edit', { messageId, text: 'mine' })).toEqual(refused("somebody else's"));
    expect(await asAnn('delete', { messageId })).toEqual(refused("somebody else's"));
    expect(await asAnn('vote', { messageId, options: ['Yes'] })).toEqual(refused('is no poll'));
    expect(await asAnn('react', { messageId: 'ABC', emoji: '👍' })).toEqual(refused('not on the screen'));
    expect(await asAnn('disappearing', { to: ACCOUNT, seconds: 5 })).toEqual(refused('messages can disappear after'));
  });

  test('it makes the messages of a chat disappear', async () => {
    const { body } = await asAnn('disappearing', { to: ACCOUNT, seconds: 86_400 });
    await receives(client, 'the setting', ({ key }) => key.id === body['messageId']);
    const said = await arrives(await asAnn('say', { to: ACCOUNT, text: 'gone tomorrow' }));
    expect(said.message?.extendedTextMessage?.contextInfo?.expiration).toBe(86_400);
    await arrives(await asAnn('disappearing', { to: ACCOUNT, seconds: 0 }));
  });
});
