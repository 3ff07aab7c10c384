/** One of each event as receivers get it, for the documentation; the compiler holds them to the shapes. */
import type { Chat, Contact, EventData, EventEnvelope, EventName, MessageEvent } from '../../runtime/src/events.ts';
import type { ContactId, EventId, Jid, MessageId, SessionId } from '../../runtime/src/ids.ts';

const AT = 1_790_000_000_000;
const messageId = '3EB0C0FFEE0123456789AB' as MessageId;
const ann: Contact = {
  contactId: 'c_5f0c6e1b2a3d4c5e6f70' as ContactId,
  phone: '+15550100002',
  lid: '100000000000002@lid' as Jid,
  jid: '100000000000002@lid' as Jid,
  pushName: 'Ann',
};
const ben: Contact = {
  contactId: 'c_0a1b2c3d4e5f60718293' as ContactId,
  phone: '+15550100003',
  lid: null,
  jid: '15550100003@s.whatsapp.net' as Jid,
  pushName: 'Ben',
};
const chat: Chat = { jid: ann.jid, isGroup: false, contactId: ann.contactId };
const group: Chat = { jid: '120363000000000001@g.us' as Jid, isGroup: true, contactId: null };
const act = { messageId, chat, from: ann, fromMe: false, at: AT };

const message: MessageEvent = {
  ...{ messageId, chat, from: ann, fromMe: false, kind: 'text', text: 'Is the blue one still there?', media: null },
  ...{ location: null, contacts: [], poll: null, quotedMessageId: null, quoted: null, mentions: [], forwarded: false },
  ...{ viewOnce: false, disappearsAfter: null, lead: null, sentAt: AT, offline: false },
};

const DATA: EventData = {
  message,
  'message.edited': { ...act, text: 'Is the blue one still available?' },
  'message.deleted': act,
  'message.reaction': { ...act, emoji: '👍' },
  'message.undecryptable': { messageId, chat, from: ann, sentAt: AT },
  'poll.vote': {
    ...{ ...act, question: 'When shall we come?', chosen: ['Monday'] },
    votes: [
      { option: 'Monday', count: 2 },
      { option: 'Tuesday', count: 0 },
    ],
  },
  'message.ack': { messageId, status: 'delivered', chat, to: ann, error: null, certain: null },
  'group.update': { chat: group, from: ann, change: 'added', members: [ben], value: null, at: AT },
  'contact.merged': { kept: ann, merged: 'c_ffeeddccbbaa99887766' as ContactId },
  call: { callId: '6F1D2C3B4A5968778695A4B3C2D1E0F0', status: 'ringing', from: ann, group: null, video: false, at: AT },
  presence: { chat, from: ann, state: 'typing', lastSeen: null },
  'connection.update': {
    status: 'connected',
    reason: { code: 'connected', message: 'The session is connected.', action: 'Nothing to do.' },
  },
  'session.restriction': { restricted: true, until: AT + 86_400_000, reason: 'time_lock' },
  'qr.update': { qr: '2@AbCdEf…', expiresIn: 60 },
  alert: {
    ...{ alert: 'phone_offline', state: 'firing', subject: null },
    message: "The account's phone has not been online for twelve days; after fourteen WhatsApp unlinks its devices.",
    action: 'Open WhatsApp on the phone of this account while it has internet.',
  },
};

export const exampleOf = (event: EventName, sequence: number): EventEnvelope => ({
  id: `evt_${String(sequence).padStart(32, '0')}` as EventId,
  ...{ event, version: 1, sessionId: 'sales' as SessionId, sessionHash: '0f1e2d3c4b5a69788796a5b4c3d2e1f0' },
  ...{ sequence, timestamp: AT + 250, data: DATA[event] },
});
