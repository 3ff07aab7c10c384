/** Who may see what of a person, and whom a person has blocked. */
import type { Person } from '../directory.ts';
import type { Circle } from './circle.ts';

const WHO = ['all', 'contacts', 'contact_blacklist', 'none'] as const;

/** The settings WhatsApp has, with the values it takes for each; the first is what a new account begins with. */
const SETTINGS = {
  readreceipts: ['all', 'none'],
  profile: WHO,
  status: WHO,
  last: WHO,
  online: ['all', 'match_last_seen'],
  groupadd: WHO,
  calladd: ['all', 'known'],
  messages: ['all', 'contacts'],
} as const;

export type PrivacySetting = keyof typeof SETTINGS;

const isSetting = (name: string): name is PrivacySetting => Object.hasOwn(SETTINGS, name);

export class Privacy {
  readonly blocked = new Set<Person>();
  readonly #person: Person;
  readonly #circle: Circle;
  readonly #chosen = new Map<PrivacySetting, string>();

  constructor(person: Person, circle: Circle) {
    this.#person = person;
    this.#circle = circle;
  }

  /** Every setting with its value. */
  get settings(): readonly (readonly [PrivacySetting, string])[] {
    return Object.keys(SETTINGS)
      .filter(isSetting)
      .map((name) => [name, this.value(name)]);
  }

  value(name: PrivacySetting): string {
    return this.#chosen.get(name) ?? SETTINGS[name][0];
  }

  /** Changes a setting. Throws for one that does not exist, and for a value it does not take. */
  choose(name: string, value: string): void {
    if (!isSetting(name)) throw new Error(`there is no privacy setting ${JSON.stringify(name)}`);
    const values: readonly string[] = SETTINGS[name];
    if (!values.includes(value)) throw new Error(`${name} must be one of ${values.join(', ')}`);
    this.#chosen.set(name, value);
  }

  /** Whether somebody may see, or do, what this setting covers. Contacts are those with whom messages were exchanged. */
  shows(name: 'profile' | 'status' | 'last' | 'groupadd', viewer: Person): boolean {
    if (viewer === this.#person) return true;
    if (this.blocked.has(viewer)) return false;
    const value = this.value(name);
    // Whom a blacklist names is not asked here: nobody is on it.
    if (value === 'contacts') return this.#circle.knows(this.#person, viewer);
    return value !== 'none';
  }
}
