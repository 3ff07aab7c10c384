/**
 * A phone that lives in the sandbox, or another device of its person: it encrypts and decrypts with Signal state of its
 * own, shows what it receives, confirms it, and sends again what somebody could not decrypt.
 */
import { proto, unpadRandomMax16, writeRandomPadMax16 } from '@whiskeysockets/baileys';
import { linkedIdentity } from './adv.ts';
import { editAttr, encAttrs, unavailableFor } from './contents/stanza-kind.ts';
import type { Address, Device, KeyBundle, Person } from './directory.ts';
import { Group, GroupTalk } from './groups/groups.ts';
import { bundleFromReceipt, bundleToStanzas } from './key-bundle.ts';
import type { Origin, PhoneOptions, ReceivedReceipt, Sent } from './phone-options.ts';
import { addressingOf, checkLinkedDevice, copyOf, isCipherType, kindOf } from './phone-stanzas.ts';
import { SignalDevice } from './signal-device.ts';
import { bytesOf, child, children, node, now, uint } from './stanza.ts';
import type { Stanza } from './stanza.ts';

export type { Origin, PhoneOptions, ReceivedReceipt } from './phone-options.ts';

/** How often a phone asks for a message it cannot decrypt; WhatsApp's clients give up after five. */
const MAX_RETRIES = 5;
const NONE = Buffer.alloc(0);

export class Phone implements Device {
  readonly id: number;
  readonly #account: Phone | null;
  readonly #person: Person;
  readonly #options: PhoneOptions;
  readonly #sent = new Map<string, Sent>();
  readonly #retries = new Map<string, number>();
  readonly #origins = new Map<string, Origin>();
  #signal: SignalDevice;
  #groupTalk: GroupTalk;
  #identity: Stanza | undefined;
  #work: Promise<unknown> = Promise.resolve();
  /** What came while the phone was away from the network; null when it is not. */
  #waiting: Stanza[] | null = null;

  /** The person's phone; or, with another number and the phone that vouches for it, a device linked to it. */
  constructor(person: Person, options: PhoneOptions, id = 0, account: Phone | null = null) {
    this.id = id;
    this.#account = account;
    this.#person = person;
    this.#options = options;
    this.#signal = this.#freshSignal();
    this.#groupTalk = new GroupTalk(this.#signal);
    person.devices.set(this.id, this);
  }

  get signal(): SignalDevice {
    return this.#signal;
  }

  get keyIndex(): number {
    return this.id;
  }

  get identityKey(): Uint8Array {
    return this.signal.identityKey;
  }

  keyBundle(): KeyBundle {
    return this.signal.keyBundle();
  }

  /** Loses its keys and sessions, as a phone on which WhatsApp is installed anew. Its screen is restored. */
  reinstall(): Promise<void> {
    return this.#inTurn(async () => {
      this.#signal = this.#freshSignal();
      this.#groupTalk = new GroupTalk(this.#signal);
    });
  }

  get isAway(): boolean {
    return this.#waiting !== null;
  }

  /** Loses the network: what is sent to it waits at the server. */
  goAway(): void {
    this.#waiting ??= [];
  }

  comeBack(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const stanza of waiting) this.deliver(stanza);
  }

  deliver(stanza: Stanza): void {
    if (this.#waiting) return void this.#waiting.push(stanza);
    this.#inTurn(() => (stanza.tag === 'message' ? this.#onMessage(stanza) : this.#onReceipt(stanza))).catch(
      (error: unknown) => this.#options.log(`phone of ${this.#person.phone}: ${String(error)}`),
    );
  }

  /**
   * Encrypts for the given devices of the chat partner, or for all of a group's members, and hands in; resolves when
   * the server has it. A copy goes to every other device of the sender. Throws while it is away from the network.
   */
  async send(id: string, sent: Omit<Sent, 'receipts'>, to: readonly Device[] = []): Promise<void> {
    if (this.#waiting) throw new Error('the phone is offline: it can send nothing');
    this.#sent.set(id, { ...sent, receipts: [] });
    const { chat, category } = sent;
    const partners = chat instanceof Group ? [] : to.map(({ id: device }) => ({ person: chat, device }));
    const copies = category || chat === this.#person ? [] : this.#otherDevices();
    await this.#inTurn(() => this.#encryptAndDispatch(id, sent, [...partners, ...copies]));
  }

  /** Where a message on the screen came from. Throws when it is not there. */
  originOf(messageId: string): Origin {
    const origin = this.#origins.get(messageId);
    if (!origin) throw new Error(`message ${messageId} is not on the screen of ${this.#person.phone}`);
    return origin;
  }

  /** Confirms that a message on the screen was read. Throws when it is not on the screen. */
  confirmRead(messageId: string): void {
    this.#receipt(messageId, this.originOf(messageId), 'read');
  }

  /** What a message on the screen contains. */
  contentOf(messageId: string): proto.IMessage | undefined {
    return this.#options.screen.find(messageId)?.content;
  }

  receiptsFor(messageId: string): readonly ReceivedReceipt[] {
    return [...(this.#sent.get(messageId)?.receipts ?? [])];
  }

  /** Resolves when everything handed to this phone so far has been dealt with. */
  async idle(): Promise<void> {
    await this.#work.catch(() => undefined);
  }

  /** One thing after the other: libsignal's records do not bear two hands at once. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#work.catch(() => undefined).then(task);
    this.#work = result;
    return result;
  }

  async #encryptAndDispatch(id: string, sent: Omit<Sent, 'receipts'>, to: readonly Address[], retry?: number) {
    const { message, chat, addressing, type, category, phoneOnly, unknownFields = NONE } = sent;
    const from = { person: this.#person, device: this.id };
    const edit = editAttr(message);
    const deviceIdentity = this.#vouched();
    if (chat instanceof Group) {
      const encrypted = await this.#groupTalk.encrypt(chat, from, message);
      const inGroup = { id, from, group: chat, type, edit, parts: encrypted, deviceIdentity };
      return this.#options.postOffice.dispatchToGroup(inGroup);
    }
    const parts = [];
    for (const address of to) {
      const device = address.person.devices.get(address.device);
      if (!device) continue;
      const peer = sessionName(address.person, device.id);
      if (!this.signal.hasSession(peer)) await this.signal.startSession(peer, device.keyBundle());
      const isCopy = address.person === this.#person && !category;
      const content = isCopy ? copyOf(message, chat.addressOn(0, addressing)) : message;
      const { type: cipherType, ciphertext } = await this.signal.encrypt(
        peer,
        writeRandomPadMax16(Buffer.concat([proto.Message.encode(content).finish(), unknownFields])),
      );
      const attrs = {
        v: '2',
        type: cipherType,
        ...encAttrs(message),
        ...(retry !== undefined && { count: String(retry) }),
      };
      parts.push({ to: address, enc: node('enc', attrs, ciphertext) });
    }
    const unavailable = phoneOnly && retry === undefined ? unavailableFor(message) : undefined;
    const dispatch = { id, from, chat, addressing, type, edit, category, parts, deviceIdentity, unavailable };
    this.#options.postOffice.dispatch(dispatch);
  }

  #otherDevices(): Address[] {
    const devices = [...this.#person.devices.keys()].filter((device) => device !== this.id);
    return devices.map((device) => ({ person: this.#person, device }));
  }

  #freshSignal(): SignalDevice {
    const { lidUser } = this.#person;
    return new SignalDevice(this.id === 0 ? lidUser : `${lidUser}/${this.id}`);
  }

  /** What a linked device shows with its messages; a phone needs no such thing. */
  #vouched(): Stanza | undefined {
    if (!this.#account) return undefined;
    this.#identity ??= node('device-identity', {}, linkedIdentity(this.#account.signal, this.signal, this.keyIndex));
    return this.#identity;
  }

  async #onMessage(stanza: Stanza): Promise<void> {
    const { id, from, participant } = stanza.attrs;
    const group = this.#options.groups.find(from);
    const sender = this.#options.postOffice.directory.find(group ? participant : from);
    if (!sender || !id) throw new Error('a message without sender or id');
    const origin = { sender, addressing: addressingOf(stanza), group };
    let content: proto.Message;
    try {
      content = await this.#decrypt(stanza, origin);
    } catch (error) {
      this.#options.log(`phone of ${this.#person.phone} could not decrypt ${id}: ${String(error)}`);
      return this.#askAgain(id, origin);
    }
    if (stanza.attrs['category'] === 'peer') {
      // Some clients wrap what is for the phone like a copy of a message.
      return this.#options.onPeer?.(content.deviceSentMessage?.message ?? content, sender, id);
    }
    this.#show(id, origin, content);
  }

  #show(id: string, origin: Origin, received: proto.IMessage): void {
    this.#origins.set(id, origin);
    const { sender, group } = origin;
    const copy = received.deviceSentMessage;
    const content = copy?.message ?? received;
    const partner = this.#options.postOffice.directory.find(copy?.destinationJid ?? undefined)?.person;
    const chat = group ?? partner ?? sender.person;
    const { row, isNew } = this.#options.screen.show({ messageId: id, author: sender.person, chat, content });
    if (this.#options.confirms) this.#receipt(id, origin);
    if (isNew) this.#options.onShown(row, chat);
  }

  async #decrypt(stanza: Stanza, { sender, group }: Origin): Promise<proto.Message> {
    if (group) {
      const begins = children(stanza, 'enc').some(({ attrs }) => attrs['type'] === 'pkmsg');
      if (begins && sender.device !== 0) checkLinkedDevice(stanza, sender);
      return this.#groupTalk.decrypt(stanza, group.jid, sender);
    }
    const enc = child(stanza, 'enc');
    const ciphertext = bytesOf(enc);
    const type = enc?.attrs['type'];
    if (!ciphertext || !isCipherType(type)) throw new Error('nothing to decrypt');
    if (type === 'pkmsg' && sender.device !== 0) checkLinkedDevice(stanza, sender);
    const padded = await this.signal.decrypt(sessionName(sender.person, sender.device), type, ciphertext);
    return proto.Message.decode(unpadRandomMax16(padded));
  }

  #receipt(id: string, { sender, addressing, group }: Origin, type?: string): void {
    const from = { person: this.#person, device: this.id };
    this.#options.postOffice.receiptToAll({ ids: [id], from, group, addressing, type }, sender.person);
  }

  /** Asks the sender for a message that could not be decrypted, with keys for a session that will work. */
  #askAgain(id: string, { sender, addressing, group }: Origin): void {
    const key = `${id} ${sessionName(sender.person, sender.device)}`;
    const count = (this.#retries.get(key) ?? 0) + 1;
    if (count > MAX_RETRIES) return;
    this.#retries.set(key, count);
    const retry = node('retry', { count: String(count), id, t: now(), v: '1' });
    const registration = node('registration', {}, uint(this.signal.registrationId, 4));
    // Clients offer their keys from the second time on: the sender may fetch a bundle for the first.
    const keys = count > 1 ? [node('keys', {}, bundleToStanzas(this.signal.keyBundle()))] : [];
    const from = { person: this.#person, device: this.id };
    const slip = { ids: [id], from, group, addressing, type: 'retry', content: [retry, registration, ...keys] };
    this.#options.postOffice.receipt(slip, sender);
  }

  async #onReceipt(stanza: Stanza): Promise<void> {
    const { from, participant } = stanza.attrs;
    const sender = this.#options.postOffice.directory.find(participant ?? from);
    const items = children(child(stanza, 'list'), 'item').map((item) => item.attrs['id']);
    const type = stanza.attrs['type'];
    for (const id of [stanza.attrs['id'], ...items]) {
      const sent = id === undefined ? undefined : this.#sent.get(id);
      if (!sender || !sent || id === undefined) continue;
      if (type === 'retry') await this.#sendAgain(id, sent, sender, stanza);
      const kind = kindOf(type);
      if (!kind) continue;
      const receipt = { from: sender.person.phone, kind, deviceId: sender.device, at: new Date() };
      sent.receipts.push(receipt);
      this.#options.onReceipt(id, receipt);
    }
  }

  async #sendAgain(id: string, sent: Sent, asker: Address, receipt: Stanza): Promise<void> {
    const device = asker.person.devices.get(asker.device);
    const count = Number(child(receipt, 'retry')?.attrs['count'] ?? 1);
    if (!device || count > MAX_RETRIES) return;
    const bundle = bundleFromReceipt(receipt) ?? device.keyBundle();
    await this.signal.startSession(sessionName(asker.person, device.id), bundle);
    if (!(sent.chat instanceof Group)) return this.#encryptAndDispatch(id, sent, [asker], count);
    const { chat: group, message, type } = sent;
    const from = { person: this.#person, device: this.id };
    const parts = await this.#groupTalk.encryptAgain(group, asker, message, count);
    this.#options.postOffice.dispatchToGroup({ id, from, group, type, parts, deviceIdentity: this.#vouched() });
  }
}

const sessionName = (person: Person, device: number): string => `${person.lidUser}:${device}`;
