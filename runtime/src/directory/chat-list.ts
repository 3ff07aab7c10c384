/** The chats of a session as a list to choose from. Pure. */
import { RuntimeError } from '../errors.ts';
import type { ContactId, Jid } from '../ids.ts';

export interface ChatSummary {
  jid: Jid;
  kind: 'person' | 'group';
  /** Of a group, or the name somebody gave themselves; null when it is not known. */
  name: string | null;
  /** Of a person. */
  contactId: ContactId | null;
  phone: string | null;
  lid: Jid | null;
  /** When there last was a message, ms since 1970; null when the session has seen none. */
  activeAt: number | null;
}

export interface ChatFilter {
  /** Only those with this in their name, number or address. */
  search?: string | undefined;
  kind?: ChatSummary['kind'] | undefined;
  limit: number;
  /** `nextCursor` of the page before. */
  cursor?: string | undefined;
}

export interface ChatPage {
  chats: ChatSummary[];
  /** Gives the next page; null when there is none. */
  nextCursor: string | null;
}

/** The one that was active last first. Throws `invalid_cursor`. */
export function pageOf(all: ChatSummary[], { search, kind, limit, cursor }: ChatFilter): ChatPage {
  const after = cursor === undefined ? null : readCursor(cursor);
  const wanted = all
    .filter((chat) => (kind === undefined || chat.kind === kind) && matches(chat, search))
    .sort(inOrder)
    .filter((chat) => after === null || inOrder(chat, after) > 0);
  const chats = wanted.slice(0, limit);
  const last = chats.at(-1);
  return { chats, nextCursor: last && chats.length < wanted.length ? cursorOf(last) : null };
}

function matches({ name, phone, jid }: ChatSummary, search: string | undefined): boolean {
  const words = search?.trim().toLowerCase();
  if (!words) return true;
  // People write numbers with spaces and hyphens.
  const number = words.replace(/[\s().-]/g, '');
  return [name?.toLowerCase(), jid].some((text) => text?.includes(words)) || (phone?.includes(number) ?? false);
}

type Place = Pick<ChatSummary, 'activeAt'> & { jid: string };

const inOrder = (a: Place, b: Place): number =>
  (b.activeAt ?? 0) - (a.activeAt ?? 0) || (a.jid < b.jid ? -1 : Number(a.jid > b.jid));

const cursorOf = ({ activeAt, jid }: Place): string => Buffer.from(`${activeAt ?? 0}.${jid}`).toString('base64url');

function readCursor(cursor: string): Place {
  const [, activeAt, jid] = /^(\d{1,15})\.([\w@.-]{1,64})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (activeAt === undefined || jid === undefined) throw new RuntimeError('invalid_cursor');
  return { activeAt: Number(activeAt), jid };
}
