/** The groups of a sandbox: made by its user or by a client, found by address or by invite link. */
import type { Person } from '../directory.ts';
import { Group } from './group.ts';
import type { GroupOptions, Surroundings } from './group-options.ts';
import { tell } from './group-stanza.ts';
import { GroupRefusal } from './refusal.ts';

export { groupRefusal, readGroupDispatch } from './group-mail.ts';
export { groupOf, groupRoutes } from './group-routes.ts';
export { groupQueries } from './group-queries.ts';
export { authorAttrs } from './group-stanza.ts';
export { Group } from './group.ts';
export { GroupTalk } from './group-talk.ts';
export { GroupRefusal } from './refusal.ts';
export type { GroupMember, GroupOptions, Who } from './group-options.ts';
export type { GroupSettings } from './settings.ts';

export class Groups {
  readonly #surroundings: Surroundings;
  readonly #byJid = new Map<string, Group>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** Every group by its JID. */
  get all(): ReadonlyMap<string, Group> {
    return this.#byJid;
  }

  /**
   * Makes a group and tells the linked devices of its members. The key is the creating client's, by which it knows the
   * group as its own. Throws a refusal on bad options.
   */
  create(options: GroupOptions, key?: string): Group {
    const group = new Group(this.#surroundings, options);
    this.#byJid.set(group.jid, group);
    tell(group, group.owner, group.creation({ type: 'new', ...(key && { key }) }), group.roster.people);
    return group;
  }

  /** Whether somebody may put another into a group. */
  mayAdd(person: Person, by: Person): boolean {
    return this.#surroundings.mayAdd(person, by);
  }

  find(jid: string | undefined): Group | undefined {
    return jid === undefined ? undefined : this.#byJid.get(jid);
  }

  /** The groups somebody is in. */
  of(person: Person): Group[] {
    return [...this.#byJid.values()].filter(({ roster }) => roster.has(person));
  }

  /** The group behind an invite link. Throws a refusal for a link that was revoked or never was. */
  behind(code: string): Group {
    for (const group of this.#byJid.values()) {
      if (group.entrance.code === code) return group;
      if (group.entrance.wasRevoked(code)) throw new GroupRefusal(410, 'this invite link was revoked');
    }
    throw new GroupRefusal(406, 'this is no invite link of a group');
  }
}
