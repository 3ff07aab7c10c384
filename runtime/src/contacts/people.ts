/** The table of people of one session: who has an address, what is known of them, and which id leads to which. */
import type { Contact } from '../events.ts';
import { toContactId, type ContactId, type Jid, type SessionId } from '../ids.ts';
import type { KeyValue } from '../store/store.ts';
import { addressesIn, learn, shownPerson, type Learnt, type Person } from './person.ts';

/** An id that was given up. */
interface Alias {
  mergedInto: ContactId;
}

interface Merge {
  kept: ContactId;
  merged: ContactId;
}

const UNFINISHED = 'unfinished';
const ofAddress = (jid: Jid) => `address|${jid}`;
const CONTACT = 'contact|';
const ofContact = (id: ContactId) => `${CONTACT}${id}`;

export class People {
  readonly #session: SessionId;
  readonly #rows: KeyValue;

  constructor(session: SessionId, rows: KeyValue) {
    this.#session = session;
    this.#rows = rows;
  }

  async find(who: Jid | ContactId): Promise<Contact | undefined> {
    const id = toContactId(who);
    if (id) {
      const person = await this.#person(id);
      return person ? shownPerson(person) : undefined;
    }
    const person = await this.#owner(who as Jid);
    return person ? shownPerson(person, who as Jid) : undefined;
  }

  async list(): Promise<Contact[]> {
    const all: Contact[] = [];
    for await (const [key, row] of this.#rows.iterator?.(undefined) ?? []) {
      if (String(key).startsWith(CONTACT) && !('mergedInto' in row)) all.push(shownPerson(row as Person));
    }
    return all;
  }

  shown(person: Person, jid?: Jid): Contact {
    return jid === undefined ? shownPerson(person) : shownPerson(person, jid);
  }

  async knowsAny(addresses: Jid[]): Promise<boolean> {
    for (const address of addresses) if (await this.#rows.has(ofAddress(address))) return true;
    return false;
  }

  /** What is to be written down now that these are known to be one person's addresses. */
  async learn(jids: Jid[], pushName: string | null, now: number): Promise<Learnt> {
    const addresses = addressesIn(jids);
    const byPhone = addresses.phone && (await this.#owner(addresses.phone));
    const byLid = addresses.lid && (await this.#owner(addresses.lid));
    const learnt = learn(this.#session, addresses, { byPhone: byPhone ?? null, byLid: byLid ?? null }, now);
    return { ...learnt, person: { ...learnt.person, pushName: pushName ?? learnt.person.pushName } };
  }

  /** All of it or nothing, and nothing when all of it is known. */
  async write({ person, merged, former }: Learnt): Promise<void> {
    const rows: { key: string; value: unknown }[] = [{ key: ofContact(person.contactId), value: person }];
    for (const jid of [person.phone, person.lid, merged?.phone, merged?.lid]) {
      if (jid) rows.push({ key: ofAddress(jid), value: person.contactId });
    }
    if (former) rows.push({ key: ofContact(former.contactId), value: former });
    if (merged) {
      const merge: Merge = { kept: person.contactId, merged: merged.contactId };
      rows.push({ key: ofContact(merged.contactId), value: { mergedInto: person.contactId } satisfies Alias });
      rows.push({ key: UNFINISHED, value: [...(await this.unfinishedMerges()), merge] });
    }
    const known = await this.#rows.getMany<unknown>(rows.map(({ key }) => key));
    if (rows.every(({ value }, at) => JSON.stringify(known[at]) === JSON.stringify(value))) return;
    await this.#rows.setMany(rows);
  }

  /** Of which those who keep something under the given-up id may not have heard. */
  async unfinishedMerges(): Promise<Merge[]> {
    return (await this.#rows.get<Merge[]>(UNFINISHED)) ?? [];
  }

  async mergeFinished(merged: ContactId): Promise<void> {
    const rest = (await this.unfinishedMerges()).filter((merge) => merge.merged !== merged);
    if (rest.length > 0) await this.#rows.set(UNFINISHED, rest);
    else await this.#rows.delete(UNFINISHED);
  }

  async #owner(jid: Jid): Promise<Person | undefined> {
    const id = await this.#rows.get<ContactId>(ofAddress(jid));
    return id === undefined ? undefined : await this.#person(id);
  }

  async #person(id: ContactId): Promise<Person | undefined> {
    const row = await this.#rows.get<Person | Alias>(ofContact(id));
    return row && 'mergedInto' in row ? await this.#person(row.mergedInto) : row;
  }
}
