/**
 * The ways into a group other than being added: the invite link, a personal invitation such as an invite message
 * carries, and asking where an admin must agree.
 */
import { randomBytes } from 'node:crypto';
import type { Person } from '../directory.ts';
import { node } from '../stanza.ts';
import { participantAttrs, tell } from './group-stanza.ts';
import type { Who } from './group-options.ts';
import type { Group } from './group.ts';
import { GroupRefusal } from './refusal.ts';

export interface JoinRequest {
  readonly person: Person;
  readonly at: Date;
}

/** What an invite message carries. */
export interface Invitation {
  readonly code: string;
  /** Until when it is good, in seconds since 1970. */
  readonly expiration: number;
}

/** How long a personal invitation is good: three days, as on phones. */
const INVITATION_SECONDS = 3 * 86_400;

/** What became of one request: settled, or there was none. */
export type Decision = [Person, 200 | 404];

export class Entrance {
  readonly #group: Group;
  readonly #requests = new Map<Person, JoinRequest>();
  readonly #revoked = new Set<string>();
  readonly #invitations = new Map<Person, Invitation & { readonly by: Person }>();
  #code = newCode();

  constructor(group: Group) {
    this.#group = group;
  }

  /** The last part of the invite link. */
  get code(): string {
    return this.#code;
  }

  get requests(): JoinRequest[] {
    return [...this.#requests.values()];
  }

  wasRevoked(code: string): boolean {
    return this.#revoked.has(code);
  }

  /** Makes the link worthless and a new one. Returns the new code. */
  revoke(by?: Who): string {
    const author = this.#group.admin(by, 401);
    this.#revoked.add(this.#code);
    this.#code = newCode();
    this.#group.tellAll(author, node('invite', { code: this.#code }));
    return this.#code;
  }

  /** Invites one person, by whoever may add others. The newest invitation is the one that counts. */
  invite(who: Who, by?: Who): Invitation {
    const invitation = { code: newCode(), expiration: Math.floor(Date.now() / 1000) + INVITATION_SECONDS };
    this.#invitations.set(this.#group.stranger(who), { ...invitation, by: this.#group.adder(by) });
    return invitation;
  }

  /** Takes personal invitations back. */
  uninvite(people: readonly Who[], by?: Who): void {
    this.#group.admin(by);
    for (const who of people) this.#invitations.delete(this.#group.person(who));
  }

  /** An invited person comes. Throws a refusal for an invitation that is not theirs, was taken back or is too old. */
  accept(code: string, who: Who): void {
    const person = this.#group.stranger(who);
    const invitation = this.#invitations.get(person);
    if (invitation?.code !== code || invitation.expiration * 1000 < Date.now()) {
      throw new GroupRefusal(410, 'this invitation is not good, or no longer');
    }
    this.#invitations.delete(person);
    this.#group.enact('add', [person], invitation.by, 'invite');
  }

  /** Somebody follows the link. Returns whether it is in now; else it waits for an admin. */
  join(who: Who): boolean {
    const group = this.#group;
    const person = group.stranger(who);
    if (group.settings.joinApproval) {
      this.#ask(person);
      return false;
    }
    group.enact('add', [person], person, 'invite');
    return true;
  }

  /** Somebody no longer wants to join. Nothing happens when it never asked. */
  withdraw(who: Who): void {
    const person = this.#group.person(who);
    if (this.#requests.delete(person)) this.#tellAdmins('revoked_membership_requests', person, person);
  }

  approve(people: readonly Who[], by?: Who): Decision[] {
    const author = this.#group.admin(by);
    return this.#decide(people, (person) => this.#group.enact('add', [person], author));
  }

  reject(people: readonly Who[], by?: Who): Decision[] {
    const author = this.#group.admin(by);
    return this.#decide(people, (person) => {
      this.#tellAdmins('revoked_membership_requests', person, author);
      // Who asked learns it too: it is how its phone stops showing the request.
      tell(this.#group, author, this.#about('revoked_membership_requests', person), [person]);
    });
  }

  /** Throws a refusal for somebody who does not ask to join. */
  requireRequest(who: Who): void {
    const person = this.#group.person(who);
    if (!this.#requests.has(person)) throw new GroupRefusal(404, `${person.phone} does not ask to join`);
  }

  #ask(person: Person): void {
    if (this.#requests.has(person)) return;
    this.#requests.set(person, { person, at: new Date() });
    this.#tellAdmins('created_membership_requests', person, person);
  }

  #decide(people: readonly Who[], settle: (person: Person) => void): Decision[] {
    return people.map((who) => {
      const person = this.#group.person(who);
      if (!this.#requests.delete(person)) return [person, 404];
      settle(person);
      return [person, 200];
    });
  }

  #about(news: 'created_membership_requests' | 'revoked_membership_requests', person: Person) {
    const attrs = participantAttrs(person, this.#group.addressing);
    return news === 'created_membership_requests'
      ? node(news, { request_method: 'invite_link' }, [node('requested_user', attrs)])
      : node(news, {}, [node('participant', attrs)]);
  }

  #tellAdmins(news: 'created_membership_requests' | 'revoked_membership_requests', person: Person, by: Person): void {
    tell(this.#group, by, this.#about(news, person), this.#group.roster.admins);
  }
}

const newCode = (): string => randomBytes(16).toString('base64url').replace(/[-_]/g, 'A').slice(0, 22);
