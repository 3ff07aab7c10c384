/**
 * The cryptography of linking with a typed code, the phone's side. Both sides wrap an ephemeral key with the code; who
 * does not know it gets another key out, and cannot open what is sealed under the secret of the two.
 */
import { createCipheriv, createDecipheriv, hkdfSync, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { Curve } from '@whiskeysockets/baileys';

const ITERATIONS = 131_072;
const SALT_BYTES = 32;
const CTR_IV_BYTES = 16;
const GCM_IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const BUNDLE_INFO = 'link_code_pairing_key_bundle_encryption_key';
const SECRET_INFO = 'adv_secret';

const stretch = promisify(pbkdf2);

/** The keys of the phone that take part. */
export interface PhoneKeys {
  readonly identityKey: Uint8Array;
  /** Diffie-Hellman between the phone's identity and somebody's public key. */
  agree(theirs: Uint8Array): Buffer;
}

/** The eight characters of a code, without what people type between them. Throws when they are not eight. */
export function readPairingCode(typed: string): string {
  const code = typed.replace(/[\s-]/g, '').toUpperCase();
  if (code.length !== 8) throw new Error('A pairing code has 8 characters');
  return code;
}

/** One attempt with one code. */
export class CodeAttempt {
  readonly #code: string;
  readonly #ephemeral = Curve.generateKeyPair();

  constructor(code: string) {
    this.#code = code;
  }

  /** The phone's ephemeral key, wrapped with the code. */
  async wrappedKey(): Promise<Buffer> {
    const [salt, iv] = [randomBytes(SALT_BYTES), randomBytes(CTR_IV_BYTES)];
    const cipher = createCipheriv('aes-256-ctr', await this.#key(salt), iv);
    return Buffer.concat([salt, iv, cipher.update(this.#ephemeral.public), cipher.final()]);
  }

  /**
   * The secret both sides derive when the code is right: what seals the account's signature. Throws when the client's
   * bundle was not sealed by one that knows this code, and when it is for other identities.
   */
  async secret(wrappedClientKey: Buffer, bundle: Buffer, clientIdentity: Uint8Array, phone: PhoneKeys) {
    const shared = Curve.sharedKey(this.#ephemeral.private, await this.#unwrap(wrappedClientKey));
    const opened = openBundle(shared, bundle);
    const identities = Buffer.concat([clientIdentity, phone.identityKey]);
    if (!opened.subarray(0, identities.length).equals(identities)) {
      throw new Error('The client sealed its keys for another phone');
    }
    const material = Buffer.concat([shared, phone.agree(clientIdentity), opened.subarray(identities.length)]);
    return Buffer.from(hkdfSync('sha256', material, Buffer.alloc(0), SECRET_INFO, KEY_BYTES));
  }

  async #unwrap(wrapped: Buffer): Promise<Buffer> {
    const salt = wrapped.subarray(0, SALT_BYTES);
    const iv = wrapped.subarray(SALT_BYTES, SALT_BYTES + CTR_IV_BYTES);
    const decipher = createDecipheriv('aes-256-ctr', await this.#key(salt), iv);
    return Buffer.concat([decipher.update(wrapped.subarray(SALT_BYTES + CTR_IV_BYTES)), decipher.final()]);
  }

  #key(salt: Buffer): Promise<Buffer> {
    return stretch(this.#code, salt, ITERATIONS, KEY_BYTES, 'sha256');
  }
}

function openBundle(shared: Uint8Array, bundle: Buffer): Buffer {
  const salt = bundle.subarray(0, SALT_BYTES);
  const iv = bundle.subarray(SALT_BYTES, SALT_BYTES + GCM_IV_BYTES);
  const key = Buffer.from(hkdfSync('sha256', shared, salt, BUNDLE_INFO, KEY_BYTES));
  const decipher = createDecipheriv('aes-256-gcm', key, iv);
  decipher.setAuthTag(bundle.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bundle.subarray(SALT_BYTES + GCM_IV_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    throw new Error('Wrong code: type the 8 characters the client shows');
  }
}
