/** Who does not want to be written to by a session, with how that is known; kept until it is taken back. */
import type { Content } from '../content.ts';
import type { Jid } from '../ids.ts';
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
  readonly #now: () => number;

  constructor(rows: KeyValue, now: () => number) {
    this.#rows = rows;
    this.#now = now;
  }

  /** Noted again, the first time stays. */
  async note(contact: Jid, basis: string): Promise<OptOut> {
    const before = await this.#rows.get<OptOut>(contact);
    const noted = { contact, basis, at: before?.at ?? this.#now() };
    await this.#rows.set(contact, noted);
    return noted;
  }

  /** False when they were not on the list. */
  async takeBack(contact: Jid): Promise<boolean> {
    return await this.#rows.delete(contact);
  }

  async list(): Promise<OptOut[]> {
    const all: OptOut[] = [];
    for await (const [, row] of this.#rows.iterator?.(undefined) ?? []) all.push(row as OptOut);
    return all.sort((a, b) => a.at - b.at);
  }

  /** Whether a message must not go: they are on the list, and it is not the deletion of one. */
  async forbids(to: Jid, { kind }: Content): Promise<boolean> {
    return kind !== 'delete' && (await this.#rows.has(to));
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
