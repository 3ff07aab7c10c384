/** How a phone writes and reads in groups: one ciphertext for all, and the sender's key to each device that lacks it. */
import { encodeWAMessage, proto, unpadRandomMax16 } from '@whiskeysockets/baileys';
import { encAttrs } from '../contents/stanza-kind.ts';
import type { Address } from '../directory.ts';
import type { SignalDevice } from '../signal-device.ts';
import { SenderKeys } from '../signal-groups.ts';
import { bytesOf, children, node } from '../stanza.ts';
import type { Stanza } from '../stanza.ts';
import type { Group } from './group.ts';

/** What each device of a group is to be handed. */
export type GroupParts = { readonly to: Address; readonly encs: Stanza[] }[];

export class GroupTalk {
  readonly #signal: SignalDevice;
  readonly #keys = new SenderKeys();

  constructor(signal: SignalDevice) {
    this.#signal = signal;
  }

  /** Encrypts for every device of the group's members but the one that writes. */
  async encrypt(group: Group, from: Address, message: proto.IMessage): Promise<GroupParts> {
    const devices = new Map(group.devicesBut(from).map((to) => [sessionName(to), to]));
    const strangers = new Set(this.#keys.strangers(group.jid, [...devices.keys()]));
    const introduction = await this.#introduction(group);
    const forAll = node(
      'enc',
      { v: '2', type: 'skmsg', ...encAttrs(message) },
      await this.#keys.encrypt(group.jid, encodeWAMessage(message)),
    );
    const parts: GroupParts = [];
    for (const [name, to] of devices) {
      parts.push({ to, encs: strangers.has(name) ? [await this.#forOne(to, introduction), forAll] : [forAll] });
    }
    this.#keys.noteGiven(group.jid, [...strangers]);
    return parts;
  }

  /** Encrypts for one device that could not decrypt: the message and the key in one. A session must have begun. */
  async encryptAgain(group: Group, to: Address, message: proto.IMessage, count: number): Promise<GroupParts> {
    const introduction = await this.#introduction(group);
    return [
      {
        to,
        encs: [await this.#forOne(to, { ...message, ...introduction }, { ...encAttrs(message), count: String(count) })],
      },
    ];
  }

  /** Takes in the sender's key if it is there, and gives back the message. Throws when it cannot be decrypted. */
  async decrypt(stanza: Stanza, group: string, sender: Address): Promise<proto.Message> {
    let message: proto.Message | null = null;
    for (const enc of children(stanza, 'enc')) {
      message = proto.Message.decode(unpadRandomMax16(await this.#open(enc, group, sender)));
      const key = message.senderKeyDistributionMessage?.axolotlSenderKeyDistributionMessage;
      if (key) await this.#keys.accept(group, sessionName(sender), key);
    }
    if (!message) throw new Error('nothing to decrypt');
    return message;
  }

  #open(enc: Stanza, group: string, sender: Address): Promise<Uint8Array> {
    const ciphertext = bytesOf(enc);
    const { type } = enc.attrs;
    if (!ciphertext) throw new Error('nothing to decrypt');
    if (type === 'skmsg') return this.#keys.decrypt(group, sessionName(sender), ciphertext);
    if (type !== 'pkmsg' && type !== 'msg') throw new Error(`no such kind of ciphertext: ${type ?? ''}`);
    return this.#signal.decrypt(sessionName(sender), type, ciphertext);
  }

  async #introduction({ jid }: Group): Promise<proto.IMessage> {
    const axolotlSenderKeyDistributionMessage = await this.#keys.distribution(jid);
    return { senderKeyDistributionMessage: { groupId: jid, axolotlSenderKeyDistributionMessage } };
  }

  async #forOne(to: Address, message: proto.IMessage, more: Stanza['attrs'] = {}): Promise<Stanza> {
    const name = sessionName(to);
    const device = to.person.devices.get(to.device);
    if (!device) throw new Error(`${to.person.phone} has no device ${to.device}`);
    if (!this.#signal.hasSession(name)) await this.#signal.startSession(name, device.keyBundle());
    const { type, ciphertext } = await this.#signal.encrypt(name, encodeWAMessage(message));
    return node('enc', { v: '2', type, ...more }, ciphertext);
  }
}

const sessionName = ({ person, device }: Address): string => `${person.lidUser}:${device}`;
