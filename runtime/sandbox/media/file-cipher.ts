/** How phones encrypt files: keys from one secret and the kind of file, AES-256-CBC, and a MAC cut to ten bytes. */
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/** The kinds of files that have keys of their own. */
export type CipherKind = 'image' | 'video' | 'audio' | 'document' | 'sticker';

/** What makes keys of one kind useless for another; a sticker is an image. */
const KEY_INFO: Readonly<Record<CipherKind, string>> = {
  image: 'WhatsApp Image Keys',
  video: 'WhatsApp Video Keys',
  audio: 'WhatsApp Audio Keys',
  document: 'WhatsApp Document Keys',
  sticker: 'WhatsApp Image Keys',
};
const MAC_BYTES = 10;

export interface EncryptedFile {
  readonly mediaKey: Buffer;
  /** Ciphertext and MAC, as they are uploaded. */
  readonly bytes: Buffer;
  readonly fileSha256: Buffer;
  readonly fileEncSha256: Buffer;
  readonly fileLength: number;
}

/** What a message says of its file. */
export interface FileFacts {
  readonly mediaKey?: Uint8Array | null;
  readonly fileSha256?: Uint8Array | null;
  readonly fileEncSha256?: Uint8Array | null;
  /** A number, or a long integer of protobuf. */
  readonly fileLength?: unknown;
}

export function encryptFile(kind: CipherKind, plain: Buffer): EncryptedFile {
  const mediaKey = randomBytes(32);
  const { iv, cipherKey, macKey } = keysOf(kind, mediaKey);
  const cipher = createCipheriv('aes-256-cbc', cipherKey, iv);
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]);
  const bytes = Buffer.concat([ciphertext, macOf(macKey, iv, ciphertext)]);
  const fileLength = plain.length;
  return { mediaKey, bytes, fileSha256: sha256(plain), fileEncSha256: sha256(bytes), fileLength };
}

/** Decrypts a file and checks it against all that the message says of it. Throws with what does not fit. */
export function decryptFile(kind: CipherKind, facts: FileFacts, bytes: Buffer): Buffer {
  if (facts.mediaKey?.length !== 32) throw new Error('the message has no key for its file');
  if (!sha256(bytes).equals(facts.fileEncSha256 ?? new Uint8Array())) {
    throw new Error('the file is not the one that was uploaded: fileEncSha256 is another');
  }
  const { iv, cipherKey, macKey } = keysOf(kind, facts.mediaKey);
  const ciphertext = bytes.subarray(0, -MAC_BYTES);
  if (!macOf(macKey, iv, ciphertext).equals(bytes.subarray(-MAC_BYTES)))
    throw new Error('the MAC of the file is wrong');
  const decipher = createDecipheriv('aes-256-cbc', cipherKey, iv);
  const plain = Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  if (!sha256(plain).equals(facts.fileSha256 ?? new Uint8Array())) {
    throw new Error('the file is not the one the message names: fileSha256 is another');
  }
  if (Number(facts.fileLength) !== plain.length) {
    throw new Error(`the file has ${plain.length} bytes and the message says ${String(facts.fileLength)}`);
  }
  return plain;
}

function keysOf(kind: CipherKind, mediaKey: Uint8Array) {
  const keys = Buffer.from(hkdfSync('sha256', mediaKey, Buffer.alloc(0), KEY_INFO[kind], 112));
  return { iv: keys.subarray(0, 16), cipherKey: keys.subarray(16, 48), macKey: keys.subarray(48, 80) };
}

const macOf = (key: Buffer, iv: Buffer, ciphertext: Buffer): Buffer =>
  createHmac('sha256', key).update(iv).update(ciphertext).digest().subarray(0, MAC_BYTES);

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
