/** What is known of one person, and what new knowledge makes of it. Pure. */
import type { Contact } from '../events.ts';
import { contactIdFor, isLid, phoneOf, type ContactId, type Jid, type SessionId } from '../ids.ts';

/** A person as stored. */
export interface Person {
  contactId: ContactId;
  /** Their number's address. */
  phone: Jid | null;
  lid: Jid | null;
  pushName: string | null;
  /** When they were first seen, ms since 1970. */
  since: number;
}

/** The addresses of one person. */
export interface Addresses {
  phone: Jid | null;
  lid: Jid | null;
}

export interface Learnt {
  /** The person these addresses belong to from now on. */
  person: Person;
  /** Whom this person turned out to be as well: the younger of both, to be given up. */
  merged: Person | null;
  /** Who had the number before and has it no more. */
  former: Person | null;
}

export const addressesIn = (jids: Jid[]): Addresses => ({
  phone: jids.find((jid) => phoneOf(jid) !== null) ?? null,
  lid: jids.find(isLid) ?? null,
});

/**
 * A LID stays with its account for ever; a number can go to somebody else. So two people with LIDs of their own are never one,
 * and a number belongs to the LID it was last told with.
 */
export function learn(
  session: SessionId,
  { phone, lid }: Addresses,
  { byPhone, byLid }: { byPhone: Person | null; byLid: Person | null },
  now: number,
): Learnt {
  const isOther = byPhone !== null && lid !== null && byPhone.lid !== null && byPhone.lid !== lid;
  const former = isOther ? { ...byPhone, phone: null } : null;
  const known = [byLid, isOther ? null : byPhone].filter((each) => each !== null);
  const [older, younger] = known.sort((a, b) => a.since - b.since);
  if (!older) return { person: newPerson(session, { phone, lid }, now), merged: null, former };
  const merged = younger && younger.contactId !== older.contactId ? younger : null;
  return { person: withAddresses(merged ? both(older, merged) : older, { phone, lid }), merged, former };
}

const both = (older: Person, younger: Person): Person => ({
  ...older,
  phone: older.phone ?? younger.phone,
  lid: older.lid ?? younger.lid,
  pushName: older.pushName ?? younger.pushName,
});

const withAddresses = (person: Person, { phone, lid }: Addresses): Person => ({
  ...person,
  phone: phone ?? person.phone,
  lid: lid ?? person.lid,
});

function newPerson(session: SessionId, { phone, lid }: Addresses, since: number): Person {
  const address = lid ?? phone;
  if (!address) throw new Error('a person has an address');
  return { contactId: contactIdFor(session, address), phone, lid, pushName: null, since };
}

/** As events and answers show them; `jid` is the address to answer to. */
export const shownPerson = ({ contactId, phone, lid, pushName }: Person, jid: Jid | null = phone ?? lid): Contact => ({
  ...{ contactId, phone: phone && phoneOf(phone), lid, pushName },
  jid: jid ?? (lid as Jid),
});
