import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { normalizeMessageContent, type proto } from '@whiskeysockets/baileys';
import type { Contact } from '../../runtime/sandbox/sandbox.ts';
import { PHONE, startLinkedFlow, type Flow } from '../support/flow.ts';
import type { Receiver } from '../support/receiver.ts';

const DEADLINE_MS = 15_000;

describe('every kind of message without a file is sent and decrypted by the contact', () => {
  let flow: Flow;
  let receiver: Receiver;
  let ann: Contact;

  beforeAll(async () => {
    ({ flow, receiver } = await startLinkedFlow());
  }, 60_000);
  afterAll(async () => {
    await flow.end();
    await receiver.stop();
  }, 30_000);

  /** Resolves when the runtime has taken in a message of somebody else. */
  const heard = (messageId: string) => receiver.next(({ data }) => data.messageId === messageId);

  /** Somebody new, who has written before: to one person no more than three messages go in a row. */
  async function friend(phone: string): Promise<Contact> {
    ann = flow.sandbox.contact(phone);
    const { messageId } = await ann.say(flow.sandbox.account(PHONE), 'hello');
    await heard(messageId);
    return ann;
  }

  async function send(kind: string, what: object): Promise<{ messageId: string; content: proto.IMessage }> {
    const body = { sessionId: 'sales', to: ann.phone, ...what, waitFor: 'sent', timeout: 15 };
    const { status, body: answer } = await flow.call('POST', `/messages/${kind}`, body);
    expect([status, answer.error, answer.data?.reached]).toEqual([202, undefined, true]);
    const { messageId } = answer.data;
    const row = await ann.waitForMessage((shown) => shown.messageId === messageId, DEADLINE_MS);
    return { messageId, content: normalizeMessageContent(row.content) ?? {} };
  }

  test('a text that mentions somebody', async () => {
    await friend('15550100301');
    const { content } = await send('text', { text: 'ask @15550100309', mentions: ['+1 555 010 0309'] });
    expect(content.extendedTextMessage).toMatchObject({
      text: 'ask @15550100309',
      contextInfo: { mentionedJid: ['15550100309@s.whatsapp.net'] },
    });
  });

  test('a place with its name and address', async () => {
    await friend('15550100302');
    const place = { latitude: 52.5, longitude: 13.25, name: 'Office', address: '1 Main Street' };
    const { content } = await send('location', place);
    expect(content.locationMessage).toMatchObject({
      degreesLatitude: 52.5,
      degreesLongitude: 13.25,
      name: 'Office',
      address: '1 Main Street',
    });
  });

  test('one contact card, and several', async () => {
    await friend('15550100303');
    const cards = [
      { name: 'Ben; Sales, North', phone: '+1 555 010 0308', organization: 'Example' },
      { name: 'Cleo', phone: '15550100307' },
    ];
    const one = await send('contact', { contacts: cards.slice(0, 1) });
    expect(one.content.contactMessage?.displayName).toBe('Ben; Sales, North');
    expect(one.content.contactMessage?.vcard?.split('\n')).toEqual([
      ...['BEGIN:VCARD', 'VERSION:3.0', 'N:;Ben\\; Sales\\, North;;;', 'FN:Ben\\; Sales\\, North', 'ORG:Example;'],
      ...['TEL;type=CELL;type=VOICE;waid=15550100308:+15550100308', 'END:VCARD'],
    ]);
    const both = await send('contact', { contacts: cards });
    expect(both.content.contactsArrayMessage?.contacts?.map(({ displayName }) => displayName)).toEqual([
      'Ben; Sales, North',
      'Cleo',
    ]);
  });

  test('a poll with as many choices as asked for', async () => {
    await friend('15550100304');
    const { content } = await send('poll', { question: 'When?', options: ['Today', 'Tomorrow'], selectable: 0 });
    const poll = content.pollCreationMessage ?? content.pollCreationMessageV3;
    expect(poll).toMatchObject({ name: 'When?', options: [{ optionName: 'Today' }, { optionName: 'Tomorrow' }] });
    expect(content.messageContextInfo?.messageSecret).toHaveLength(32);
  });

  test('a reaction to what they wrote, and its removal', async () => {
    const contact = await friend('15550100305');
    const { messageId } = await contact.say(flow.sandbox.account(PHONE), 'like this?');
    await heard(messageId);
    const { content } = await send('reaction', { messageId, emoji: '👍' });
    expect(content.reactionMessage).toMatchObject({ text: '👍', key: { id: messageId, fromMe: false } });
    const taken = await send('reaction', { messageId, emoji: '' });
    expect(taken.content.reactionMessage).toMatchObject({ text: '', key: { id: messageId } });
  });

  test('a text is changed, and then deleted for everyone', async () => {
    await friend('15550100306');
    const { messageId } = await send('text', { text: 'see you at noon' });
    const edited = await send('edit', { messageId, text: 'see you at one' });
    const change = edited.content.protocolMessage;
    expect(change?.key).toMatchObject({ id: messageId });
    expect(normalizeMessageContent(change?.editedMessage)?.extendedTextMessage?.text).toBe('see you at one');
    const gone = await send('delete', { messageId });
    expect(gone.content.protocolMessage).toMatchObject({ key: { id: messageId, fromMe: true } });
  });

  test('what somebody else wrote can be neither changed nor deleted, and what nobody wrote not reacted to', async () => {
    const contact = await friend('15550100310');
    const { messageId } = await contact.say(flow.sandbox.account(PHONE), 'mine');
    await heard(messageId);
    const about = { sessionId: 'sales', to: contact.phone, messageId };
    const edit = await flow.call('POST', '/messages/edit', { ...about, text: 'yours' });
    expect([edit.status, edit.body.error.code]).toEqual([409, 'not_your_message']);
    const erase = await flow.call('POST', '/messages/delete', about);
    expect([erase.status, erase.body.error.code]).toEqual([409, 'not_your_message']);
    const unknown = { ...about, messageId: '3EB0FFFFFFFFFFFFFFFFFF', emoji: '👍' };
    const react = await flow.call('POST', '/messages/reaction', unknown);
    expect([react.status, react.body.error.code]).toEqual([404, 'message_not_found']);
  });
});
