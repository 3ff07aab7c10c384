/** Trouble on the way to one number: messages refused, delivered twice, or in another order than they were sent. */
import { damaged } from './damage.ts';
import type { Address, Person } from './directory.ts';
import { children } from './stanza.ts';
import type { Stanza } from './stanza.ts';

type Deliver = (stanza: Stanza) => void;

export interface Refusal {
  /** The `error` of the ack, such as `479`. */
  readonly error: string;
  /** For so many messages; for all until it is called off when not given. */
  readonly count?: number;
}

interface Held {
  readonly stanza: Stanza;
  readonly deliver: Deliver;
}

/** How what was held is let go. */
export type Order = 'as sent' | 'reversed';

export class Delivery {
  readonly #refusals = new Map<string, { error: string; left: number }>();
  readonly #repeats = new Counts();
  readonly #spoils = new Counts();
  readonly #held = new Map<string, Held[]>();

  /** Messages clients write to this number are acked with an error and not delivered. Null calls it off. */
  refuse(phone: string, refusal: Refusal | null): void {
    if (refusal) this.#refusals.set(phone, { error: refusal.error, left: refusal.count ?? Infinity });
    else this.#refusals.delete(phone);
  }

  /** The next messages for a device of this number, or for each of its devices, are delivered twice, stanza for stanza. */
  repeatNext(phone: string, device: number | 'each', count = 1): void {
    this.#repeats.begin(phone, device, count);
  }

  /** The next messages for a device of this number, or for each, arrive damaged; those sent again on request included. */
  spoilNext(phone: string, device: number | 'each', count = 1): void {
    this.#spoils.begin(phone, device, count);
  }

  /** Messages for this number's devices are kept back until they are let go. */
  hold(phone: string): void {
    if (!this.#held.has(phone)) this.#held.set(phone, []);
  }

  /** Delivers what was held and, from now on, everything at once. Returns how many messages were held. */
  release(phone: string, order: Order = 'as sent'): number {
    const held = this.#held.get(phone) ?? [];
    this.#held.delete(phone);
    for (const { stanza, deliver } of order === 'reversed' ? held.reverse() : held) deliver(stanza);
    return held.length;
  }

  /** The error a message to somebody is refused with, if it is; counts it off. */
  takeRefusal(to: Person | undefined): string | null {
    const refusal = to && this.#refusals.get(to.phone);
    if (!refusal || refusal.left === 0) return null;
    refusal.left -= 1;
    return refusal.error;
  }

  /** Hands a message to a device of somebody: now, later or twice. */
  carry(to: Address, message: Stanza, deliver: Deliver): void {
    const held = this.#held.get(to.person.phone);
    const stanza = this.#spoils.take(to) ? spoiled(message) : message;
    for (const copy of this.#repeats.take(to) ? [stanza, stanza] : [stanza]) {
      if (held) held.push({ stanza: copy, deliver });
      else deliver(copy);
    }
  }
}

/** How many messages are still meant, for each device by itself: no device uses up what is meant for another. */
class Counts {
  readonly #begun = new Map<string, { readonly count: number; readonly taken: Map<number, number> }>();

  begin(phone: string, device: number | 'each', count: number): void {
    this.#begun.set(`${phone}:${device}`, { count, taken: new Map() });
  }

  /** Whether a device is to have one more; takes it off its count. */
  take({ person: { phone }, device }: Address): boolean {
    return [device, 'each'].some((which) => {
      const begun = this.#begun.get(`${phone}:${which}`);
      const taken = begun?.taken.get(device) ?? 0;
      if (!begun || taken >= begun.count) return false;
      begun.taken.set(device, taken + 1);
      return true;
    });
  }
}

/** Damages the message itself, which comes last; a sender key before it stays readable. */
function spoiled(message: Stanza): Stanza {
  const parts = children(message);
  const last = parts.findLastIndex(({ tag }) => tag === 'enc');
  return { ...message, content: parts.map((each, at) => (at === last ? damaged(each) : each)) };
}
