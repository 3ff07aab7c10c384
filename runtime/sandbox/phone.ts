/**
 * A phone that lives in the sandbox, device 0 of its person: it encrypts and decrypts with Signal state of its own,
 * shows what it receives, confirms it, and sends again what somebody could not decrypt.
 */
import { encodeWAMessage, proto, unpadRandomMax16 } from '@whiskeysockets/baileys';
import { checkDeviceIdentity } from './adv.ts';
import type { Address, Addressing, Device, KeyBundle, Person } from './directory.ts';
import { bundleFromReceipt, bundleToStanzas } from './key-bundle.ts';
import type { PostOffice } from './post-office.ts';
import type { Screen, ScreenMessage } from './screen.ts';
import { SignalDevice } from './signal-device.ts';
import type { CipherType } from './signal-device.ts';
import { bytesOf, child, children, node, now, uint } from './stanza.ts';
import type { Stanza } from './stanza.ts';

/** How often a phone asks for a message it cannot decrypt; WhatsApp's clients give up after five. */
const MAX_RETRIES = 5;

/** A receipt for a message this phone sent. */
export interface ReceivedReceipt {
  readonly kind: 'delivered' | 'read' | 'played';
  readonly deviceId: number;
  readonly at: Date;
}

interface Sent {
  readonly message: proto.IMessage;
  readonly chat: Person;
  readonly addressing: Addressing;
  readonly type: string;
  readonly category?: string | undefined;
  readonly receipts: ReceivedReceipt[];
}

export interface PhoneOptions {
  readonly postOffice: PostOffice;
  readonly screen: Screen;
  /** Whether it confirms what it receives. An account's phone lies in a drawer: it receives, and says nothing. */
  readonly confirms: boolean;
  /** Called when a message appears on the screen for the first time. */
  readonly onShown: (row: ScreenMessage, sender: Address) => void;
  /** Called when a receipt comes back for a message this phone sent. */
  readonly onReceipt: (messageId: string, receipt: ReceivedReceipt) => void;
  readonly log: (line: string) => void;
}

export class Phone implements Device {
  readonly id = 0;
  readonly keyIndex = 0;
  readonly signal: SignalDevice;
  readonly #person: Person;
  readonly #options: PhoneOptions;
  readonly #sent = new Map<string, Sent>();
  readonly #retries = new Map<string, number>();
  /** Where each shown message came from and how it was addressed, for the read receipt. */
  readonly #origins = new Map<string, { sender: Address; addressing: Addressing }>();
  #work: Promise<unknown> = Promise.resolve();

  constructor(person: Person, options: PhoneOptions) {
    this.#person = person;
    this.#options = options;
    this.signal = new SignalDevice(person.lidUser);
    person.devices.set(this.id, this);
  }

  get identityKey(): Uint8Array {
    return this.signal.identityKey;
  }

  keyBundle(): KeyBundle {
    return this.signal.keyBundle();
  }

  deliver(stanza: Stanza): void {
    this.#inTurn(() => (stanza.tag === 'message' ? this.#onMessage(stanza) : this.#onReceipt(stanza))).catch(
      (error: unknown) => this.#options.log(`phone of ${this.#person.phone}: ${String(error)}`),
    );
  }

  /** Encrypts for the given devices of the chat partner and hands in; resolves when the server has it. */
  send(id: string, sent: Omit<Sent, 'receipts'>, to: readonly Device[]): Promise<void> {
    this.#sent.set(id, { ...sent, receipts: [] });
    return this.#inTurn(() => this.#encryptAndDispatch(id, sent, to));
  }

  /** Confirms that a message on the screen was read. Throws when it is not on the screen. */
  confirmRead(messageId: string): void {
    const origin = this.#origins.get(messageId);
    if (!origin) throw new Error(`message ${messageId} is not on the screen of ${this.#person.phone}`);
    this.#receipt(messageId, origin, 'read');
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

  async #encryptAndDispatch(id: string, sent: Omit<Sent, 'receipts'>, to: readonly Device[], retry?: number) {
    const { message, chat, addressing, type, category } = sent;
    const parts = [];
    for (const device of to) {
      const peer = sessionName(chat, device.id);
      if (!this.signal.hasSession(peer)) await this.signal.startSession(peer, device.keyBundle());
      const { type: cipherType, ciphertext } = await this.signal.encrypt(peer, encodeWAMessage(message));
      const attrs = { v: '2', type: cipherType, ...(retry !== undefined && { count: String(retry) }) };
      parts.push({ to: { person: chat, device: device.id }, enc: node('enc', attrs, ciphertext) });
    }
    const from = { person: this.#person, device: this.id };
    this.#options.postOffice.dispatch({ id, from, chat, addressing, type, category, parts });
  }

  async #onMessage(stanza: Stanza): Promise<void> {
    const sender = this.#options.postOffice.directory.find(stanza.attrs['from']);
    const id = stanza.attrs['id'];
    if (!sender || !id) throw new Error('a message without sender or id');
    const origin = { sender, addressing: addressingOf(stanza) };
    let content: proto.Message;
    try {
      content = await this.#decrypt(stanza, sender);
    } catch (error) {
      this.#options.log(`phone of ${this.#person.phone} could not decrypt ${id}: ${String(error)}`);
      return this.#askAgain(id, origin);
    }
    if (stanza.attrs['category'] === 'peer') return;
    this.#show(id, origin, content.deviceSentMessage?.message ?? content);
  }

  #show(id: string, origin: { sender: Address; addressing: Addressing }, content: proto.IMessage): void {
    this.#origins.set(id, origin);
    const { row, isNew } = this.#options.screen.show(id, origin.sender.person.phone, content);
    if (this.#options.confirms) this.#receipt(id, origin);
    if (isNew) this.#options.onShown(row, origin.sender);
  }

  async #decrypt(stanza: Stanza, sender: Address): Promise<proto.Message> {
    const enc = child(stanza, 'enc');
    const ciphertext = bytesOf(enc);
    const type = enc?.attrs['type'];
    if (!ciphertext || !isCipherType(type)) throw new Error('nothing to decrypt');
    if (type === 'pkmsg' && sender.device !== 0) checkLinkedDevice(stanza, sender);
    const padded = await this.signal.decrypt(sessionName(sender.person, sender.device), type, ciphertext);
    return proto.Message.decode(unpadRandomMax16(padded));
  }

  #receipt(id: string, { sender, addressing }: { sender: Address; addressing: Addressing }, type?: string): void {
    const from = { person: this.#person, device: this.id };
    this.#options.postOffice.receiptToAll({ ids: [id], from, addressing, type }, sender.person);
  }

  /** Asks the sender for a message that could not be decrypted, with keys for a session that will work. */
  #askAgain(id: string, { sender, addressing }: { sender: Address; addressing: Addressing }): void {
    const key = `${id} ${sessionName(sender.person, sender.device)}`;
    const count = (this.#retries.get(key) ?? 0) + 1;
    if (count > MAX_RETRIES) return;
    this.#retries.set(key, count);
    const retry = node('retry', { count: String(count), id, t: now(), v: '1' });
    const registration = node('registration', {}, uint(this.signal.registrationId, 4));
    // Clients offer their keys from the second time on: the sender may fetch a bundle for the first.
    const keys = count > 1 ? [node('keys', {}, bundleToStanzas(this.signal.keyBundle()))] : [];
    const from = { person: this.#person, device: this.id };
    const slip = { ids: [id], from, addressing, type: 'retry', content: [retry, registration, ...keys] };
    this.#options.postOffice.receipt(slip, sender);
  }

  async #onReceipt(stanza: Stanza): Promise<void> {
    const sender = this.#options.postOffice.directory.find(stanza.attrs['from']);
    const items = children(child(stanza, 'list'), 'item').map((item) => item.attrs['id']);
    const type = stanza.attrs['type'];
    for (const id of [stanza.attrs['id'], ...items]) {
      const sent = id === undefined ? undefined : this.#sent.get(id);
      if (!sender || !sent || id === undefined) continue;
      if (type === 'retry') await this.#sendAgain(id, sent, sender, stanza);
      const kind = kindOf(type);
      if (!kind) continue;
      const receipt = { kind, deviceId: sender.device, at: new Date() };
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
    await this.#encryptAndDispatch(id, sent, [device], count);
  }
}

const sessionName = (person: Person, device: number): string => `${person.lidUser}:${device}`;

const isCipherType = (type: string | undefined): type is CipherType => type === 'pkmsg' || type === 'msg';

const addressingOf = (stanza: Stanza): Addressing =>
  stanza.attrs['addressing_mode'] === 'lid' || stanza.attrs['from']?.endsWith('@lid') ? 'lid' : 'pn';

function kindOf(type: string | undefined): ReceivedReceipt['kind'] | null {
  if (type === undefined || type === 'inactive') return 'delivered';
  return type === 'read' || type === 'played' ? type : null;
}

/** A linked device must show, whenever it begins a session, that its account vouches for it. */
function checkLinkedDevice(stanza: Stanza, { person, device }: Address): void {
  const identity = bytesOf(child(stanza, 'device-identity'));
  const account = person.devices.get(0);
  const linked = person.devices.get(device);
  if (!identity || !account || !linked) throw new Error('a linked device that shows no identity');
  checkDeviceIdentity(identity, account.identityKey, linked.identityKey);
}
