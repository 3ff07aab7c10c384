/** Carries encrypted messages and receipts between devices. It cannot read what it carries. */
import type { Delivery } from './delivery.ts';
import type { Address, Addressing, Directory, Person } from './directory.ts';
import { authorAttrs } from './groups/groups.ts';
import type { Group } from './groups/groups.ts';
import type { Social } from './social/social.ts';
import { node, now } from './stanza.ts';
import type { Stanza } from './stanza.ts';
import type { World } from './world.ts';

/** One message as its sender hands it in: a ciphertext for each receiving device. */
export interface Dispatch {
  readonly id: string;
  readonly from: Address;
  /** The person whose chat it is; for a peer message the account itself. */
  readonly chat: Person;
  readonly addressing: Addressing;
  readonly type: string;
  /** What it does to an earlier message: 1 edits, 7 and 8 delete. */
  readonly edit?: string | undefined;
  /** A `peer` message goes between an account's own devices and shows in no chat. */
  readonly category?: string | undefined;
  readonly parts: readonly { readonly to: Address; readonly enc: Stanza }[];
  /** The sender's proof of being a linked device, there when a session begins. */
  readonly deviceIdentity?: Stanza | undefined;
  /** What devices of the partner get for which there is no part; nothing at all when not given. */
  readonly unavailable?: Stanza | undefined;
}

/** A message to a group: for each receiving device what was encrypted for it alone and for all. */
export interface GroupDispatch {
  readonly id: string;
  readonly from: Address;
  readonly group: Group;
  readonly type: string;
  readonly edit?: string | undefined;
  readonly parts: readonly { readonly to: Address; readonly encs: readonly Stanza[] }[];
  readonly deviceIdentity?: Stanza | undefined;
}

/** A receipt as its sender hands it in. */
export interface ReceiptSlip {
  /** The group it belongs to, if any. */
  readonly group?: Group | undefined;
  readonly ids: readonly string[];
  readonly from: Address;
  readonly addressing: Addressing;
  readonly type?: string | undefined;
  readonly content?: Stanza[] | undefined;
}

export class PostOffice {
  readonly directory: Directory;
  readonly #delivery: Delivery;
  readonly #social: Social;

  constructor(directory: Directory, { delivery, social }: Pick<World, 'delivery' | 'social'>) {
    this.directory = directory;
    this.#delivery = delivery;
    this.#social = social;
  }

  dispatch(message: Dispatch): void {
    this.#social.circle.meet(message.from.person, message.chat);
    for (const { to, enc } of message.parts) {
      if (!this.#social.reaches(message.from.person, to.person)) continue;
      const attrs = to.person === message.from.person ? ownAttrs(message) : foreignAttrs(message);
      const content = [enc];
      if (message.deviceIdentity) content.push(message.deviceIdentity);
      this.#deliver(to, node('message', attrs, content));
    }
    this.#tellUnavailable(message);
  }

  #tellUnavailable(message: Dispatch): void {
    const { chat: person, parts, unavailable } = message;
    if (!unavailable || !this.#social.reaches(message.from.person, person)) return;
    const served = new Set(parts.map(({ to }) => (to.person === person ? to.device : null)));
    for (const device of person.devices.keys()) {
      if (!served.has(device)) this.#deliver({ person, device }, node('message', foreignAttrs(message), [unavailable]));
    }
  }

  dispatchToGroup(message: GroupDispatch): void {
    const { id, from, group, type, edit, deviceIdentity } = message;
    const attrs = {
      ...common({ id, type, edit, addressing: group.addressing }),
      from: group.jid,
      notify: from.person.name,
    };
    for (const { to, encs } of message.parts) {
      if (encs.length === 0) continue;
      const content = [...encs];
      if (deviceIdentity) content.push(deviceIdentity);
      this.#deliver(to, node('message', { ...attrs, ...authorAttrs(from, group.addressing) }, content));
    }
  }

  /** Carries a receipt to one device. */
  receipt(slip: ReceiptSlip, to: Address): void {
    const [id, ...more] = slip.ids;
    if (id === undefined || (!slip.group && !this.#social.reaches(slip.from.person, to.person))) return;
    const from = slip.from.person.addressOn(slip.from.device, slip.addressing);
    const attrs: Stanza['attrs'] = {
      id,
      ...(slip.group ? { from: slip.group.jid, participant: from } : { from }),
      t: now(),
    };
    if (slip.type) attrs['type'] = slip.type;
    const list = more.map((each) => node('item', { id: each }));
    const content = [...(list.length > 0 ? [node('list', {}, list)] : []), ...(slip.content ?? [])];
    this.#deliver(to, node('receipt', attrs, content.length > 0 ? content : undefined));
  }

  /** Carries a receipt to every device of a person. */
  receiptToAll(slip: ReceiptSlip, person: Person): void {
    for (const device of person.devices.keys()) this.receipt(slip, { person, device });
  }

  #deliver(to: Address, stanza: Stanza): void {
    const device = to.person.devices.get(to.device);
    if (!device) return;
    if (stanza.tag === 'message') this.#delivery.carry(to, stanza, (each) => device.deliver(each));
    else device.deliver(stanza);
  }
}

const common = ({ id, type, edit, addressing }: Pick<Dispatch, 'id' | 'type' | 'edit' | 'addressing'>) => ({
  id,
  t: now(),
  type,
  addressing_mode: addressing,
  ...(edit !== undefined && { edit }),
});

/** How a message looks to somebody else: from the chat partner, in one addressing, with the other beside it. */
function foreignAttrs(message: Dispatch): Stanza['attrs'] {
  const { from, addressing } = message;
  const { person } = from;
  const number: Stanza['attrs'] = person.hidesNumber ? {} : { sender_pn: person.jid };
  const alternative: Stanza['attrs'] = addressing === 'lid' ? number : { sender_lid: person.lid };
  return {
    ...common(message),
    from: person.addressOn(from.device, addressing),
    ...(person.name && { notify: person.name }),
    ...alternative,
  };
}

/** How a message looks to another device of its sender: from itself, naming the chat it belongs to. */
function ownAttrs(message: Dispatch): Stanza['attrs'] {
  const { from, chat, addressing, category } = message;
  const sender = from.person.addressOn(from.device, addressing);
  if (category) return { ...common(message), from: sender, category };
  const number: Stanza['attrs'] = chat.hidesNumber ? {} : { peer_recipient_pn: chat.jid };
  const alternative: Stanza['attrs'] = addressing === 'lid' ? number : { peer_recipient_lid: chat.lid };
  return { ...common(message), from: sender, recipient: chat.addressOn(0, addressing), ...alternative };
}
