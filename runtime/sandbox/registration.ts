/** Clients that want to be linked: they show QR codes made of our references until a phone scans one. */
import { randomBytes } from 'node:crypto';
import type { proto } from '@whiskeysockets/baileys';
import type { Connection } from './connection.ts';
import { requireSigned } from './key-bundle.ts';
import type { DeviceKeys } from './linked-device.ts';
import type { QrOptions } from './linking/linking.ts';
import { node, readUint, SERVICE } from './stanza.ts';

/** A client gets six references: the first is shown for a minute, each other for twenty seconds. */
const WHATSAPP: Required<QrOptions> = { references: 6, firstLifeMs: 60_000, lifeMs: 20_000 };

/** A client waiting to be linked. */
export interface Registration {
  readonly connection: Connection;
  readonly keys: DeviceKeys;
}

interface Reference extends Registration {
  readonly expiresAt: number;
}

export class Registrations {
  readonly #waiting = new Map<string, Reference>();
  readonly #spent = new Set<string>();
  readonly #qr: Required<QrOptions>;

  constructor(qr: QrOptions = {}) {
    this.#qr = { ...WHATSAPP, ...qr };
  }

  /** Takes in a client that has no account yet and gives it references to show. Throws on bad keys. */
  begin(connection: Connection, payload: proto.ClientPayload, noiseKey: Buffer): void {
    const keys = readKeys(payload, noiseKey);
    const references = Array.from({ length: this.#qr.references }, () => `2@${randomBytes(48).toString('base64')}`);
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

  /** Makes every reference of a client worthless: it has been linked, or has gone. */
  end(connection: Connection): void {
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
