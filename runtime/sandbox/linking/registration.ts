/**
 * Clients that want to be linked: they show QR codes made of our references until a phone scans one, or ask to be
 * linked by a code that their user types at the phone.
 */
import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { proto } from '@whiskeysockets/baileys';
import type { Connection } from '../connection.ts';
import { requireSigned } from '../key-bundle.ts';
import type { DeviceKeys } from '../linked-device.ts';
import type { QrOptions } from './options.ts';
import { node, readUint, SERVICE } from '../stanza.ts';

/** A client gets six references: the first is shown for a minute, each other for twenty seconds. */
const WHATSAPP: Required<QrOptions> = { references: 6, firstLifeMs: 60_000, lifeMs: 20_000 };

/** The reference of a code's attempt. */
const CODE_REFERENCE_BYTES = 64;
/** How long a phone waits for the client's question; people need longer to type the code. */
const QUESTION_MS = 1_000;

/** A client waiting to be linked. */
export interface Registration {
  readonly connection: Connection;
  readonly keys: DeviceKeys;
}

/** A client's wish to be linked by a code. */
export interface CodeRequest {
  readonly registration: Registration;
  readonly phone: string;
  readonly reference: Buffer;
  /** The client's ephemeral key, wrapped with the code. */
  readonly wrappedKey: Buffer;
  /** Called with the keys the client sealed when it was shown the phone's; null when there will be none. */
  onBundle: (bundle: Buffer | null) => void;
}

interface Reference extends Registration {
  expiresAt: number;
}

export class Registrations {
  readonly #waiting = new Map<string, Reference>();
  readonly #spent = new Set<string>();
  readonly #byConnection = new Map<Connection, Registration>();
  readonly #codeRequests = new Map<Connection, CodeRequest>();
  readonly #asked = new EventEmitter<{ code: [phone: string] }>();
  readonly #closing: AbortSignal;
  readonly #qr: Required<QrOptions>;

  constructor(closing: AbortSignal, qr: QrOptions = {}) {
    this.#closing = closing;
    this.#asked.setMaxListeners(0);
    this.#qr = { ...WHATSAPP, ...qr };
  }

  /** Takes in a client that has no account yet and gives it references to show. Throws on bad keys. */
  begin(connection: Connection, payload: proto.ClientPayload, noiseKey: Buffer): void {
    const keys = readKeys(payload, noiseKey);
    const references = Array.from({ length: this.#qr.references }, () => `2@${randomBytes(48).toString('base64')}`);
    this.#byConnection.set(connection, { connection, keys });
    const firstEnd = Date.now() + this.#qr.firstLifeMs;
    for (const [place, reference] of references.entries()) {
      this.#waiting.set(reference, { connection, keys, expiresAt: firstEnd + place * this.#qr.lifeMs });
    }
    const refs = references.map((reference) => node('ref', {}, Buffer.from(reference)));
    // The answer says only that the client has read it; that it went away is told by `end`.
    void connection.ask(node('pair-device', {}, refs), { from: SERVICE, type: 'set', xmlns: 'md' }).catch(() => null);
  }

  /** The client that shows this reference. Throws when no client does, or no longer, or for too long. */
  find(reference: string): Registration {
    const registration = this.#waiting.get(reference);
    if (registration && registration.expiresAt < Date.now()) {
      throw new Error('This QR code has expired: scan the one the client shows now');
    }
    if (registration) return registration;
    if (this.#spent.has(reference)) throw new Error('This QR code is no longer valid: it was used, or its client left');
    throw new Error('This QR code is not from this sandbox');
  }

  /** Takes in that a client wants to be linked to a number by a code. Null for a client that does not register. */
  askForCode(connection: Connection, phone: string, wrappedKey: Buffer): Buffer | null {
    const registration = this.#byConnection.get(connection);
    if (!registration) return null;
    const reference = randomBytes(CODE_REFERENCE_BYTES);
    // A client that asks again is now the last one who asked.
    this.#endCodeRequest(connection);
    this.#codeRequests.set(connection, { registration, phone, reference, wrappedKey, onBundle: () => undefined });
    this.#asked.emit('code', phone);
    return reference;
  }

  /** Lets every reference given so far expire. */
  expire(): void {
    for (const reference of this.#waiting.values()) reference.expiresAt = 0;
  }

  /** Whether a client is here to be linked. */
  has(connection: Connection): boolean {
    return this.#byConnection.has(connection);
  }

  codeRequestOf(connection: Connection): CodeRequest | undefined {
    return this.#codeRequests.get(connection);
  }

  /**
   * The last client that asked to be linked to this number by a code. One that shows its code already may have its
   * question still on the way, so it is waited for a little. Throws when none asks.
   */
  async codeRequestFor(phone: string): Promise<CodeRequest> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), QUESTION_MS);
    const signal = AbortSignal.any([deadline.signal, this.#closing]);
    try {
      for (;;) {
        const request = [...this.#codeRequests.values()].findLast((each) => each.phone === phone);
        if (request) return request;
        await once(this.#asked, 'code', { signal });
      }
    } catch {
      throw new Error(`No client asks to be linked to ${phone} with a code: request a pairing code first`);
    } finally {
      clearTimeout(timer);
    }
  }

  #endCodeRequest(connection: Connection): void {
    this.#codeRequests.get(connection)?.onBundle(null);
    this.#codeRequests.delete(connection);
  }

  /** Makes every reference of a client worthless: it has been linked, or has gone. */
  end(connection: Connection): void {
    this.#byConnection.delete(connection);
    this.#endCodeRequest(connection);
    for (const [reference, registration] of this.#waiting) {
      if (registration.connection !== connection) continue;
      this.#waiting.delete(reference);
      this.#spent.add(reference);
    }
  }
}

function readKeys({ devicePairingData: data }: proto.ClientPayload, noiseKey: Buffer): DeviceKeys {
  if (!data?.eIdent || !data.eRegid || !data.eSkeyId || !data.eSkeyVal || !data.eSkeySig) {
    throw new Error('the client offers no keys to register');
  }
  const identityKey = Buffer.from(data.eIdent);
  const signedPreKey = { id: readUint(data.eSkeyId), key: data.eSkeyVal, signature: data.eSkeySig };
  requireSigned(signedPreKey, identityKey);
  return { noiseKey, identityKey, registrationId: readUint(data.eRegid), signedPreKey };
}
