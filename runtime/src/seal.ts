/**
 * Encryption at rest. The master key wraps the instance key (keyring.ts), and that one a data key for each session; deleting
 * a wrapped key makes everything sealed with it unreadable for good (crypto-shredding).
 */
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 'v1.';

export interface Seal {
  /** AES-256-GCM under a fresh IV; `context` (what it is and whose) must be the same when it is opened. */
  seal(text: string, context: string): string;
  /** Throws when the text was changed, belongs to another context, or was sealed with another key. */
  open(sealed: string, context: string): string;
  /** A key of 32 bytes of its own for one file (sealed-file.ts), from this one, the file's salt and what the file is. */
  fileKey(salt: Buffer, context: string): Buffer;
}

export function createSeal(keyBytes: Buffer): Seal {
  // Node takes a key object as it is, and bytes only after a detour that costs several times as much as the cipher.
  const key = createSecretKey(keyBytes);
  return {
    seal(text, context) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(ALGORITHM, key, iv).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return VERSION + Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64');
    },
    open(sealed, context) {
      if (!sealed.startsWith(VERSION)) throw new Error('not sealed by this version');
      const bytes = Buffer.from(sealed.slice(VERSION.length), 'base64');
      const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, IV_BYTES)).setAAD(Buffer.from(context));
      decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      return decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    },
    fileKey: (salt, context) => Buffer.from(hkdfSync('sha256', key, salt, `file/${context}`, 32)),
  };
}

export const newDataKey = (): Buffer => randomBytes(32);

/** The key of ENCRYPTION_KEY, or of the file; the file is made with mode 0600 when there is neither. */
export function loadMasterKey(given: string | undefined, file: string): Buffer {
  if (given !== undefined) return Buffer.from(given, 'hex');
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    // Written aside and linked into place: a crash leaves no half key, and two processes agree on one.
    const aside = `${file}.${randomBytes(4).toString('hex')}`;
    writeFileSync(aside, newDataKey().toString('hex'), { mode: 0o600 });
    try {
      linkSync(aside, file);
    } catch (error) {
      if (!existsSync(file)) throw error;
    } finally {
      rmSync(aside);
    }
  }
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'hex');
  if (key.length !== 32) throw new Error(`${file} does not hold an encryption key of 64 hex digits`);
  return key;
}
