/**
 * Fields of a message that this version's protobuf does not have. The client's decoder drops them without a word, so the
 * message is encoded again: what was there and is not there any more, nobody knew. Pure.
 */
import { proto } from '@whiskeysockets/baileys';

interface Field {
  /** Protobuf's wire type. */
  type: number;
  value: Uint8Array;
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;
/** Messages within messages this deep are looked into. */
const DEEPEST = 12;

/** The paths of field numbers, such as `3999` or `6.17.4`. Throws for what is no message. */
export function unknownFields(bytes: Uint8Array): string[] {
  const known = proto.Message.encode(proto.Message.decode(bytes)).finish();
  return [...new Set(dropped(bytes, known, ''))];
}

function dropped(before: Uint8Array, after: Uint8Array, path: string): string[] {
  if (Buffer.compare(before, after) === 0 || path.split('.').length > DEEPEST) return [];
  const [was, is] = [fieldsOf(before), fieldsOf(after)];
  if (!was || !is) return [];
  return [...was].flatMap(([number, fields]) => {
    const kept = is.get(number);
    if (!kept) return [`${path}${number}`];
    return fields.flatMap(({ type, value }, index) => {
      const same = kept[index];
      const isMessage = type === LENGTH_DELIMITED && same?.type === LENGTH_DELIMITED;
      return isMessage ? dropped(value, same.value, `${path}${number}.`) : [];
    });
  });
}

/** What the bytes hold by field number; null when they are no message. */
function fieldsOf(bytes: Uint8Array): Map<number, Field[]> | null {
  const fields = new Map<number, Field[]>();
  let at = 0;
  while (at < bytes.length) {
    const key = varintAt(bytes, at);
    if (!key) return null;
    const type = key.value % 8;
    const number = Math.floor(key.value / 8);
    const bounds = boundsOf(bytes, type, key.end);
    if (!bounds || bounds.end > bytes.length || number === 0) return null;
    const field = { type, value: bytes.subarray(bounds.start, bounds.end) };
    const same = fields.get(number);
    if (same) same.push(field);
    else fields.set(number, [field]);
    at = bounds.end;
  }
  return fields;
}

function boundsOf(bytes: Uint8Array, type: number, start: number): { start: number; end: number } | null {
  if (type === FIXED64) return { start, end: start + 8 };
  if (type === FIXED32) return { start, end: start + 4 };
  const number = varintAt(bytes, start);
  if (!number) return null;
  if (type === VARINT) return { start, end: number.end };
  return type === LENGTH_DELIMITED ? { start: number.end, end: number.end + number.value } : null;
}

function varintAt(bytes: Uint8Array, start: number): { value: number; end: number } | null {
  let value = 0;
  for (let at = start; at < Math.min(bytes.length, start + 10); at++) {
    const byte = bytes[at] ?? 0;
    value += (byte % 128) * 2 ** (7 * (at - start));
    if (byte < 128) return { value, end: at + 1 };
  }
  return null;
}
