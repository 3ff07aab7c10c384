/** The devices a contact has linked to its phone. Each has keys and a screen of its own, and can write. */
import { signKeyIndexes } from './adv.ts';
import type { Person } from './directory.ts';
import type { Phone } from './phone.ts';
import type { Screen, ScreenMessage } from './screen.ts';
import type { Social } from './social/social.ts';

/** A phone, or a device linked to it, with what it shows. */
export interface Handset {
  readonly phone: Phone;
  readonly screen: Screen;
}

export interface ContactDevice {
  /** Its number among the contact's devices; the phone is 0. */
  readonly id: number;
  /** What it shows, oldest first. */
  readonly screen: readonly ScreenMessage[];
  /** Looks at its screen for a message, then waits for it. Rejects at the deadline. */
  waitForMessage(match: (message: ScreenMessage) => boolean, timeoutMs: number): Promise<ScreenMessage>;
}

export class ContactDevices {
  readonly #person: Person;
  readonly #primary: Handset;
  readonly #social: Social;
  readonly #make: (id: number) => Handset;
  readonly #linked = new Map<number, Handset>();
  #nextId = 1;

  constructor(person: Person, primary: Handset, social: Social, make: (id: number) => Handset) {
    this.#person = person;
    this.#primary = primary;
    this.#social = social;
    this.#make = make;
  }

  /** The phone and every linked device, as those who receive and send. */
  get phones(): Phone[] {
    return [this.#primary, ...this.#linked.values()].map(({ phone }) => phone);
  }

  get all(): ContactDevice[] {
    return [...this.#linked.keys()].map((id) => this.#device(id));
  }

  /** Links another device, and tells the clients of those who know the contact. */
  link(): ContactDevice {
    const id = this.#nextId++;
    this.#linked.set(id, this.#make(id));
    this.#tell('add', id);
    return this.#device(id);
  }

  /** Removes a linked device, and tells the clients of those who know the contact. Throws when there is none. */
  unlink(id: number): void {
    this.handset(id);
    if (id === 0) throw new Error('a phone cannot be unlinked');
    this.#linked.delete(id);
    this.#person.devices.delete(id);
    this.#tell('remove', id);
  }

  /**
   * Installs WhatsApp anew on the phone: other keys, and no linked devices. Clients that know the contact are told,
   * unless they are to find out by themselves.
   */
  async reinstall({ quietly = false }: { quietly?: boolean } = {}): Promise<void> {
    for (const id of this.#linked.keys()) this.unlink(id);
    await this.#primary.phone.reinstall();
    if (!quietly) this.#social.announceIdentity(this.#person);
  }

  /** The phone (0) or a linked device. Throws when there is none of that number. */
  handset(id: number): Handset {
    const handset = id === 0 ? this.#primary : this.#linked.get(id);
    if (!handset) throw new Error(`${this.#person.phone} has no device ${id}`);
    return handset;
  }

  #device(id: number): ContactDevice {
    const { screen } = this.handset(id);
    return {
      id,
      get screen() {
        return screen.rows;
      },
      waitForMessage: (match, timeoutMs) => screen.waitFor(match, timeoutMs),
    };
  }

  #tell(change: 'add' | 'remove', id: number): void {
    const indexes = [0, ...this.#linked.keys()];
    this.#social.announceDevice(this.#person, change, id, signKeyIndexes(this.#primary.phone.signal, indexes));
  }
}
