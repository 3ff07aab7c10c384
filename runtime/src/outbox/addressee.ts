/** Whom a message is for: whoever is meant, by whichever address or id, has one chat. */
import type { Contacts } from '../contacts/contacts.ts';
import type { Contact } from '../events.ts';
import { RuntimeError } from '../errors.ts';
import { isGroup, toContactId, type ContactId, type Jid, type SessionId } from '../ids.ts';

/** The address to write to; from now on the person is known. Throws `contact_not_found`. */
export async function addressOf(contacts: Contacts, session: SessionId, to: Jid | ContactId): Promise<Jid> {
  const id = toContactId(to);
  if (id === null) {
    if (!isGroup(to as Jid)) await contacts.note(session, [to as Jid], null);
    return to as Jid;
  }
  const contact = await contacts.find(session, id);
  if (!contact) throw new RuntimeError('contact_not_found');
  return contact.jid;
}

/** What a chat's messages are kept in order under, and remembered by. */
export const chatKeyOf =
  (contacts: Contacts, session: SessionId) =>
  async (chat: Jid): Promise<string> =>
    isGroup(chat) ? chat : ((await contacts.find(session, chat))?.contactId ?? chat);

/** Whom a chat is with, as far as known; null for a group. */
export const addresseeOf =
  (contacts: Contacts, session: SessionId) =>
  async (chat: Jid): Promise<Contact | null> =>
    isGroup(chat) ? null : ((await contacts.find(session, chat)) ?? null);
