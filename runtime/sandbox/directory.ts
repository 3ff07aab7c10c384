/** Who exists in the sandbox: people, their two addresses (phone number and LID), and their devices. */
import { createHash } from 'node:crypto';
import { jidDecode, jidEncode } from '@whiskeysockets/baileys';
import type { Stanza } from './stanza.ts';

/** How a conversation is addressed: by phone number (`@s.whatsapp.net`) or by the hidden id (`@lid`). */
export type Addressing = 'pn' | 'lid';

/** A one-time public key of a device. */
export interface PublicPreKey {
  readonly id: number;
  readonly key: Uint8Array;
}

/** What one needs to begin an encrypted session with a device. Keys are 32 bytes, without Signal's type byte. */
export interface KeyBundle {
  readonly registrationId: number;
  readonly identityKey: Uint8Array;
  readonly signedPreKey: PublicPreKey & { readonly signature: Uint8Array };
  readonly preKey?: PublicPreKey;
}

/** One device of a person: number 0 is the phone, others are linked. */
export interface Device {
  readonly id: number;
  /** The device's place in its account's signed list; a client ignores a linked device without one. */
  readonly keyIndex: number;
  readonly identityKey: Uint8Array;
  /** A bundle for a new session. Uses up a one-time key. */
  keyBundle(): KeyBundle;
  /** Takes a stanza meant for this device: at once, or when it is next online. */
  deliver(stanza: Stanza): void;
}

export class Person {
  readonly phone: string;
  /** What others see beside its messages. */
  name: string;
  readonly lidUser: string;
  readonly devices = new Map<number, Device>();
  /** Whether nobody is told the phone number: others know only the hidden id. */
  hidesNumber = false;

  constructor(phone: string, name: string) {
    this.phone = phone;
    this.name = name;
    this.lidUser = lidUserOf(phone);
  }

  get jid(): string {
    return this.addressOn(0, 'pn');
  }

  get lid(): string {
    return this.addressOn(0, 'lid');
  }

  addressOn(device: number, addressing: Addressing): string {
    return addressing === 'lid'
      ? jidEncode(this.lidUser, 'lid', device)
      : jidEncode(this.phone, 's.whatsapp.net', device);
  }
}

/** A device of a person, as stanzas address it. */
export interface Address {
  readonly person: Person;
  readonly device: number;
}

export class Directory {
  readonly #byUser = new Map<string, Person>();

  /** Enters a person. Throws for anything but 5 to 15 digits, and for a number that is taken. */
  add(phone: string, name: string): Person {
    if (!/^[1-9]\d{4,14}$/.test(phone)) throw new Error(`${JSON.stringify(phone)} is not a phone number in digits`);
    if (this.#byUser.has(phone)) throw new Error(`${phone} is already somebody in this sandbox`);
    const person = new Person(phone, name);
    this.#byUser.set(person.phone, person);
    this.#byUser.set(person.lidUser, person);
    return person;
  }

  /** Resolves a JID in either addressing, with or without a device; undefined for a number nobody has. */
  find(jid: string | undefined): Address | undefined {
    const parts = jidDecode(jid);
    if (!parts || (parts.server !== 's.whatsapp.net' && parts.server !== 'lid')) return undefined;
    const person = this.#byUser.get(parts.user);
    const expected = parts.server === 'lid' ? person?.lidUser : person?.phone;
    return person && expected === parts.user ? { person, device: parts.device ?? 0 } : undefined;
  }
}

/** Fifteen digits, as LIDs have, the same for the same number every time the sandbox runs. */
function lidUserOf(phone: string): string {
  const digest = createHash('sha256').update(`lid of ${phone}`).digest().readBigUInt64BE(0);
  return String(100_000_000_000_000n + (digest % 800_000_000_000_000n));
}
