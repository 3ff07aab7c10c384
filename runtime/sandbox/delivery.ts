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
  readonly #repeats = new Map<string, number>();
  readonly #spoils = new Map<string, number>();
  readonly #held = new Map<string, Held[]>();

  /** Messages clients write to this number are acked with an error and not delivered. Null calls it off. */
  refuse(phone: string, refusal: Refusal | null): void {
    if (refusal) this.#refusals.set(phone, { error: refusal.error, left: refusal.count ?? Infinity });
    else this.#refusals.delete(phone);
  }

  /** The next messages for this number's devices are delivered twice, stanza for stanza. */
  repeatNext(phone: string, count = 1): void {
    this.#repeats.set(phone, count);
  }

  /** The next messages for one device of this number arrive damaged, those sent again on request included. */
  spoilNext(phone: string, device: number, count = 1): void {
    this.#spoils.set(`${phone}:${device}`, count);
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
  carry({ person: { phone }, device }: Address, message: Stanza, deliver: Deliver): void {
    const held = this.#held.get(phone);
    const stanza = countOff(this.#spoils, `${phone}:${device}`) ? spoiled(message) : message;
    for (const copy of countOff(this.#repeats, phone) ? [stanza, stanza] : [stanza]) {
      if (held) held.push({ stanza: copy, deliver });
      else deliver(copy);
    }
  }
}

/** Whether there is one more; takes it off the count. */
function countOff(counts: Map<string, number>, key: string): boolean {
  const left = counts.get(key) ?? 0;
  if (left > 0) counts.set(key, left - 1);
  return left > 0;
}

const spoiled = (message: Stanza): Stanza => ({
  ...message,
  content: children(message).map((each) => (each.tag === 'enc' ? damaged(each) : each)),
});
