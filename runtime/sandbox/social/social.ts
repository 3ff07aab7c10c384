/** What people know and see of each other beside their messages: profiles, presence, calls, privacy and blocks. */
import type { EventEmitter } from 'node:events';
import type { Person } from '../directory.ts';
import type { SandboxEvents } from '../events.ts';
import type { Group } from '../groups/groups.ts';
import { linkedDevicesOf } from '../linked-device.ts';
import type { LinkedDevice } from '../linked-device.ts';
import { node, now, SERVICE } from '../stanza.ts';
import type { Stanza } from '../stanza.ts';
import { Call } from './call.ts';
import type { CallOptions } from './call.ts';
import { Circle } from './circle.ts';
import { deviceNews, identityNews, ownDeviceNews, personalAddress } from './device-news.ts';
import { notify, notifyAll } from './notify.ts';
import { Pictures } from './pictures.ts';
import type { Picture } from './pictures.ts';
import { Presence } from './presence.ts';
import { Privacy } from './privacy.ts';
import { Profile } from './profile.ts';
import { TrustTokens } from './trust.ts';

export type { Call, CallOptions, CallState } from './call.ts';
export type { ChatState } from './presence.ts';
export type { PrivacySetting } from './privacy.ts';
export { Somebody } from './somebody.ts';
export type { BusinessProfile } from './profile.ts';

export class Social {
  readonly circle = new Circle();
  readonly tokens = new TrustTokens();
  readonly pictures = new Pictures();
  readonly presence = new Presence((person) => this.privacyOf(person));
  readonly #events: EventEmitter<SandboxEvents>;
  readonly #profiles = new Map<Person, Profile>();
  readonly #privacy = new Map<Person, Privacy>();
  readonly #calls = new Map<string, Call>();

  constructor(events: EventEmitter<SandboxEvents>) {
    this.#events = events;
  }

  profileOf(person: Person): Profile {
    const profile = this.#profiles.get(person) ?? new Profile();
    this.#profiles.set(person, profile);
    return profile;
  }

  privacyOf(person: Person): Privacy {
    const privacy = this.#privacy.get(person) ?? new Privacy(person, this.circle);
    this.#privacy.set(person, privacy);
    return privacy;
  }

  /** Whether what one person sends reaches the other: neither has blocked the other. */
  reaches(from: Person, to: Person): boolean {
    return !this.privacyOf(to).blocked.has(from) && !this.privacyOf(from).blocked.has(to);
  }

  /** Somebody's phone rings, if neither has blocked the other. */
  call(from: Person, to: Person, options: CallOptions): Call {
    return new Call(from, to, options, !this.reaches(from, to), (changed) => {
      const { id, state } = changed;
      if (state === 'ringing' || state === 'accepted') this.#calls.set(id, changed);
      else this.#calls.delete(id);
      this.#events.emit('call', { callId: id, from: from.phone, to: to.phone, state });
    });
  }

  /** A call that rings or is under way. */
  findCall(id: string | undefined): Call | undefined {
    return id === undefined ? undefined : this.#calls.get(id);
  }

  /** Changes a picture (a JPEG; null removes it), and tells those who know the person and its own other devices. */
  setPicture(person: Person, image: Buffer | null, cause?: LinkedDevice, preview = image): void {
    const picture = this.pictures.set(person, image, preview);
    this.#announce(person, 'picture', (jid) => pictureNews(picture, { jid, author: jid }), cause);
  }

  /** Changes the picture of a group as one of its members, and tells all. Throws for who may not. */
  setGroupPicture(group: Group, author: Person, image: Buffer | null): void {
    if (group.settings.locked) group.admin(author);
    else group.member(author);
    const { jid, addressing } = group;
    const participant = author.addressOn(0, addressing);
    const content = [pictureNews(this.pictures.set(group, image), { jid, author: participant })];
    for (const member of group.roster.people)
      notifyAll(member, { type: 'picture', from: jid, content, attrs: { participant } });
  }

  /** Changes an about text, and tells those who know the person and its own other devices. */
  setAbout(person: Person, text: string, cause?: LinkedDevice): void {
    this.profileOf(person).setAbout(text);
    this.#announce(person, 'status', () => node('set', {}, Buffer.from(text)), cause);
  }

  /** Changes a privacy setting; an account's other devices are told. */
  choosePrivacy(person: Person, name: string, value: string, cause?: LinkedDevice): void {
    this.privacyOf(person).choose(name, value);
    const content = [node('privacy', {}, [node('category', { name, value })])];
    notifyAll(person, { type: 'account_sync', from: person.jid, content }, cause);
  }

  /** Blocks or unblocks somebody; an account's other devices are told. */
  block(person: Person, other: Person, blocks: boolean, cause?: LinkedDevice): void {
    const { blocked } = this.privacyOf(person);
    if (blocks) blocked.add(other);
    else blocked.delete(other);
    const item = node('item', { action: blocks ? 'block' : 'unblock', jid: other.lid });
    const content = [node('blocklist', { action: 'modify' }, [item])];
    notifyAll(person, { type: 'account_sync', from: person.jid, content }, cause);
  }

  /** Changes how long messages last in new chats; an account's other devices are told. */
  setTimer(person: Person, seconds: number, cause?: LinkedDevice): void {
    const profile = this.profileOf(person);
    profile.setTimer(seconds);
    const t = String(Math.floor(profile.timer.at.getTime() / 1000));
    const content = [node('disappearing_mode', { duration: String(seconds), t })];
    notifyAll(person, { type: 'account_sync', from: person.jid, content }, cause);
  }

  /** Gives somebody a token of trust, which its clients send along with what they write from then on. */
  trust(issuer: Person, holder: Person): void {
    const token = this.tokens.issue(issuer, holder);
    const attrs = { jid: personalAddress(holder), t: now(), type: 'trusted_contact' };
    const content = [node('tokens', {}, [node('token', attrs, token)])];
    const from = personalAddress(issuer);
    notifyAll(holder, { type: 'privacy_token', from, content, attrs: { sender_lid: issuer.lid } });
  }

  /** Tells those who know a person, and an account's own devices, of a device that came or went. */
  announceDevice(person: Person, change: 'add' | 'remove', id: number, keyIndexes: Buffer): void {
    for (const other of this.circle.of(person)) {
      const content = [deviceNews(person, change, id, keyIndexes)];
      if (this.reaches(person, other)) {
        notifyAll(other, { type: 'devices', from: personalAddress(person), content, attrs: { lid: person.lid } });
      }
    }
    // The device that is new has nothing to learn from this.
    const own = linkedDevicesOf(person).filter((device) => device.id !== id);
    const content = [ownDeviceNews(person, keyIndexes)];
    for (const device of own) notify(device, { type: 'account_sync', from: person.jid, content });
  }

  /** Tells those who know a person that its phone has other keys now. */
  announceIdentity(person: Person): void {
    this.#announce(person, 'encrypt', identityNews);
  }

  /** Tells those who know a person by hidden id alone which number it has. */
  announceNumber(person: Person): void {
    const data = { xwa2_notify_linked_profiles: { jid: person.lid, added_profiles: [person.jid] } };
    const update = node(
      'update',
      { op_name: 'NotificationLinkedProfilesUpdates' },
      Buffer.from(JSON.stringify({ data })),
    );
    for (const other of this.circle.of(person)) notifyAll(other, { type: 'mex', from: SERVICE, content: [update] });
  }

  #announce(person: Person, type: string, change: (jid: string) => Stanza, cause?: LinkedDevice) {
    const jid = personalAddress(person);
    const attrs: Stanza['attrs'] = person.hidesNumber ? {} : { lid: person.lid };
    for (const other of [person, ...this.circle.of(person)]) {
      if (linkedDevicesOf(other).length === 0 || !this.reaches(person, other)) continue;
      notifyAll(other, { type, from: jid, content: [change(jid)], attrs }, cause);
    }
  }
}

const pictureNews = (picture: Picture | null, attrs: Stanza['attrs']): Stanza =>
  picture ? node('set', { ...attrs, id: picture.id }) : node('delete', attrs);
