/** Clients that want to be linked: they show QR codes made of our references until a phone scans one. */
import { randomBytes } from 'node:crypto';
import type { proto } from '@whiskeysockets/baileys';
import type { Connection } from './connection.ts';
import { requireSigned } from './key-bundle.ts';
import type { DeviceKeys } from './linked-device.ts';
import { node, readUint, SERVICE } from './stanza.ts';

/** A client gets six references: the first is shown for a minute, each other for twenty seconds. */
const REFERENCES = 6;

/** A client waiting to be linked. */
export interface Registration {
  readonly connection: Connection;
  readonly keys: DeviceKeys;
}

export class Registrations {
  readonly #waiting = new Map<string, Registration>();
  readonly #spent = new Set<string>();

  /** Takes in a client that has no account yet and gives it references to show. Throws on bad keys. */
  begin(connection: Connection, payload: proto.ClientPayload, noiseKey: Buffer): void {
    const registration = { connection, keys: readKeys(payload, noiseKey) };
    const references = Array.from({ length: REFERENCES }, () => `2@${randomBytes(48).toString('base64')}`);
    for (const reference of references) this.#waiting.set(reference, registration);
    const refs = references.map((reference) => node('ref', {}, Buffer.from(reference)));
    // The answer says only that the client has read it; that it went away is told by `end`.
    void connection.ask(node('pair-device', {}, refs), { from: SERVICE, type: 'set', xmlns: 'md' }).catch(() => null);
  }

  /** The client that shows this reference. Throws when no client does, or no longer. */
  find(reference: string): Registration {
    const registration = this.#waiting.get(reference);
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
