/** The Signal state of a phone that lives in the sandbox: its keys, its sessions, and the cipher over them. */
import { Curve, generateRegistrationId, generateSignalPubKey } from '@whiskeysockets/baileys';
import { ProtocolAddress, SessionBuilder, SessionCipher, SessionRecord } from 'libsignal';
import type { SignalStorage } from 'libsignal';
import type { KeyBundle } from './directory.ts';
import { generateSigningKeyPair } from './xeddsa.ts';
import type { SigningKeyPair } from './xeddsa.ts';

type KeyPair = ReturnType<typeof Curve.generateKeyPair>;
export type CipherType = 'pkmsg' | 'msg';

const SIGNED_PRE_KEY_ID = 1;
/** libsignal's number for a message that begins a session. */
const PRE_KEY_MESSAGE = 3;

/** libsignal prints whole sessions, private keys included, whenever it closes one. Ours closes them in silence. */
class QuietSessionRecord extends SessionRecord {
  closeSession(session: { indexInfo: { closed: number } }): void {
    session.indexInfo.closed = Date.now();
  }
}

interface Keys {
  readonly identity: SigningKeyPair;
  readonly signedPreKey: { readonly pair: KeyPair; readonly signature: Uint8Array };
}

function generateKeys(): Keys {
  const identity = generateSigningKeyPair();
  const pair = Curve.generateKeyPair();
  return { identity, signedPreKey: { pair, signature: identity.sign(generateSignalPubKey(pair.public)) } };
}

const inLibsignalForm = (pair: Pick<KeyPair, 'private' | 'public'>) => ({
  privKey: Buffer.from(pair.private),
  pubKey: Buffer.from(generateSignalPubKey(pair.public)),
});

export class SignalDevice {
  readonly registrationId = generateRegistrationId();
  readonly #preKeys = new Map<number, KeyPair>();
  readonly #sessions = new Map<string, Uint8Array>();
  readonly #name: string;
  #nextPreKeyId = 1;
  #keys: Keys | null = null;

  /** The name keeps this device's sessions apart in libsignal's process-wide work queue. */
  constructor(name: string) {
    this.#name = name;
  }

  get identityKey(): Uint8Array {
    return this.#made.identity.public;
  }

  sign(message: Uint8Array): Uint8Array {
    return this.#made.identity.sign(message);
  }

  /** Diffie-Hellman between this device's identity and somebody's public key. */
  agree(theirs: Uint8Array): Buffer {
    return Buffer.from(Curve.sharedKey(this.#made.identity.private, theirs));
  }

  /** Made when first asked for: most of a crowd never says or hears a word. */
  get #made(): Keys {
    return (this.#keys ??= generateKeys());
  }

  /** A bundle with a new one-time key: the stock never runs out, since clients ask for one after every reconnect. */
  keyBundle(): Required<KeyBundle> {
    const id = this.#nextPreKeyId++;
    const preKey = Curve.generateKeyPair();
    this.#preKeys.set(id, preKey);
    const { pair, signature } = this.#made.signedPreKey;
    return {
      registrationId: this.registrationId,
      identityKey: this.identityKey,
      signedPreKey: { id: SIGNED_PRE_KEY_ID, key: pair.public, signature },
      preKey: { id, key: preKey.public },
    };
  }

  hasSession(peer: string): boolean {
    const stored = this.#sessions.get(this.#address(peer).toString());
    return stored !== undefined && QuietSessionRecord.deserialize(stored).haveOpenSession();
  }

  async startSession(peer: string, bundle: KeyBundle): Promise<void> {
    const { registrationId, identityKey, signedPreKey, preKey } = bundle;
    const outgoing = {
      registrationId,
      identityKey: generateSignalPubKey(Buffer.from(identityKey)),
      signedPreKey: {
        keyId: signedPreKey.id,
        publicKey: generateSignalPubKey(Buffer.from(signedPreKey.key)),
        signature: Buffer.from(signedPreKey.signature),
      },
      ...(preKey && { preKey: { keyId: preKey.id, publicKey: generateSignalPubKey(Buffer.from(preKey.key)) } }),
    };
    // The library takes a bundle without a one-time key; only its declaration says otherwise.
    await new SessionBuilder(this.#storage(), this.#address(peer)).initOutgoing(outgoing as Required<typeof outgoing>);
  }

  async encrypt(peer: string, plaintext: Uint8Array): Promise<{ type: CipherType; ciphertext: Buffer }> {
    const { type, body } = await this.#cipher(peer).encrypt(Buffer.from(plaintext));
    return { type: type === PRE_KEY_MESSAGE ? 'pkmsg' : 'msg', ciphertext: Buffer.from(body, 'binary') };
  }

  /** Throws when the ciphertext belongs to no session, was damaged, or was decrypted before. */
  async decrypt(peer: string, type: CipherType, ciphertext: Buffer): Promise<Buffer> {
    const cipher = this.#cipher(peer);
    return type === 'pkmsg' ? cipher.decryptPreKeyWhisperMessage(ciphertext) : cipher.decryptWhisperMessage(ciphertext);
  }

  #cipher(peer: string): SessionCipher {
    return new SessionCipher(this.#storage(), this.#address(peer));
  }

  #address(peer: string): ProtocolAddress {
    return new ProtocolAddress(`${this.#name}>${peer}`, 0);
  }

  #storage(): SignalStorage {
    return {
      loadSession: async (id) => {
        const stored = this.#sessions.get(id);
        return stored ? QuietSessionRecord.deserialize(stored) : new QuietSessionRecord();
      },
      storeSession: async (id, session) => void this.#sessions.set(id, session.serialize()),
      // Whether the identity is the one the account signed for is checked by whoever knows the directory.
      isTrustedIdentity: () => true,
      loadPreKey: async (id) => {
        const pair = this.#preKeys.get(Number(id));
        return pair && inLibsignalForm(pair);
      },
      removePreKey: (id) => void this.#preKeys.delete(id),
      loadSignedPreKey: () => inLibsignalForm(this.#made.signedPreKey.pair),
      getOurRegistrationId: () => this.registrationId,
      getOurIdentity: () => inLibsignalForm(this.#made.identity),
    };
  }
}
