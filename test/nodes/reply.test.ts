/** Which event is the reply that an execution waits for. */
import { expect, test } from '@jest/globals';
import {
  replyIn,
  type Awaited,
  type ResponseType,
} from '../../nodes/WhatsAppConnectorSendMessage/resources/message/wait/reply.ts';

const ADA = { contactId: 'ct_ada', phone: '+15550100001', jid: '15550100001@s.whatsapp.net', lid: '7@lid' };
const GROUP = { jid: '12036300@g.us', isGroup: true, contactId: null };
const DIRECT = { jid: ADA.jid, isGroup: false, contactId: ADA.contactId };

const awaited = (responseType: ResponseType, more: Partial<Awaited> = {}): Awaited => ({
  ...{ responseType, messageId: 'M1', to: ADA.jid, contactId: ADA.contactId, approve: 'Yes', decline: 'No' },
  ...more,
});
const event = (name: string, data: Record<string, unknown>) => ({
  ...{ id: 'evt_1', event: name, sessionId: 's', sessionHash: 'h', sequence: 1, timestamp: 1 },
  data: { chat: DIRECT, from: ADA, fromMe: false, ...data },
});
const says = (text: string, more: Record<string, unknown> = {}) =>
  event('message', { messageId: 'R1', text, quotedMessageId: null, ...more });
const votes = (chosen: string[], more: Record<string, unknown> = {}) =>
  event('poll.vote', { messageId: 'M1', chosen, ...more });

test.each([
  ['the next message in the chat', 'reply', says('fine')],
  ['a message that quotes it', 'quotedReply', says('fine', { quotedMessageId: 'M1' })],
  ['a vote in the poll', 'vote', votes(['Monday'])],
] as const)('%s continues by the branch for replies', (_what, type, given) => {
  expect(replyIn(given, awaited(type))).toMatchObject({
    branch: 1,
    item: { replied: true, sentMessageId: 'M1', event: given.event, eventId: 'evt_1' },
  });
});

test.each([
  ['what the account itself wrote', 'reply', says('hello?', { fromMe: true })],
  ['a message in another chat', 'reply', says('hi', { chat: { jid: '9@lid' }, from: { jid: '9@lid', phone: null } })],
  ['what they write in a group', 'reply', says('hi', { chat: GROUP })],
  ['a message that quotes another', 'quotedReply', says('hi', { quotedMessageId: 'M0' })],
  ['a vote, where a message is waited for', 'reply', votes(['Monday'])],
  ['a vote in another poll', 'vote', votes(['Monday'], { messageId: 'M0' })],
  ['a vote that was taken back', 'vote', votes([])],
  ['a message, where a vote is waited for', 'vote', says('Monday')],
  ['words that are neither answer', 'approval', says('maybe')],
] as const)('%s does not', (_what, type, given) => {
  expect(replyIn(given, awaited(type))).toBeNull();
});

test.each([
  [votes(['Yes']), 1, true],
  [votes(['No']), 2, false],
  [says(' yes! '), 1, true],
  [says('NO.'), 2, false],
])('an approval is voted or typed', (given, branch, approved) => {
  expect(replyIn(given, awaited('approval'))).toMatchObject({ branch, item: { approved } });
});

test('a person is known by any of their addresses, and in a group everybody may reply', () => {
  const stranger = { ...ADA, contactId: 'ct_other', jid: '7@lid' };
  const given = says('hi', { from: stranger, chat: { jid: '7@lid', isGroup: false } });
  expect(replyIn(given, awaited('reply', { contactId: '' }))).toMatchObject({ branch: 1 });
  expect(replyIn(given, awaited('reply', { contactId: '', to: '7@lid' }))).toMatchObject({ branch: 1 });
  const inGroup = says('hi', { chat: GROUP, from: { jid: '8@lid', phone: null } });
  expect(replyIn(inGroup, awaited('reply', { contactId: '', to: GROUP.jid }))).toMatchObject({ branch: 1 });
});
