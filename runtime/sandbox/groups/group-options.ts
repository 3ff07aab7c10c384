/** What a group is made of, and what it is asked about. */
import type { Addressing, Directory, Person } from '../directory.ts';
import type { Group } from './group.ts';
import type { Role } from './roster.ts';
import type { GroupSettings } from './settings.ts';

/** A contact, an account, or anybody else by address. */
export interface Who {
  readonly jid: string;
}

export interface GroupOptions {
  readonly subject: string;
  readonly members: readonly Who[];
  /** Who made it; the first member when not given. */
  readonly owner?: Who;
  readonly admins?: readonly Who[];
  /** How it names its members: by hidden id, as groups made now do, unless `pn` is asked for. */
  readonly addressing?: Addressing;
  readonly description?: string;
  readonly settings?: Partial<GroupSettings>;
}

export interface GroupMember {
  readonly phone: string;
  readonly jid: string;
  readonly lid: string;
  readonly role: Role;
}

/** What groups need of the world around them. */
export interface Surroundings {
  readonly directory: Directory;
  /** Whether a person's privacy lets another add them to groups. */
  mayAdd(person: Person, by: Person): boolean;
  /** A group was made or changed. */
  changed(group: Group): void;
}
