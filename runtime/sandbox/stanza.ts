/** Small words for building and reading stanzas (WhatsApp's binary XML). */
import { randomBytes } from 'node:crypto';
import { getBinaryNodeChild, S_WHATSAPP_NET } from '@whiskeysockets/baileys';
import type { BinaryNode } from '@whiskeysockets/baileys';

export type Stanza = BinaryNode;

/** The service itself as a JID: the empty user. Without the `@` clients do not recognise it. */
export const SERVICE = S_WHATSAPP_NET;

export const node = (tag: string, attrs: Stanza['attrs'] = {}, content?: Stanza['content']): Stanza =>
  content === undefined ? { tag, attrs } : { tag, attrs, content };

/** The clock as stanzas carry it. Attribute values must be strings: a number makes a corrupt frame. */
export const now = (): string => String(Math.floor(Date.now() / 1000));

export const newStanzaId = (): string => randomBytes(8).toString('hex');

export const child = (stanza: Stanza | undefined, tag: string): Stanza | undefined => getBinaryNodeChild(stanza, tag);

export const children = (stanza: Stanza | undefined, tag?: string): Stanza[] =>
  Array.isArray(stanza?.content) ? stanza.content.filter((each) => tag === undefined || each.tag === tag) : [];

/** A stanza's content as bytes; the codec gives text back for content that looked numeric or like a JID. */
export function bytesOf(stanza: Stanza | undefined): Buffer | undefined {
  const content = stanza?.content;
  if (content === undefined || Array.isArray(content)) return undefined;
  return typeof content === 'string' ? Buffer.from(content) : Buffer.from(content);
}

/** A required big-endian number or key inside a stanza. Throws naming the missing part. */
export function requireBytes(parent: Stanza | undefined, tag: string): Buffer {
  const bytes = bytesOf(child(parent, tag));
  if (!bytes) throw new Error(`<${parent?.tag ?? 'nothing'}> has no <${tag}>`);
  return bytes;
}

export const readUint = (bytes: Uint8Array): number => Buffer.from(bytes).readUIntBE(0, bytes.length);

export function uint(value: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(value, 0, length);
  return bytes;
}
