/** Who is in a group and in which role. */
import type { Person } from '../directory.ts';

/** As stanzas name them; the creator is `superadmin` and cannot be demoted or removed. */
export type Role = 'superadmin' | 'admin' | 'member';

export type MemberChange = 'add' | 'remove' | 'promote' | 'demote';

/**
 * What becomes of one person in a change: done, its privacy forbids, no such person or member, the creator is out of
 * reach, in already.
 */
export type Verdict = 200 | 403 | 404 | 405 | 409;

export class Roster {
  readonly #roles = new Map<Person, Role>();

  constructor(owner: Person, admins: Iterable<Person>, members: Iterable<Person>) {
    for (const person of members) this.#roles.set(person, 'member');
    for (const person of admins) this.#roles.set(person, 'admin');
    this.#roles.set(owner, 'superadmin');
  }

  get entries(): [Person, Role][] {
    return [...this.#roles];
  }

  get people(): Person[] {
    return [...this.#roles.keys()];
  }

  get admins(): Person[] {
    return this.people.filter((person) => this.isAdmin(person));
  }

  roleOf(person: Person): Role | undefined {
    return this.#roles.get(person);
  }

  has(person: Person): boolean {
    return this.#roles.has(person);
  }

  isAdmin(person: Person): boolean {
    return this.has(person) && this.roleOf(person) !== 'member';
  }

  /** What the change would do, without doing it, by the member list alone. */
  judge(change: MemberChange, person: Person): Exclude<Verdict, 403> {
    const role = this.roleOf(person);
    if (change === 'add') return role ? 409 : 200;
    if (!role) return 404;
    return role === 'superadmin' && change !== 'promote' ? 405 : 200;
  }

  apply(change: MemberChange, person: Person): void {
    if (change === 'remove') this.#roles.delete(person);
    else if (change === 'add' || change === 'demote') this.#roles.set(person, 'member');
    else if (!this.isAdmin(person)) this.#roles.set(person, 'admin');
  }
}
