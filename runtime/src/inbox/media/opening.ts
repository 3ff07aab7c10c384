/**
 * Opens a file as it comes from a media host: AES-256-CBC, with ten bytes of an HMAC at its end. The client library checks
 * neither that nor the hashes a message names (B10 of sandbox-protocol.md), so this does not use it.
 */
import { createDecipheriv, createHash, createHmac, timingSafeEqual, type Hash } from 'node:crypto';
import { getMediaKeys } from '@whiskeysockets/baileys';
import { RuntimeError } from '../../errors.ts';
import type { RemoteFile } from './remote-file.ts';

const MAC_BYTES = 10;
const BLOCK_BYTES = 16;
/** WhatsApp takes no larger file (2 GB). */
const LARGEST_BYTES = 2 * 1024 ** 3;

/**
 * The file in clear, piece by piece. Whoever takes it may use none of it before the end: only then is it known to be the
 * file that was sent. Throws `media_corrupt` when it is not.
 */
export async function* opened(file: RemoteFile, encrypted: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const { iv, cipherKey, macKey = Buffer.alloc(0) } = await getMediaKeys(file.mediaKey, file.type);
  const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv);
  const mac = createHmac('sha256', macKey).update(iv);
  const [outer, inner] = [createHash('sha256'), createHash('sha256')];
  const most = encryptedLength(file.bytes ?? LARGEST_BYTES);
  let length = 0;
  let held = Buffer.alloc(0);
  for await (const chunk of encrypted) {
    outer.update(chunk);
    length += chunk.length;
    if (length > most) throw wrong('it is larger than the message says');
    const all = Buffer.concat([held, chunk]);
    // The last bytes are no part of the file, and which are the last is known only at the end.
    const body = all.subarray(0, Math.max(0, all.length - MAC_BYTES));
    held = Buffer.from(all.subarray(body.length));
    mac.update(body);
    const plain = decipher.update(body);
    inner.update(plain);
    if (plain.length > 0) yield plain;
  }
  requireHash(outer, file.encryptedSha256, 'its hash is another');
  const expected = mac.digest().subarray(0, MAC_BYTES);
  if (held.length !== MAC_BYTES || !timingSafeEqual(held, expected)) throw wrong('its authentication code is another');
  const last = lastOf(decipher);
  inner.update(last);
  requireHash(inner, file.sha256, 'its content has another hash');
  if (last.length > 0) yield last;
}

/** With padding, which is never empty, and the code at the end. */
const encryptedLength = (bytes: number): number => (Math.floor(bytes / BLOCK_BYTES) + 1) * BLOCK_BYTES + MAC_BYTES;

function requireHash(hash: Hash, expected: Buffer | null, otherwise: string): void {
  if (expected && !hash.digest().equals(expected)) throw wrong(otherwise);
}

function lastOf(decipher: { final(): Buffer }): Buffer {
  try {
    return decipher.final();
  } catch (cause) {
    throw wrong('its padding is wrong', cause);
  }
}

const wrong = (why: string, cause?: unknown) => new RuntimeError('media_corrupt', { details: [why], cause });
