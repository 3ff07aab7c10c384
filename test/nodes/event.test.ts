import { expect, test } from '@jest/globals';
import { readEvent, toItem } from '../../nodes/shared/event.ts';
import { EVENT_OPTIONS, passes as passesAt, type EventFilter } from '../../nodes/WhatsAppConnectorTrigger/event.ts';
import { EVENT_NAMES } from '../../runtime/src/events.ts';

const NOW = 1_790_000_000_000;
const passes = (event: Parameters<typeof passesAt>[0], filter: EventFilter) => passesAt(event, filter, NOW);

const envelope = (event: string, data: Record<string, unknown>) => ({
  id: 'evt_1',
  event,
  version: 1,
  sessionId: 'sales',
  sessionHash: 'ab',
  sequence: 7,
  timestamp: 1_790_000_000_000,
  data,
});
const read = (event: string, data: Record<string, unknown>) => {
  const found = readEvent(envelope(event, data));
  if (!found) throw new Error('not an event');
  return found;
};
const message = (more: Record<string, unknown> = {}) =>
  read('message', {
    text: 'hello',
    fromMe: false,
    chat: { jid: '15550100001@s.whatsapp.net', isGroup: false },
    ...more,
  });

const from = (phone: string | null, lid: string | null = null) => ({ from: { phone, jid: lid, lid } });

test('every event the runtime can tell is offered to choose from, and no other', () => {
  expect(EVENT_OPTIONS.map(({ value }) => value).sort()).toEqual([...EVENT_NAMES].sort());
});

test('an item has what happened at its top, with where and when beside it', () => {
  expect(toItem(message())).toEqual({
    event: 'message',
    eventId: 'evt_1',
    sessionId: 'sales',
    sessionHash: 'ab',
    sequence: 7,
    timestamp: 1_790_000_000_000,
    text: 'hello',
    fromMe: false,
    chat: { jid: '15550100001@s.whatsapp.net', isGroup: false },
  });
});

test.each([
  ['text', 'hello'],
  ['a list', []],
  ['no data', { ...envelope('message', {}), data: undefined }],
  ['data that is a list', { ...envelope('message', {}), data: [] }],
  ['no id', { ...envelope('message', {}), id: undefined }],
  ['a sequence in words', { ...envelope('message', {}), sequence: 'seven' }],
])('a body that is %s is not an event', (_what, body) => {
  expect(readEvent(body)).toBeNull();
});

test('messages the account itself sent start nothing unless asked for, so that an answer is not answered', () => {
  expect(passes(message({ fromMe: true }), {})).toBe(false);
  expect(passes(message({ fromMe: true }), { includeOwnMessages: true })).toBe(true);
  expect(passes(message(), {})).toBe(true);
});

test('messages of groups can be left out', () => {
  const group = message({ chat: { jid: '120363000000000001@g.us', isGroup: true } });
  expect(passes(group, {})).toBe(true);
  expect(passes(group, { ignoreGroups: true })).toBe(false);
  expect(passes(message(), { ignoreGroups: true })).toBe(true);
});

test.each([
  ['only groups', { onlyGroups: true }, { chat: { jid: '1@g.us', isGroup: true } }, {}],
  ['only some kinds', { messageKinds: ['image', 'voice'] }, { kind: 'voice' }, { kind: 'text' }],
  ['words, in any case', { textContains: 'PRICE' }, { text: 'The price?' }, { text: 'hello' }],
  ['a pattern, in any case', { textMatches: '^order \\d+' }, { text: 'Order 4711' }, { text: 'my order 4711' }],
  ['a number however it is written', { onlyFrom: '+1 (555) 010-0001' }, from('+15550100001'), from('+15550100002')],
  ['one of several people', { onlyFrom: 'me@lid, 15550100009' }, from(null, 'me@lid'), from('+15550100001', 'you@lid')],
  ['what was written lately', { ignoreOlderThan: 5 }, { sentAt: NOW - 299_000 }, { sentAt: NOW - 301_000 }],
  ['a number, which a hidden one is not', { onlyFrom: '+15550100001' }, from('+15550100001'), from(null)],
])('messages can be narrowed to %s', (_what, filter, fits, fitsNot) => {
  expect(passes(message(fits), filter)).toBe(true);
  expect(passes(message(fitsNot), filter)).toBe(false);
});

test('message statuses can be narrowed, which leaves other events alone', () => {
  const delivered = read('message.ack', { messageId: '3EB0', status: 'delivered' });
  expect(passes(delivered, {})).toBe(true);
  expect(passes(delivered, { messageStatuses: ['read', 'delivered'] })).toBe(true);
  expect(passes(delivered, { messageStatuses: ['read'] })).toBe(false);
  expect(passes(message(), { messageStatuses: ['read'] })).toBe(true);
});
