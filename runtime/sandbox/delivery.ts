/** Trouble on the way to one number: messages refused, delivered twice, or in another order than they were sent. */
import { damaged } from './damage.ts';
import type { Address, Person } from './directory.ts';
import { children } from './stanza.ts';
import type { Stanza } from './stanza.ts';

type Deliver = (stanza: Stanza) => void;
type Change = (message: Stanza) => Stanza;

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
  readonly #repeats = new NextOnes<true>();
  readonly #changes = new NextOnes<Change>();
  readonly #held = new Map<string, Held[]>();

  /** Messages clients write to this number are acked with an error and not delivered. Null calls it off. */
  refuse(phone: string, refusal: Refusal | null): void {
    if (refusal) this.#refusals.set(phone, { error: refusal.error, left: refusal.count ?? Infinity });
    else this.#refusals.delete(phone);
  }

  /** The next messages for a device of this number, or for each of its devices, are delivered twice, stanza for stanza. */
  repeatNext(phone: string, device: number | 'each', count = 1): void {
    this.#repeats.begin(phone, device, count, true);
  }

  /** The next messages for a device of this number, or for each, arrive damaged; those sent again on request included. */
  spoilNext(phone: string, device: number | 'each', count = 1): void {
    this.changeNext(phone, device, spoiled, count);
  }

  /** The next messages for a device of this number, or for each, arrive changed; those sent again on request included. */
  changeNext(phone: string, device: number | 'each', change: Change, count = 1): void {
    this.#changes.begin(phone, device, count, change);
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
    const stanza = this.#changes.take(to)?.(message) ?? message;
    for (const copy of this.#repeats.take(to) ? [stanza, stanza] : [stanza]) {
      if (held) held.push({ stanza: copy, deliver });
      else deliver(copy);
    }
  }
}

interface Meant<What> {
  readonly what: What;
  readonly count: number;
  /** How many each device has had. */
  readonly taken: Map<number, number>;
}

/** What is meant for the next messages of each device by itself: no device uses up what is meant for another. */
class NextOnes<What> {
  readonly #meant = new Map<string, Meant<What>[]>();

  /** What was begun before goes on first. */
  begin(phone: string, device: number | 'each', count: number, what: What): void {
    const key = `${phone}:${device}`;
    this.#meant.set(key, [...(this.#meant.get(key) ?? []), { what, count, taken: new Map() }]);
  }

  /** What is meant for the message that is about to come to a device, if anything; takes it off the count. */
  take({ person: { phone }, device }: Address): What | undefined {
    const meant = [device, 'each'].flatMap((which) => this.#meant.get(`${phone}:${which}`) ?? []);
    const next = meant.find(({ count, taken }) => (taken.get(device) ?? 0) < count);
    next?.taken.set(device, (next.taken.get(device) ?? 0) + 1);
    return next?.what;
  }
}

/** Damages the message itself, which comes last; a sender key before it stays readable. */
function spoiled(message: Stanza): Stanza {
  const parts = children(message);
  const last = parts.findLastIndex(({ tag }) => tag === 'enc');
  return { ...message, content: parts.map((each, at) => (at === last ? damaged(each) : each)) };
}
