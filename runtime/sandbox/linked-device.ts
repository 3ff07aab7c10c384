/** A client linked to an account: what the server remembers of it between connections. */
import type { Connection } from './connection.ts';
import type { Device, KeyBundle, Person, PublicPreKey } from './directory.ts';
import { Mailbox } from './mailbox.ts';
import { newStanzaId, node, now, SERVICE } from './stanza.ts';
import type { Stanza } from './stanza.ts';

/** Below this many one-time keys the server asks a device for more. */
const LOW_PRE_KEYS = 5;

/** The keys a device registers with. */
export interface DeviceKeys {
  readonly noiseKey: Buffer;
  readonly identityKey: Buffer;
  readonly registrationId: number;
  readonly signedPreKey: PublicPreKey & { readonly signature: Uint8Array };
}

export class LinkedDevice implements Device {
  readonly id: number;
  readonly keyIndex: number;
  readonly person: Person;
  readonly keys: DeviceKeys;
  readonly linkedAt = new Date();
  readonly mailbox = new Mailbox();
  signedPreKey: DeviceKeys['signedPreKey'];
  /** Whether the phone's first messages (app-state key, history) have been received. */
  hasHistory = false;
  /** Messages the device asked for again: the nack that follows such a request settles nothing. */
  readonly askedAgain = new Set<string>();
  #preKeys: PublicPreKey[] = [];
  #connection: Connection | null = null;

  constructor(person: Person, id: number, keys: DeviceKeys) {
    this.person = person;
    this.id = id;
    this.keyIndex = id;
    this.keys = keys;
    this.signedPreKey = keys.signedPreKey;
  }

  get identityKey(): Uint8Array {
    return this.keys.identityKey;
  }

  get preKeyCount(): number {
    return this.#preKeys.length;
  }

  get connection(): Connection | null {
    return this.#connection;
  }

  stockPreKeys(preKeys: readonly PublicPreKey[]): void {
    const fresh = new Set(preKeys.map(({ id }) => id));
    this.#preKeys = [...this.#preKeys.filter(({ id }) => !fresh.has(id)), ...preKeys];
  }

  keyBundle(): KeyBundle {
    const { identityKey, registrationId } = this.keys;
    const preKey = this.#preKeys.shift();
    if (preKey && this.#preKeys.length < LOW_PRE_KEYS) this.#askForPreKeys();
    return { identityKey, registrationId, signedPreKey: this.signedPreKey, ...(preKey && { preKey }) };
  }

  /** Has no more than so many one-time keys left, as when many people have begun to write to it, and is asked for more. */
  runLow(left: number): void {
    this.#preKeys.splice(0, Math.max(0, this.#preKeys.length - left));
    this.#askForPreKeys();
  }

  deliver(stanza: Stanza): void {
    this.mailbox.post(stanza);
  }

  /** Takes over as the device's one connection; the connection it had before, if any, is handed back. */
  attach(connection: Connection): Connection | null {
    const previous = this.#connection;
    this.mailbox.close();
    this.#connection = connection;
    return previous;
  }

  /** Forgets the connection, unless a newer one has taken its place. Returns whether it was the current one. */
  detach(connection: Connection): boolean {
    if (this.#connection !== connection) return false;
    this.mailbox.close();
    this.#connection = null;
    return true;
  }

  #askForPreKeys(): void {
    const attrs = { from: SERVICE, type: 'encrypt', id: newStanzaId(), t: now() };
    this.#connection?.send(node('notification', attrs, [node('count', { value: String(this.preKeyCount) })]));
  }
}

/** A person's linked devices: all but the phone. */
export const linkedDevicesOf = (person: Person | undefined): LinkedDevice[] =>
  [...(person?.devices.values() ?? [])].filter((device) => device instanceof LinkedDevice);
