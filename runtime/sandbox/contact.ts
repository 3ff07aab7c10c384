/** Somebody the accounts talk with: a person with a phone, and the habits a test or a user gives them. */
import { randomBytes } from 'node:crypto';
import type { proto } from '@whiskeysockets/baileys';
import type { Account } from './account.ts';
import type { Addressing, Device, Person } from './directory.ts';
import { stanzaType } from './contents/stanza-kind.ts';
import { ContactDevices } from './contact-devices.ts';
import type { Handset } from './contact-devices.ts';
import { Group } from './groups/groups.ts';
import { fileMessage } from './media/media.ts';
import type { FileToSend, Media } from './media/media.ts';
import type { Phone, ReceivedReceipt } from './phone.ts';
import type { Screen, ScreenMessage } from './screen.ts';
import { Somebody } from './social/social.ts';
import type { Social } from './social/social.ts';
import type { World } from './world.ts';

export interface ContactOptions {
  /** The name others see beside its messages. */
  readonly name?: string;
  /** Whether it reads what arrives, at once. */
  readonly readsAtOnce?: boolean;
  /** What it answers to a text; null for silence. */
  readonly repliesWith?: (text: string) => string | null;
  /** Whether others know it by hidden id alone: no message and no answer names its number. */
  readonly hidesNumber?: boolean;
}

export interface SendOptions {
  /** The message id; made up as phones do when not given. */
  readonly id?: string;
  /** By hidden id, as WhatsApp does now, unless `pn` is asked for. */
  readonly addressing?: Addressing;
  /** The device it is written on; the phone, 0, unless another is named. */
  readonly from?: number;
}

export interface SayOptions extends SendOptions {
  /** The id of a message on this contact's screen that the text answers. */
  readonly quoted?: string;
}

export class Contact extends Somebody {
  readonly name: string;
  /** The devices linked to its phone, and what can happen to its phone. */
  readonly devices: ContactDevices;
  readonly #handset: Phone;
  readonly #screen: Screen;
  readonly #social: Social;
  readonly #media: Media;
  #habits: ContactOptions = {};

  constructor(world: World, person: Person, handset: Handset, link: (id: number) => Handset, habits: ContactOptions) {
    super(world, person);
    this.name = person.name;
    this.#handset = handset.phone;
    this.#screen = handset.screen;
    this.#social = world.social;
    this.#media = world.media;
    this.devices = new ContactDevices(person, handset, world.social, link);
    this.behave(habits);
  }

  /** What its phone shows, oldest first. */
  get screen(): readonly ScreenMessage[] {
    return this.#screen.rows;
  }

  /** Gives it other habits; what is not named stays. */
  behave(habits: ContactOptions): void {
    this.#habits = { ...this.#habits, ...habits };
    if (habits.hidesNumber !== undefined) this.person.hidesNumber = habits.hidesNumber;
  }

  /** Stops hiding its number: messages and answers name it from now on; clients are told only when asked for. */
  revealNumber({ tell = false }: { tell?: boolean } = {}): void {
    this.behave({ hidesNumber: false });
    if (tell) this.#social.announceNumber(this.person);
  }

  /** Sends a text to every device of an account or of a group's members; those that are away get it when they are back. */
  async say(to: Account | Group, text: string, options: SayOptions = {}): Promise<{ messageId: string }> {
    return this.#sayTo(to instanceof Group ? to : to.person, text, options);
  }

  /** As `say`, for any content there is. */
  async send(to: Account | Group, content: proto.IMessage, options: SendOptions = {}): Promise<{ messageId: string }> {
    return this.#send(to instanceof Group ? to : to.person, content, options);
  }

  /** Sends a file as its phone encrypts and uploads it. Throws for what a phone would not let one send. */
  async sendFile(to: Account | Group, file: FileToSend, options: SendOptions = {}): Promise<{ messageId: string }> {
    return this.send(to, fileMessage(this.#media, file), options);
  }

  /** Looks at the screen for a message, then waits for it. Rejects at the deadline. */
  waitForMessage(match: (message: ScreenMessage) => boolean, timeoutMs: number): Promise<ScreenMessage> {
    return this.#screen.waitFor(match, timeoutMs);
  }

  /** Reads a message on its screen, which sends the read receipt. Throws for a message that is not there. */
  async read(messageId: string): Promise<void> {
    this.#handset.confirmRead(messageId);
  }

  /** The receipts that came back for a message it sent, in order. */
  receiptsFor(messageId: string): readonly ReceivedReceipt[] {
    return this.devices.phones.flatMap((phone) => phone.receiptsFor(messageId));
  }

  /** Reacts to a new message on its screen as its habits say. */
  react(row: ScreenMessage, chat: Person | Group): void {
    if (this.#habits.readsAtOnce) this.#handset.confirmRead(row.messageId);
    const reply = row.text ? this.#habits.repliesWith?.(row.text) : null;
    if (reply) void this.#sayTo(chat, reply, {});
  }

  async #sayTo(chat: Person | Group, text: string, { quoted, ...options }: SayOptions) {
    const content = quoted === undefined ? { conversation: text } : this.#quoting(chat, text, quoted, options);
    return this.#send(chat, content, options);
  }

  async #send(chat: Person | Group, message: proto.IMessage, options: SendOptions) {
    const { id: messageId = randomBytes(16).toString('hex').toUpperCase(), from = 0 } = options;
    const { phone } = this.devices.handset(from);
    const inGroup = chat instanceof Group;
    if (inGroup) chat.requireWriter(this);
    const sent = { message, chat, addressing: this.#addressingIn(chat, options), type: stanzaType(message) };
    await phone.send(messageId, sent, inGroup ? [] : devicesOf(chat));
    return { messageId };
  }

  #addressingIn(chat: Person | Group, { addressing = 'lid' }: SendOptions): Addressing {
    if (chat instanceof Group) return chat.addressing;
    return this.person.hidesNumber ? 'lid' : addressing;
  }

  #quoting(chat: Person | Group, text: string, quoted: string, options: SendOptions): proto.IMessage {
    const row = this.#screen.find(quoted);
    if (!row) throw new Error(`message ${quoted} is not on the screen of ${this.phone}`);
    const author = chat instanceof Group ? chat.person({ jid: `${row.from}@s.whatsapp.net` }) : chat;
    const participant = author.addressOn(0, this.#addressingIn(chat, options));
    return {
      extendedTextMessage: { text, contextInfo: { stanzaId: quoted, participant, quotedMessage: row.content } },
    };
  }
}

const devicesOf = (person: Person): Device[] => [...person.devices.values()];
