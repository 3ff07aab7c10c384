/** Ciphertexts as a bad line leaves them. */
import { bytesOf } from './stanza.ts';
import type { Stanza } from './stanza.ts';

/** A ciphertext changed near its end lies within the part its MAC protects, whichever kind it is. */
const DAMAGE_OFFSET = 12;

/** The same `<enc>`, no longer decryptable. */
export function damaged(enc: Stanza): Stanza {
  const bytes = Buffer.from(bytesOf(enc) ?? []);
  const position = bytes.length - DAMAGE_OFFSET;
  if (position >= 0) bytes[position] = (bytes[position] ?? 0) ^ 0xff;
  return { ...enc, content: bytes };
}
