/** Somebody the accounts talk with: a person with a phone, and the habits a test or a user gives them. */
import { randomBytes } from 'node:crypto';
import type { proto } from '@whiskeysockets/baileys';
import type { Account } from './account.ts';
import type { Addressing, Device, Person } from './directory.ts';
import { ContactActs } from './contact-acts.ts';
import { disappearing, disappearingSetting, forwarded, text as textMessage } from './contents/contents.ts';
import { stanzaType } from './contents/stanza-kind.ts';
import { ContactDevices } from './contact-devices.ts';
import type { Handset } from './contact-devices.ts';
import { Group } from './groups/groups.ts';
import { fileMessage } from './media/media.ts';
import type { FileToSend, Media } from './media/media.ts';
import type { Phone, ReceivedReceipt } from './phone.ts';
import type { Entry, Screen, ScreenMessage } from './screen.ts';
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
  /** The id of a message on this contact's screen that this one answers. */
  readonly quoted?: string;
  /** Whether it is passed on from somebody else. */
  readonly forwarded?: boolean;
  /** Seconds after which it disappears, whatever the chat's setting is. */
  readonly disappearsAfter?: number;
  /**
   * Whether it is encrypted for the account's phone alone, as some first messages from ads and what is to be seen once are:
   * its clients get word that there is a message, and ask the phone for it.
   */
  readonly phoneOnly?: boolean;
}

export class Contact extends Somebody {
  readonly name: string;
  /** The devices linked to its phone, and what can happen to its phone. */
  readonly devices: ContactDevices;
  readonly #handset: Phone;
  readonly #screen: Screen;
  readonly #acts: ContactActs;
  /** The chats in which messages disappear, and after how many seconds. */
  readonly #disappearing = new Map<Person | Group, number>();
  readonly #social: Social;
  readonly #media: Media;
  readonly #events: World['events'];
  #habits: ContactOptions = {};

  constructor(world: World, person: Person, handset: Handset, link: (id: number) => Handset, habits: ContactOptions) {
    super(world, person);
    this.name = person.name;
    this.#handset = handset.phone;
    this.#screen = handset.screen;
    this.#acts = new ContactActs(person, handset.screen);
    this.#social = world.social;
    this.#media = world.media;
    this.#events = world.events;
    this.devices = new ContactDevices(person, handset, world.social, link);
    this.behave(habits);
  }

  /** What its phone shows, oldest first. */
  get screen(): readonly ScreenMessage[] {
    return this.#screen.rows;
  }

  /** What it received and what it wrote, oldest first, each with its author and its chat. */
  get conversation(): readonly Entry[] {
    return this.#screen.all;
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
  async send(to: Account | Group, content: proto.IMessage, options: SayOptions = {}): Promise<{ messageId: string }> {
    return this.#send(to instanceof Group ? to : to.person, content, options);
  }

  /** As `send`, with fields that no client of today knows (protobuf bytes) after those of the content. */
  async sendUnknown(to: Account, fields: Uint8Array, content: proto.IMessage = {}): Promise<{ messageId: string }> {
    return this.#send(to.person, content, {}, fields);
  }

  /** Sends a file as its phone encrypts and uploads it. Throws for what a phone would not let one send. */
  async sendFile(to: Account | Group, file: FileToSend, options: SayOptions = {}): Promise<{ messageId: string }> {
    return this.send(to, fileMessage(this.#media, file), options);
  }

  /** Puts an emoji on a message on its screen, or with none takes it back. Throws for a message that is not there. */
  async react(messageId: string, emoji: string, options: SendOptions = {}): Promise<{ messageId: string }> {
    return this.#act(messageId, options, (mode) => this.#acts.reaction(messageId, emoji, mode));
  }

  /** Changes the words of a message it sent. Throws for any other. */
  async edit(messageId: string, text: string, options: SendOptions = {}): Promise<{ messageId: string }> {
    return this.#act(messageId, options, (mode) => this.#acts.edit(messageId, text, mode));
  }

  /** Deletes for everyone a message it sent or, as an admin of a group, anybody's there. Throws for any other. */
  async deleteForEveryone(messageId: string, options: SendOptions = {}): Promise<{ messageId: string }> {
    return this.#act(messageId, options, (mode) => this.#acts.deletion(messageId, mode));
  }

  /** Votes in a poll on its screen, in place of what it voted before. Throws for no poll, or options it does not have. */
  async vote(messageId: string, choices: readonly string[], options: SendOptions = {}): Promise<{ messageId: string }> {
    return this.#act(messageId, options, (mode) => this.#acts.vote(messageId, choices, mode));
  }

  /** Makes what is written in the chat disappear after so many seconds; 0 for never. Throws for times WhatsApp has not. */
  async setDisappearing(to: Account, seconds: number, options: SendOptions = {}): Promise<{ messageId: string }> {
    const key = { remoteJid: to.person.addressOn(0, this.#addressingIn(to.person, options)), fromMe: true };
    const sent = await this.#send(to.person, disappearingSetting(seconds, key), options);
    this.#disappearing.set(to.person, seconds);
    return sent;
  }

  /** A message by its id, received or sent, with what was done to it since; undefined when its phone has no such message. */
  message(messageId: string): ScreenMessage | undefined {
    return this.#screen.find(messageId)?.row;
  }

  /** The same with its author and its chat. */
  entry(messageId: string): Entry | undefined {
    return this.#screen.find(messageId);
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

  /** Does with a new message on its screen what its habits say. */
  notice(row: ScreenMessage, chat: Person | Group): void {
    // What it wrote itself on another device.
    if (row.from === this.phone) return;
    if (row.kind === 'disappearing')
      this.#disappearing.set(chat, row.content.protocolMessage?.ephemeralExpiration ?? 0);
    if (this.#habits.readsAtOnce) this.#handset.confirmRead(row.messageId);
    const reply = row.text ? this.#habits.repliesWith?.(row.text) : null;
    if (reply) void this.#sayTo(chat, reply, {});
  }

  #act(messageId: string, options: SendOptions, make: (addressing: Addressing) => proto.IMessage) {
    const { chat } = this.#acts.find(messageId);
    return this.#send(chat, make(this.#addressingIn(chat, options)), options);
  }

  async #sayTo(chat: Person | Group, text: string, options: SayOptions) {
    return this.#send(chat, disappearing(textMessage(text), this.#disappearing.get(chat) ?? 0), options);
  }

  async #send(chat: Person | Group, content: proto.IMessage, options: SayOptions, unknownFields?: Uint8Array) {
    const addressing = this.#addressingIn(chat, options);
    const message = this.#dressed(content, addressing, options);
    const { id: messageId = randomBytes(16).toString('hex').toUpperCase(), from = 0 } = options;
    const { phone, screen } = this.devices.handset(from);
    const inGroup = chat instanceof Group;
    if (inGroup) chat.requireWriter(this);
    const { phoneOnly = false } = options;
    if (inGroup && phoneOnly) throw new Error('in a group everybody gets the content on every device');
    const sent = { message, chat, addressing, type: stanzaType(message), unknownFields, phoneOnly };
    await phone.send(messageId, sent, inGroup ? [] : devicesOf(chat, phoneOnly));
    screen.write({ messageId, author: this.person, chat, content: message });
    this.#events.emit('said', { contact: this, messageId });
    return { messageId };
  }

  /** The content with what it says beside itself. */
  #dressed(content: proto.IMessage, addressing: Addressing, { quoted, forwarded: isForwarded, ...rest }: SayOptions) {
    const message = disappearing(isForwarded ? forwarded(content) : content, rest.disappearsAfter ?? 0);
    return quoted === undefined ? message : this.#acts.quote(message, quoted, addressing);
  }

  #addressingIn(chat: Person | Group, { addressing = 'lid' }: SendOptions): Addressing {
    if (chat instanceof Group) return chat.addressing;
    return this.person.hidesNumber ? 'lid' : addressing;
  }
}

const devicesOf = (person: Person, phoneOnly: boolean): Device[] =>
  [...person.devices.values()].filter(({ id }) => !phoneOnly || id === 0);
