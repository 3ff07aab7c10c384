/** One call somebody makes to an account: it rings on every linked device until somebody, somewhere, decides. */
import { randomBytes } from 'node:crypto';
import type { Addressing, Person } from '../directory.ts';
import { linkedDevicesOf } from '../linked-device.ts';
import type { LinkedDevice } from '../linked-device.ts';
import { newStanzaId, node, now } from '../stanza.ts';
import type { Stanza } from '../stanza.ts';

/**
 * - `ringing`: nobody has decided yet.
 * - `rejected`: by a linked client or on the account's phone.
 * - `accepted`: on the account's phone.
 * - `missed`: rang out. `cancelled`: the caller hung up while it rang. `ended`: hung up after it was accepted.
 * - `refused`: never rang, since one of the two has blocked the other.
 */
export type CallState = 'ringing' | 'rejected' | 'accepted' | 'missed' | 'cancelled' | 'ended' | 'refused';

export interface CallOptions {
  readonly video?: boolean;
  /** The JID of the group whose members are called together. */
  readonly groupJid?: string;
  readonly addressing?: Addressing;
}

export class Call {
  readonly id = randomBytes(16).toString('hex').toUpperCase();
  readonly from: Person;
  readonly to: Person;
  readonly options: CallOptions;
  readonly #changed: (call: Call) => void;
  #state: CallState;

  constructor(from: Person, to: Person, options: CallOptions, refused: boolean, changed: (call: Call) => void) {
    this.from = from;
    this.to = to;
    this.options = options;
    this.#changed = changed;
    this.#state = refused ? 'refused' : 'ringing';
    if (!refused) this.#send(this.#offer());
    changed(this);
  }

  get state(): CallState {
    return this.#state;
  }

  /** The caller's patience ends. Throws when it no longer rings. */
  timeOut(): void {
    this.#end('missed', ['ringing'], 'timeout');
  }

  /** The caller hangs up. Throws when the call is over. */
  hangUp(): void {
    if (this.#state === 'accepted') this.#end('ended', ['accepted']);
    else this.#end('cancelled', ['ringing']);
  }

  /** The account's phone takes the call; linked devices learn that it was taken elsewhere. */
  acceptOnPhone(): void {
    this.#end('accepted', ['ringing'], 'accepted_elsewhere');
  }

  /** The account's phone rejects the call. */
  rejectOnPhone(): void {
    this.#end('rejected', ['ringing'], 'rejected_elsewhere');
  }

  /** A linked client rejects the call; too late when it no longer rings. */
  rejectOn(device: LinkedDevice): void {
    if (this.#state === 'ringing') this.#end('rejected', ['ringing'], 'rejected_elsewhere', device);
  }

  #end(state: CallState, from: readonly CallState[], reason?: string, but?: LinkedDevice): void {
    if (!from.includes(this.#state)) throw new Error(`the call is ${this.#state}`);
    this.#state = state;
    this.#send(node('terminate', { ...this.#attrs(), ...(reason && { reason }) }), but);
    this.#changed(this);
  }

  #offer(): Stanza {
    const { video = false, groupJid } = this.options;
    const attrs = {
      ...this.#attrs(),
      ...(!this.from.hidesNumber && { caller_pn: this.from.jid }),
      ...(groupJid && { 'group-jid': groupJid }),
    };
    const media = [node('audio', { enc: 'opus', rate: '16000' }), ...(video ? [node('video', { enc: 'vp8' })] : [])];
    return node('offer', attrs, media);
  }

  #attrs(): Stanza['attrs'] {
    return { 'call-id': this.id, 'call-creator': this.#caller };
  }

  get #caller(): string {
    return this.from.addressOn(0, this.from.hidesNumber ? 'lid' : (this.options.addressing ?? 'lid'));
  }

  #send(content: Stanza, but?: LinkedDevice): void {
    for (const device of linkedDevicesOf(this.to)) {
      if (device === but) continue;
      const attrs = { from: this.#caller, id: newStanzaId(), t: now(), notify: this.from.name, platform: 'android' };
      device.deliver(node('call', attrs, [content]));
    }
  }
}
