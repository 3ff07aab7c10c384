/** Puts people in the place of addresses: who wrote, and whose chat it is, under the ids that stay. */
import type { Contact } from '../events.ts';
import type { SessionId } from '../ids.ts';
import type { InboxDeps } from './inbox.ts';
import type { Heard, Origin } from './normalise.ts';

export async function identified(
  heard: Heard,
  session: SessionId,
  { contacts, self }: Pick<InboxDeps, 'contacts' | 'self'>,
): Promise<Heard> {
  const { origin } = heard;
  const { chat, chats, authors, fromMe, from } = origin;
  const partner = chat.isGroup ? null : await contacts.note(session, chats, fromMe ? null : from.pushName);
  const isNamed = authors.length > 0 && !(fromMe && self(session) === null);
  const author = partner && !fromMe ? partner : isNamed ? await contacts.note(session, authors, from.pushName) : from;
  return withPeople(heard, origin, author, partner);
}

function withPeople(heard: Heard, origin: Origin, from: Contact, partner: Contact | null): Heard {
  const chat = { ...origin.chat, contactId: partner?.contactId ?? null };
  const told = { ...heard, origin: { ...origin, chat, from } };
  if (told.what === 'message') return { ...told, event: { ...told.event, chat, from } };
  if (told.what === 'undecryptable') return { ...told, event: { ...told.event, chat, from } };
  return told;
}
