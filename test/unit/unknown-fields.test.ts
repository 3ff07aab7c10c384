/** Fields of messages that this version does not know are found wherever they are, and nothing else is. */
import { expect, test } from '@jest/globals';
import { proto } from '@whiskeysockets/baileys';
import { unknownFields } from '../../runtime/src/session/unknown-fields.ts';

const FUTURE = 3_999;

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}
const key = (number: number, type: number) => varint(number * 8 + type);
const within = (number: number, bytes: Uint8Array) =>
  Buffer.from([...key(number, 2), ...varint(bytes.length), ...bytes]);
const encoded = (message: proto.IMessage) => Buffer.from(proto.Message.encode(message).finish());

const text = encoded({ extendedTextMessage: { text: 'hello', contextInfo: { stanzaId: 'A' } } });
const FIELDS: [string, Buffer][] = [
  ['a number', Buffer.from([...key(FUTURE, 0), ...varint(300)])],
  ['a text', within(FUTURE, Buffer.from('later'))],
  ['eight bytes', Buffer.from([...key(FUTURE, 1), 1, 2, 3, 4, 5, 6, 7, 8])],
  ['four bytes', Buffer.from([...key(FUTURE, 5), 1, 2, 3, 4])],
];

test('a message of known fields has none', () => {
  expect(unknownFields(text)).toEqual([]);
  expect(unknownFields(encoded({ conversation: '' }))).toEqual([]);
  expect(unknownFields(new Uint8Array())).toEqual([]);
});

test.each(FIELDS)('%s of a later version is named by its number', (_what, field) => {
  expect(unknownFields(Buffer.concat([text, field]))).toEqual([String(FUTURE)]);
  expect(unknownFields(Buffer.concat([field, text, field]))).toEqual([String(FUTURE)]);
});

test.each(FIELDS)('%s within a message of a message is named by its path', (_what, field) => {
  // extendedTextMessage is 6, its contextInfo 17.
  const context = within(17, Buffer.concat([Buffer.from([...key(1, 2), 1, 65]), field]));
  expect(unknownFields(within(6, Buffer.concat([within(1, Buffer.from('hello')), context])))).toEqual([
    `6.17.${FUTURE}`,
  ]);
});

test('of fields that come more than once each is looked into', () => {
  // A list: pollCreationMessage is 49, its options 3.
  const option = (more: Uint8Array) => within(3, Buffer.concat([within(1, Buffer.from('yes')), more]));
  const poll = within(49, Buffer.concat([option(new Uint8Array()), option(within(FUTURE, Buffer.from('x')))]));
  expect(unknownFields(poll)).toEqual([`49.3.${FUTURE}`]);
});

test('text that looks like a message of its own is not taken for one', () => {
  const looksLikeOne = within(FUTURE, Buffer.from('x')).toString('latin1');
  expect(unknownFields(encoded({ conversation: looksLikeOne }))).toEqual([]);
});

test('what was cut off is refused, or read as far as it goes', () => {
  const whole = Buffer.concat([text, within(FUTURE, Buffer.from('later'))]);
  expect(() => unknownFields(whole.subarray(0, 5))).toThrow();
  for (let length = 0; length < whole.length; length += 1) {
    let found: string[] = [];
    try {
      found = unknownFields(whole.subarray(0, length));
    } catch {
      // Refused.
    }
    expect(found).toEqual([]);
  }
});
