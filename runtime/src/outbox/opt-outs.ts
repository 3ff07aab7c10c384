/** Who does not want to be written to by a session, with how that is known; kept until it is taken back. */
import type { Content } from '../content.ts';
import type { Contact } from '../events.ts';
import { parseRecipient, type Jid } from '../ids.ts';
import type { KeyValue } from '../store/store.ts';

export interface OptOut {
  contact: Jid;
  /** How it is known, in the words of who noted it, such as "asked by phone". */
  basis: string;
  /** When it was first noted, ms since 1970. */
  at: number;
}

export class OptOuts {
  readonly #rows: KeyValue;
  readonly #contactOf: (contact: Jid) => Promise<Contact | null>;
  readonly #now: () => number;

  constructor(rows: KeyValue, contactOf: (contact: Jid) => Promise<Contact | null>, now: () => number) {
    this.#rows = rows;
    this.#contactOf = contactOf;
    this.#now = now;
  }

  /** Noted again, the first time stays. `at` is for what was noted elsewhere before. */
  async note(contact: Jid, basis: string, at = this.#now()): Promise<OptOut> {
    const before = await this.#rows.get<OptOut>(contact);
    const noted = { contact, basis, at: before?.at ?? at };
    await this.#rows.set(contact, noted);
    return noted;
  }

  /** Whichever of their addresses they were noted by. False when they were not on the list. */
  async takeBack(contact: Jid): Promise<boolean> {
    let found = false;
    for (const address of await this.#addressesOf(contact)) found = (await this.#rows.delete(address)) || found;
    return found;
  }

  async list(): Promise<OptOut[]> {
    const all: OptOut[] = [];
    for await (const [, row] of this.#rows.iterator?.(undefined) ?? []) all.push(row as OptOut);
    return all.sort((a, b) => a.at - b.at);
  }

  /** Whether a message must not go: they are on the list by any of their addresses, and it is not the deletion of one. */
  async forbids(to: Jid, { kind }: Content): Promise<boolean> {
    return kind !== 'delete' && (await this.find(to)) !== null;
  }

  /** What is noted of somebody, by any of their addresses; null when nothing is. */
  async find(contact: Jid): Promise<OptOut | null> {
    for (const address of await this.#addressesOf(contact)) {
      const row = await this.#rows.get<OptOut>(address);
      if (row !== undefined) return row;
    }
    return null;
  }

  async #addressesOf(contact: Jid): Promise<Set<Jid>> {
    const known = await this.#contactOf(contact);
    if (!known) return new Set([contact]);
    const { jid, lid, phone } = known;
    return new Set([contact, jid, ...(lid ? [lid] : []), ...(phone === null ? [] : [parseRecipient(phone)])]);
  }
}

/** Words alone: case, punctuation and spaces do not matter, nor how a letter with its accent is written. */
const bare = (text: string) =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim();

/** The keyword a message consists of; undefined when it says anything else. */
export const keywordIn = (text: string, keywords: readonly string[]): string | undefined =>
  keywords.find((keyword) => bare(keyword) !== '' && bare(keyword) === bare(text));
