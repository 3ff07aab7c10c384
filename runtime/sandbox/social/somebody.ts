/** What anybody does from their phone beside writing: being online, typing, calling, a profile, privacy, blocking. */
import type { Person } from '../directory.ts';
import type { Group } from '../groups/groups.ts';
import type { World } from '../world.ts';
import type { Call, CallOptions } from './call.ts';
import type { ChatState } from './presence.ts';
import type { PrivacySetting } from './privacy.ts';
import type { BusinessProfile } from './profile.ts';

/** Where somebody types: in the chat with somebody else, or in a group. */
export type Chat = Somebody | Group;

export class Somebody {
  readonly phone: string;
  readonly jid: string;
  readonly lid: string;
  readonly person: Person;
  readonly #world: World;

  constructor(world: World, person: Person) {
    this.phone = person.phone;
    this.jid = person.jid;
    this.lid = person.lid;
    this.person = person;
    this.#world = world;
  }

  /** Opens WhatsApp on the phone: who may know and subscribed sees it online. */
  comesOnline(): void {
    this.#world.social.presence.comesOnline(this.person, 'phone');
  }

  /** Closes WhatsApp on the phone. The time it was last seen is now unless another is given. */
  goesOffline(lastSeen?: Date): void {
    this.#world.social.presence.goesOffline(this.person, 'phone', lastSeen);
  }

  typing(chat: Chat): void {
    this.#show(chat, 'composing');
  }

  recording(chat: Chat): void {
    this.#show(chat, 'recording');
  }

  paused(chat: Chat): void {
    this.#show(chat, 'paused');
  }

  /** Calls an account. What becomes of it is in the call, and in the sandbox's `call` event. */
  call(to: Somebody, options: CallOptions = {}): Call {
    return this.#world.social.call(this.person, to.person, options);
  }

  /** A call it makes or gets, while it rings or is under way. */
  findCall(id: string): Call | undefined {
    const call = this.#world.social.findCall(id);
    return call?.from === this.person || call?.to === this.person ? call : undefined;
  }

  /** Shows another picture to others, or none. Throws for what is no JPEG. */
  setPicture(image: Buffer | null, preview: Buffer | null = image): void {
    this.#world.social.setPicture(this.person, image, undefined, preview);
  }

  /** Changes the picture of a group it is in, or takes it away. Throws for who may not, and for what is no JPEG. */
  setGroupPicture(group: Group, image: Buffer | null): void {
    this.#world.social.setGroupPicture(group, this.person, image);
  }

  /** Throws for more than 139 characters. */
  setAbout(text: string): void {
    this.#world.social.setAbout(this.person, text);
  }

  get about(): string {
    return this.#world.social.profileOf(this.person).about.text;
  }

  /** Makes a business of it, or, with null, a private person. */
  setBusiness(profile: BusinessProfile | null): void {
    this.#world.social.profileOf(this.person).business = profile;
  }

  get business(): BusinessProfile | null {
    return this.#world.social.profileOf(this.person).business;
  }

  /** Says who may see what. Throws for a setting there is not, and a value it does not take. */
  setPrivacy(setting: string, value: string): void {
    this.#world.social.choosePrivacy(this.person, setting, value);
  }

  privacy(setting: PrivacySetting): string {
    return this.#world.social.privacyOf(this.person).value(setting);
  }

  /** Lets somebody write to this person even when restricted. Phones do so unasked for those they write to. */
  trust(other: Somebody): void {
    this.#world.social.trust(this.person, other.person);
  }

  /** From now on nothing comes from them, and nothing of this person is shown to them; they are not told. */
  block(other: Somebody): void {
    this.#world.social.block(this.person, other.person, true);
  }

  unblock(other: Somebody): void {
    this.#world.social.block(this.person, other.person, false);
  }

  hasBlocked(other: Somebody): boolean {
    return this.#world.social.privacyOf(this.person).blocked.has(other.person);
  }

  #show(chat: Chat, state: ChatState): void {
    const { presence } = this.#world.social;
    if (chat instanceof Somebody) presence.showIn(chat.person, this.person, state);
    else presence.showInGroup(chat, chat.member(this.person), state);
  }
}
