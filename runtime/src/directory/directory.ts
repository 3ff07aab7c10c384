/**
 * The people and groups of an account as WhatsApp shows them: a list of chats to choose from, groups with their members,
 * pictures, about texts, presence.
 */
import type { Contacts } from '../contacts/contacts.ts';
import type { Contact } from '../events.ts';
import { RuntimeError } from '../errors.ts';
import { isLid, phoneOf, toContactId, type ContactId, type Jid, type SessionId } from '../ids.ts';
import type { About, GroupFacts, GroupMember, PictureSize, Presence, Session } from '../session/session.ts';
import type { Store } from '../store/store.ts';
import { pageOf, type ChatFilter, type ChatPage, type ChatSummary } from './chat-list.ts';
import { answered, Groups, type GroupList } from './groups.ts';
import { Profiles, type ProfileSettings } from './profiles.ts';

export type { ChatFilter, ChatPage, ChatSummary } from './chat-list.ts';
export type { GroupList, GroupSummary } from './groups.ts';

/** A member as far as known: without a contact id for somebody the session has not met. */
export type Member = Omit<Contact, 'contactId'> & Pick<GroupMember, 'role'> & { contactId: ContactId | null };

export interface GroupWithMembers extends Omit<GroupFacts, 'members'> {
  members: Member[];
}

export interface DirectoryDeps {
  store: Store;
  contacts: Contacts;
  sessionOf(session: SessionId): Session | undefined;
  /** When each chat last had a message, by contact id or group. */
  lastActive(session: SessionId): Promise<Map<string, number>>;
  settings: ProfileSettings;
  now?: () => number;
}

export interface Directory {
  /** The address of somebody, or of a group. Throws `contact_not_found` for a contact id nobody has. */
  addressOf(session: SessionId, who: Jid | ContactId): Promise<Jid>;
  /** Somebody the session has met. Throws `contact_not_found`. */
  contact(session: SessionId, who: Jid | ContactId): Promise<Contact>;
  /** The people the session has met and the groups its account is in. Throws `invalid_cursor`. */
  chats(session: SessionId, filter: ChatFilter): Promise<ChatPage>;
  /** Asked of WhatsApp once a minute at the most. Throws `session_not_connected` when it never was, `no_answer`. */
  groups(session: SessionId): Promise<GroupList>;
  /** Throws `group_not_found`, `session_not_connected`, `no_answer`. */
  group(session: SessionId, jid: Jid): Promise<GroupWithMembers>;
  /** Throws `look_ups_used_up`, `session_not_connected`, `no_answer`. */
  about(session: SessionId, of: Jid): Promise<About>;
  /** A JPEG. Throws as `about`, `picture_not_found`, `media_gone`, `media_unavailable`, `media_corrupt`. */
  picture(session: SessionId, of: Jid, size: PictureSize): Promise<Buffer>;
  /** Asks to be told of somebody's presence; gives what is told at once. Throws `session_not_connected`, `no_answer`. */
  watchPresence(session: SessionId, of: Jid): Promise<Presence | null>;
  /** Lets go of a session that is being removed. */
  forget(session: SessionId): void;
  /** What is being fetched ends. */
  stop(): void;
}

/** WhatsApp tells at once, or not at all. */
const PRESENCE_MS = 3_000;

export function createDirectory(deps: DirectoryDeps): Directory {
  const now = deps.now ?? Date.now;
  const stopping = new AbortController();
  const open = new Map<SessionId, { groups: Groups; profiles: Profiles }>();
  const of = (session: SessionId) => {
    const known = open.get(session);
    if (known) return known;
    const database = deps.store.session(session);
    const groups = new Groups(database.keyValue('groups'), () => deps.sessionOf(session)?.live() ?? null, now);
    const rows = database.keyValue('profiles');
    const profiles = new Profiles({
      rows,
      session: () => deps.sessionOf(session),
      settings: deps.settings,
      stopping: stopping.signal,
      now,
    });
    open.set(session, { groups, profiles });
    return { groups, profiles };
  };
  const contact = async (session: SessionId, who: Jid | ContactId) => {
    const found = await deps.contacts.find(session, who);
    if (!found) throw new RuntimeError('contact_not_found');
    return found;
  };
  return {
    contact,
    addressOf: async (session, who) => (toContactId(who) ? (await contact(session, who)).jid : (who as Jid)),
    chats: async (session, filter) => pageOf(await chatsOf(session, of(session).groups, deps), filter),
    groups: (session) => of(session).groups.list(),
    group: async (session, jid) => {
      const { members, ...group } = await of(session).groups.get(jid);
      return { ...group, members: await Promise.all(members.map((member) => shown(session, member, deps.contacts))) };
    },
    about: (session, who) => of(session).profiles.about(who),
    picture: (session, ...asked) => of(session).profiles.picture(...asked),
    watchPresence: async (session, who) => {
      const live = deps.sessionOf(session)?.live();
      if (!live) throw new RuntimeError('session_not_connected');
      return await answered(live.watchPresence(who, PRESENCE_MS));
    },
    forget: (session) => void open.delete(session),
    stop: () => stopping.abort(),
  };
}

async function chatsOf(
  session: SessionId,
  groups: Groups,
  { contacts, lastActive }: DirectoryDeps,
): Promise<ChatSummary[]> {
  const active = await lastActive(session);
  // Without an answer what is known is better than nothing to choose from.
  const list = await groups.list().catch(() => groups.known());
  const people = await contacts.list(session);
  return [
    ...(list?.groups ?? []).map(({ jid, subject }) => ({
      ...{ jid, kind: 'group' as const, name: subject, contactId: null, phone: null, lid: null },
      activeAt: active.get(jid) ?? null,
    })),
    ...people.map(({ jid, pushName, contactId, phone, lid }) => ({
      ...{ jid, kind: 'person' as const, name: pushName, contactId, phone, lid },
      activeAt: active.get(contactId) ?? null,
    })),
  ];
}

/** A group tells the two addresses of its members: who is known by one of them is known by both from now on. */
async function shown(session: SessionId, { addresses, role }: GroupMember, contacts: Contacts): Promise<Member> {
  await contacts.link(session, addresses);
  const [jid] = addresses as [Jid];
  const known = await contacts.find(session, jid);
  if (known) return { ...known, role };
  const phone = addresses.map(phoneOf).find((number) => number !== null) ?? null;
  return { contactId: null, phone, lid: addresses.find(isLid) ?? null, jid, pushName: null, role };
}
