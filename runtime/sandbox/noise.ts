/**
 * Noise_XX_25519_AESGCM_SHA256 as WhatsApp speaks it, the answering side. Written from the Noise framework and the
 * frames the client sends, independently of the client's own code, so that a handshake that succeeds proves something.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import { Curve } from '@whiskeysockets/baileys';

type KeyPair = ReturnType<typeof Curve.generateKeyPair>;

/** Exactly as long as a SHA-256 hash, so it is used unhashed as the first handshake hash. */
const PROTOCOL_NAME = Buffer.from('Noise_XX_25519_AESGCM_SHA256\0\0\0\0');
const TAG_BYTES = 16;
const NOTHING = Buffer.alloc(0);

function iv(counter: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(counter, 8);
  return bytes;
}

function seal(key: Buffer, counter: number, plaintext: Uint8Array, associated: Buffer): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, iv(counter)).setAAD(associated);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function open(key: Buffer, counter: number, sealed: Uint8Array, associated: Buffer): Buffer {
  const body = sealed.subarray(0, sealed.length - TAG_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, iv(counter)).setAAD(associated);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  return Buffer.concat([decipher.update(body), decipher.final()]);
}

function expand(keyMaterial: Uint8Array, salt: Buffer): [Buffer, Buffer] {
  const out = Buffer.from(hkdfSync('sha256', keyMaterial, salt, NOTHING, 64));
  return [out.subarray(0, 32), out.subarray(32)];
}

/** The two directions after the handshake, each with a counter of its own. */
export class NoiseTransport {
  #received = 0;
  #sent = 0;
  readonly #fromClient: Buffer;
  readonly #toClient: Buffer;

  constructor(fromClient: Buffer, toClient: Buffer) {
    this.#fromClient = fromClient;
    this.#toClient = toClient;
  }

  decrypt(frame: Uint8Array): Buffer {
    return open(this.#fromClient, this.#received++, frame, NOTHING);
  }

  encrypt(plaintext: Uint8Array): Buffer {
    return seal(this.#toClient, this.#sent++, plaintext, NOTHING);
  }
}

/** One handshake: `answer` the client's hello, then `finish` with its second message. */
export class NoiseHandshake {
  #hash: Buffer = PROTOCOL_NAME;
  #salt: Buffer = PROTOCOL_NAME;
  #key: Buffer = PROTOCOL_NAME;
  // Encryption and decryption share one counter until the transport keys are split off.
  #counter = 0;
  readonly #ephemeral = Curve.generateKeyPair();
  readonly #static: KeyPair;

  constructor(prologue: Uint8Array, staticKey: KeyPair) {
    this.#static = staticKey;
    this.#mixHash(prologue);
  }

  answer(clientEphemeral: Uint8Array, certificate: Uint8Array) {
    this.#mixHash(clientEphemeral);
    this.#mixHash(this.#ephemeral.public);
    this.#mixKey(Curve.sharedKey(this.#ephemeral.private, clientEphemeral));
    const sealedStatic = this.#encrypt(this.#static.public);
    this.#mixKey(Curve.sharedKey(this.#static.private, clientEphemeral));
    return { ephemeral: this.#ephemeral.public, static: sealedStatic, payload: this.#encrypt(certificate) };
  }

  finish(sealedStatic: Uint8Array, sealedPayload: Uint8Array) {
    const clientKey = this.#decrypt(sealedStatic);
    this.#mixKey(Curve.sharedKey(this.#ephemeral.private, clientKey));
    const payload = this.#decrypt(sealedPayload);
    const [fromClient, toClient] = expand(NOTHING, this.#salt);
    return { clientKey, payload, transport: new NoiseTransport(fromClient, toClient) };
  }

  #mixHash(data: Uint8Array): void {
    this.#hash = createHash('sha256').update(this.#hash).update(data).digest();
  }

  #mixKey(keyMaterial: Uint8Array): void {
    [this.#salt, this.#key] = expand(keyMaterial, this.#salt);
    this.#counter = 0;
  }

  #encrypt(plaintext: Uint8Array): Buffer {
    const sealed = seal(this.#key, this.#counter++, plaintext, this.#hash);
    this.#mixHash(sealed);
    return sealed;
  }

  #decrypt(sealed: Uint8Array): Buffer {
    const plaintext = open(this.#key, this.#counter++, sealed, this.#hash);
    this.#mixHash(sealed);
    return plaintext;
  }
}
