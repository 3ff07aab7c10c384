/** An account's own phone: what its owner writes and reads on it, and what it tells the devices linked to it. */
import { randomBytes } from 'node:crypto';
import type { proto } from '@whiskeysockets/baileys';
import type { Settings, SharedState } from '../app-state/app-state.ts';
import { stanzaType } from '../contents/stanza-kind.ts';
import type { Address, Addressing, Device, Person } from '../directory.ts';
import { Group } from '../groups/groups.ts';
import { LinkedDevice, linkedDevicesOf } from '../linked-device.ts';
import { keepBlob } from '../media/external-blob.ts';
import type { Phone, ReceivedReceipt } from '../phone.ts';
import type { ScreenMessage } from '../screen.ts';
import { Somebody } from '../social/social.ts';
import type { World } from '../world.ts';
import { ChatLog } from './chat-log.ts';
import type { ChatPartner } from './chat-log.ts';
import { firstHistories, historyNotification, inline } from './history.ts';
import { answerPeer, keyShare } from './peer-requests.ts';
import { tellOwnDevices } from './read-elsewhere.ts';

export { ownPhoneRoutes } from './own-phone-routes.ts';
export { tellOwnDevices } from './read-elsewhere.ts';

/** Days without its phone after which WhatsApp unlinks an account's devices. */
const DAYS_WITHOUT_PHONE = 14;

export interface OwnSendOptions {
  /** The message id; made up as phones do when not given. */
  readonly id?: string;
  /** By hidden id, as WhatsApp does now, unless `pn` is asked for. */
  readonly addressing?: Addressing;
}

/** A message the phone has had since before any client was linked. */
export interface PastMessage {
  readonly text?: string;
  /** Anything but a text. */
  readonly content?: proto.IMessage;
  /** Who wrote it; the owner of the phone when not given. */
  readonly from?: Somebody;
  readonly at: Date;
  readonly id?: string;
}

/** A chat the phone has had since before any client was linked. */
export interface PastChat {
  readonly chat: Somebody | Group;
  readonly messages: readonly PastMessage[];
  /** The name it shows, where the address book has none. */
  readonly name?: string;
  /** How many of its messages were not read. */
  readonly unread?: number;
  /** Who was in the group, and left. */
  readonly pastMembers?: readonly Somebody[];
}

export class OwnPhone {
  readonly chats = new ChatLog();
  readonly #world: World;
  readonly #person: Person;
  readonly #handset: Phone;
  readonly #sharedState: SharedState;
  readonly #settings: Settings;
  readonly #unlink: (deviceId: number) => void;

  constructor(
    world: World,
    handset: Phone,
    account: { person: Person; sharedState: SharedState; settings: Settings },
    unlink: (deviceId: number) => void,
  ) {
    this.#world = world;
    this.#handset = handset;
    this.#person = account.person;
    this.#sharedState = account.sharedState;
    this.#settings = account.settings;
    this.#unlink = unlink;
  }

  async send(to: Somebody | Group, content: proto.IMessage, options: OwnSendOptions) {
    const { id: messageId = newMessageId(), addressing = 'lid' } = options;
    const chat = to instanceof Group ? to : to.person;
    const isGroup = chat instanceof Group;
    if (isGroup) chat.requireWriter(this.#person);
    const mode = isGroup ? chat.addressing : addressing;
    const sent = { message: content, chat, addressing: mode, type: stanzaType(content) };
    await this.#handset.send(messageId, sent, isGroup ? [] : this.#partnersOf(chat));
    this.chats.note(chat, { id: messageId, author: this.#person, content, at: new Date() });
    return { messageId };
  }

  /** Tells the sender, if the account's privacy lets it, and the linked devices. */
  read(messageId: string): void {
    if (this.#handset.isAway) throw new Error('the phone is offline: it can tell nobody');
    const { sender, group, addressing } = this.#handset.originOf(messageId);
    const tells = this.#world.social.privacyOf(this.#person).value('readreceipts') === 'all';
    if (tells) this.#handset.confirmRead(messageId);
    const by = { person: this.#person, device: this.#handset.id };
    const type = tells ? 'read' : 'read-self';
    tellOwnDevices({ ids: [messageId], by, author: sender.person, group, addressing, type });
  }

  receiptsFor(messageId: string): readonly ReceivedReceipt[] {
    return this.#handset.receiptsFor(messageId);
  }

  /** Remembers what appeared on the screen. */
  shown({ messageId, content, from, receivedAt }: ScreenMessage, chat: ChatPartner): void {
    const author = this.#world.directory.find(`${from}@s.whatsapp.net`)?.person;
    if (author) this.chats.note(chat, { id: messageId, author, content, at: receivedAt });
  }

  /** Gives the phone a past. Throws for a message without content, or from somebody who is not in the chat. */
  remember(past: readonly PastChat[]): void {
    for (const { chat, messages } of past) for (const message of messages) requireSense(chat, message);
    for (const { chat, messages, name, unread = 0, pastMembers = [] } of past) {
      const partner = chat instanceof Group ? chat : chat.person;
      this.chats.describe(partner, { name, unread, pastMembers: pastMembers.map(({ person }) => person) });
      for (const { text, content = { conversation: text }, from, at, id = newMessageId() } of messages) {
        this.chats.note(partner, { id, author: from?.person ?? this.#person, content, at });
      }
    }
  }

  /** Sends a device that was just linked the app-state key and the history; when the phone is away, later. */
  async firstSync(device: LinkedDevice): Promise<void> {
    if (this.#handset.isAway) return;
    const histories = firstHistories(this.#person, this.chats.chats, this.#settings);
    // The first comes inside its message, so that a new client has something to show at once.
    const notifications = histories.map((history, place) =>
      historyNotification(history, place + 1, place === 0 ? inline : (bytes) => this.#keep(bytes)),
    );
    for (const message of [keyShare(this.#sharedState), ...notifications]) await this.#tell(device, message);
  }

  /** Answers what a linked device asked of the phone. */
  answer(content: proto.IMessage, { person, device: id }: Address, requestId: string): void {
    const device = person.devices.get(id);
    if (person !== this.#person || !(device instanceof LinkedDevice)) return;
    const { directory, groups } = this.#world;
    const memory = { person, chats: this.chats, settings: this.#settings, sharedState: this.#sharedState };
    const keep = (bytes: Buffer) => this.#keep(bytes);
    const answer = answerPeer({ ...memory, directory, groups, keep }, content, requestId);
    if (answer) void this.#tell(device, answer);
  }

  /** Takes the phone off the network; with days, as if it had been off so long already. */
  goOffline(days: number): void {
    this.#handset.goAway();
    if (days < DAYS_WITHOUT_PHONE) return;
    for (const { id } of linkedDevicesOf(this.#person)) this.#unlink(id);
  }

  comeBack(): void {
    this.#handset.comeBack();
    this.#sharedState.catchUp();
    for (const device of linkedDevicesOf(this.#person)) {
      if (device.connection && !device.hasHistory) void this.firstSync(device);
    }
  }

  #keep(bytes: Buffer): proto.Message.IHistorySyncNotification {
    const { media, blobs } = this.#world;
    if (blobs === 'inline') return inline(bytes);
    const { size, ...blob } = keepBlob(media, 'md-msg-hist', bytes);
    return { ...blob, fileLength: size };
  }

  async #tell(device: LinkedDevice, protocolMessage: proto.Message.IProtocolMessage): Promise<void> {
    const message = { protocolMessage };
    const sent = { message, chat: this.#person, addressing: 'pn', type: 'text', category: 'peer' } as const;
    await this.#handset
      .send(newMessageId(), sent, [device])
      .catch((error: unknown) => this.#world.log(`phone of ${this.#person.phone}: ${String(error)}`));
  }

  /** The devices a message in a chat goes to; a note to oneself goes to all but the phone. */
  #partnersOf(chat: Person): Device[] {
    return [...chat.devices.values()].filter((device) => device !== this.#handset);
  }
}

const newMessageId = (): string => randomBytes(16).toString('hex').toUpperCase();

function requireSense(chat: Somebody | Group, { text, content, from, at }: PastMessage): void {
  if ((text === undefined) === (content === undefined)) throw new Error('a past message has either text or content');
  if (Number.isNaN(at.getTime())) throw new Error('a past message has a time');
  if (from && chat instanceof Somebody && from !== chat) {
    throw new Error(`${from.phone} does not write in the chat with ${chat.phone}`);
  }
}
