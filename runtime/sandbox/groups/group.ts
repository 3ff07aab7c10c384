/**
 * A group: who is in it, what it is called, how it is set, and who may change that. Every change is told to the linked
 * devices of all members, as WhatsApp does it, whether a client asked for it or the sandbox's user.
 */
import { randomInt } from 'node:crypto';
import type { Address, Addressing, Person } from '../directory.ts';
import { newStanzaId, node } from '../stanza.ts';
import type { Stanza } from '../stanza.ts';
import { Entrance } from './entrance.ts';
import type { GroupMember, GroupOptions, Surroundings, Who } from './group-options.ts';
import { groupStanza, namedAttrs, participantAttrs, seconds, tell } from './group-stanza.ts';
import { GroupRefusal } from './refusal.ts';
import { Roster } from './roster.ts';
import type { MemberChange, Verdict } from './roster.ts';
import { faultOf, NEW_GROUP, settingNews } from './settings.ts';
import type { GroupSettings } from './settings.ts';
import { writeDescription, writeSubject } from './texts.ts';
import type { Description, Written } from './texts.ts';

const VERDICTS: Readonly<Record<Exclude<Verdict, 200>, string>> = {
  403: 'does not let just anybody add them to groups',
  404: 'is not a member',
  405: 'made the group and cannot be demoted or removed',
  409: 'is a member already',
};

export class Group {
  readonly jid = `120363${String(randomInt(1e12)).padStart(12, '0')}@g.us`;
  readonly addressing: Addressing;
  readonly owner: Person;
  readonly createdAt = new Date();
  readonly roster: Roster;
  readonly entrance = new Entrance(this);
  readonly #surroundings: Surroundings;
  #subject: Written;
  #description: Description | null = null;
  #settings: GroupSettings;
  /** Versions of member list and announcement setting: clients take them for opaque and ever growing. */
  #version = Date.now() * 1000;
  #announcementVersion = this.#version;

  /** Throws on what no group can be made of: nobody in it, people nobody knows, a bad subject or setting. */
  constructor(surroundings: Surroundings, options: GroupOptions) {
    const { subject, members, admins = [], addressing = 'lid', description, settings = {} } = options;
    this.#surroundings = surroundings;
    this.addressing = addressing;
    const first = options.owner ?? members[0];
    if (!first) throw new GroupRefusal(400, 'a group needs at least one member');
    this.owner = this.person(first);
    this.roster = new Roster(
      this.owner,
      admins.map((who) => this.person(who)),
      members.map((who) => this.person(who)),
    );
    this.#subject = writeSubject(subject, this.owner);
    this.#settings = { ...NEW_GROUP, ...checked(settings) };
    if (description) this.#description = writeDescription(description, newStanzaId(), this.owner);
  }

  get subject(): Written {
    return this.#subject;
  }

  get description(): Description | null {
    return this.#description;
  }

  get settings(): GroupSettings {
    return this.#settings;
  }

  get version(): string {
    return String(this.#version);
  }

  get announcementVersion(): string {
    return String(this.#announcementVersion);
  }

  get members(): GroupMember[] {
    return this.roster.entries.map(([{ phone, jid, lid }, role]) => ({ phone, jid, lid, role }));
  }

  /** Adds members at somebody's hand; an admin's when nobody is named. Throws when one cannot be, and adds none then. */
  add(who: Who | readonly Who[], by?: Who): void {
    this.#strictly('add', who, by);
  }

  remove(who: Who | readonly Who[], by?: Who): void {
    this.#strictly('remove', who, by);
  }

  promote(who: Who | readonly Who[], by?: Who): void {
    this.#strictly('promote', who, by);
  }

  demote(who: Who | readonly Who[], by?: Who): void {
    this.#strictly('demote', who, by);
  }

  /** A member goes by itself. When the last admin goes, the longest-standing member becomes one. */
  leave(who: Who): void {
    const person = this.member(who);
    this.#tellMembers('remove', [person], person);
    this.roster.apply('remove', person);
    const [heir] = this.roster.people;
    if (!heir || this.roster.admins.length > 0) return;
    this.roster.apply('promote', heir);
    this.#tellMembers('promote', [heir], null);
  }

  setSubject(text: string, by?: Who): void {
    const author = this.#editor(by);
    this.#subject = writeSubject(text, author);
    const { at } = this.#subject;
    const attrs = { subject: text, s_t: seconds(at), ...namedAttrs('s_o', author, this.addressing) };
    this.tellAll(author, node('subject', attrs));
  }

  /** An empty text takes the description away. */
  setDescription(text: string, by?: Who, id = newStanzaId()): void {
    const author = this.#editor(by);
    this.#description = text ? writeDescription(text, id, author) : null;
    const body = text ? node('body', {}, Buffer.from(text)) : node('delete');
    this.tellAll(author, node('description', { id }, [body]));
  }

  /** Changes what is named and leaves the rest; what is so already is not told again. */
  setSettings(changes: Partial<GroupSettings>, by?: Who): void {
    const needsAdmin = Object.keys(changes).some((key) => key !== 'ephemeral');
    const author = needsAdmin ? this.admin(by) : this.#editor(by);
    const changed = Object.fromEntries(
      Object.entries(checked(changes)).filter(([key, value]) => this.#settings[key as keyof GroupSettings] !== value),
    ) as Partial<GroupSettings>;
    this.#settings = { ...this.#settings, ...changed };
    if (changed.announcement !== undefined) this.#announcementVersion = this.#nextVersion();
    for (const news of settingNews(changed, this.announcementVersion)) this.tellAll(author, news);
  }

  /**
   * Makes a change for everybody it can be made for, and says of each what became of it. Throws a refusal when the
   * author may make no such change at all.
   */
  change(kind: MemberChange, people: readonly Person[], by: Who, reason?: string): [Person, Verdict][] {
    const author =
      kind === 'add' && this.settings.memberAddMode === 'all_member_add' ? this.member(by) : this.admin(by);
    const verdicts = people.map((person): [Person, Verdict] => [person, this.judge(kind, person, author)]);
    const done = verdicts.flatMap(([person, verdict]) => (verdict === 200 ? [person] : []));
    if (done.length > 0) this.enact(kind, done, author, reason);
    return verdicts;
  }

  /** What a change by this author would do to a person. */
  judge(kind: MemberChange, person: Person, author: Person): Verdict {
    const verdict = this.roster.judge(kind, person);
    return kind === 'add' && verdict === 200 && !this.#surroundings.mayAdd(person, author) ? 403 : verdict;
  }

  /** Makes a change that is known to be allowed, and tells everybody it concerns. */
  enact(kind: MemberChange, people: readonly Person[], author: Person, reason?: string): void {
    const before = this.roster.people;
    if (kind === 'remove') this.#tellMembers(kind, people, author, reason);
    for (const person of people) this.roster.apply(kind, person);
    if (kind === 'promote' || kind === 'demote') this.#tellMembers(kind, people, author, reason);
    if (kind !== 'add') return;
    this.#tellMembers(kind, people, author, reason, before);
    tell(this, author, this.creation({ ...(reason && { reason }) }), people);
  }

  /** What somebody who is in a group from now on is told. */
  creation(attrs: Stanza['attrs']): Stanza {
    return node('create', attrs, [groupStanza(this, { participants: true, description: true })]);
  }

  noteChange(): void {
    this.#surroundings.changed(this);
  }

  tellAll(by: Person | null, change: Stanza): void {
    tell(this, by, change, this.roster.people);
  }

  /** Every device of every member, but for the one that writes: in some groups clients write to themselves as well. */
  devicesBut({ person, device }: Address): Address[] {
    return this.roster.people.flatMap((member) =>
      [...member.devices.keys()].flatMap((each) =>
        member === person && each === device ? [] : [{ person: member, device: each }],
      ),
    );
  }

  /** Whoever has an address. Throws for a number nobody has. */
  person({ jid }: Who): Person {
    const person = this.#surroundings.directory.find(jid)?.person;
    if (!person) throw new GroupRefusal(404, `nobody has ${jid}`);
    return person;
  }

  /** The member with an address. Throws a refusal when it is none. */
  member(who: Who): Person {
    const person = this.person(who);
    if (!this.roster.has(person)) throw new GroupRefusal(403, `${person.phone} is not in this group`);
    return person;
  }

  /** Whoever has an address and is no member. Throws a refusal when it is one. */
  stranger(who: Who): Person {
    const person = this.person(who);
    if (this.roster.has(person)) throw new GroupRefusal(409, `${person.phone} ${VERDICTS[409]}`);
    return person;
  }

  /** The admin with an address, or any. Throws a refusal for somebody who is none. */
  admin(who: Who = this.roster.admins[0] ?? this.owner, code: 401 | 403 = 403): Person {
    const person = this.member(who);
    if (!this.roster.isAdmin(person)) throw new GroupRefusal(code, `${person.phone} is no admin of this group`);
    return person;
  }

  mayWrite(person: Person): boolean {
    return this.#settings.announcement ? this.roster.isAdmin(person) : this.roster.has(person);
  }

  /** Throws a refusal for whom WhatsApp would not let write here. */
  requireWriter(who: Who): void {
    if (!this.mayWrite(this.member(who))) throw new GroupRefusal(403, 'only admins may write in this group');
  }

  /** The member with an address who may add others, or any admin. Throws a refusal for one who may not. */
  adder(who?: Who): Person {
    return who && this.#settings.memberAddMode === 'all_member_add' ? this.member(who) : this.admin(who);
  }

  #editor(who: Who | undefined): Person {
    return this.#settings.locked || !who ? this.admin(who) : this.member(who);
  }

  #strictly(kind: MemberChange, who: Who | readonly Who[], by: Who | undefined): void {
    const people = [who].flat().map((each) => this.person(each));
    const author = this.member(by ?? this.admin());
    for (const person of people) {
      const verdict = this.judge(kind, person, author);
      if (verdict !== 200) throw new GroupRefusal(verdict, `${person.phone} ${VERDICTS[verdict]}`);
    }
    this.change(kind, people, author);
  }

  #tellMembers(
    kind: MemberChange,
    people: readonly Person[],
    by: Person | null,
    reason?: string,
    to: readonly Person[] = this.roster.people,
  ): void {
    const previous = this.version;
    this.#version = this.#nextVersion();
    const attrs = { prev_v_id: previous, v_id: this.version, ...(reason && { reason }) };
    const participants = people.map((person) => node('participant', participantAttrs(person, this.addressing)));
    tell(this, by, node(kind, attrs, participants), to);
  }

  #nextVersion(): number {
    return Math.max(Date.now() * 1000, this.#version + 1);
  }
}

/** Throws a refusal for settings no group can have. */
function checked(settings: Partial<GroupSettings>): Partial<GroupSettings> {
  const fault = faultOf(settings);
  if (fault) throw new GroupRefusal(400, fault);
  return settings;
}
