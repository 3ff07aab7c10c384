/** Which sessions a list shows, and from where: the oldest first, page by page. Pure. */
import { RuntimeError } from '../errors.ts';
import type { SessionInfo } from './session.ts';
import type { SessionStatus } from './states.ts';

export interface SessionFilter {
  /** Only those in one of these states. */
  statuses?: SessionStatus[] | undefined;
  tenantId?: string | undefined;
  /** Only those with this text in their id, phone number or name, in whatever case. */
  search?: string | undefined;
  /** At most so many; default all. */
  limit?: number | undefined;
  /** Those after the page that gave this. */
  cursor?: string | undefined;
}

export interface SessionPage {
  sessions: SessionInfo[];
  /** Gives the next page; null when there is none. */
  nextCursor: string | null;
}

/** Throws `invalid_cursor`. */
export function pageOf(all: SessionInfo[], filter: SessionFilter): SessionPage {
  const after = filter.cursor === undefined ? null : readCursor(filter.cursor);
  const wanted = all
    .filter((session) => matches(session, filter))
    .sort(inOrder)
    .filter((session) => after === null || inOrder(session, after) > 0);
  const sessions = wanted.slice(0, filter.limit);
  const last = sessions.at(-1);
  return { sessions, nextCursor: last && sessions.length < wanted.length ? cursorOf(last) : null };
}

/** The page that several workers' pages make, all of which were asked for with the same filter. */
export function joinPages(pages: SessionPage[], limit: number | undefined): SessionPage {
  const all = pages.flatMap(({ sessions }) => sessions).sort(inOrder);
  const sessions = all.slice(0, limit);
  const last = sessions.at(-1);
  const isMore = sessions.length < all.length || pages.some(({ nextCursor }) => nextCursor !== null);
  return { sessions, nextCursor: last && isMore ? cursorOf(last) : null };
}

function matches({ status, tenantId, sessionId, phone, pushName }: SessionInfo, filter: SessionFilter): boolean {
  if (filter.statuses && !filter.statuses.includes(status)) return false;
  if (filter.tenantId !== undefined && tenantId !== filter.tenantId) return false;
  const search = filter.search?.toLowerCase();
  return search === undefined || [sessionId, phone, pushName].some((text) => text?.toLowerCase().includes(search));
}

/** A place in the list; it stays what it is when the session that had it is removed. */
type Place = Pick<SessionInfo, 'createdAt'> & { sessionId: string };

const inOrder = (a: Place, b: Place): number =>
  a.createdAt - b.createdAt || (a.sessionId < b.sessionId ? -1 : Number(a.sessionId > b.sessionId));

const cursorOf = ({ createdAt, sessionId }: Place): string =>
  Buffer.from(`${createdAt}.${sessionId}`).toString('base64url');

function readCursor(cursor: string): Place {
  const [, createdAt, sessionId] =
    /^(\d{1,15})\.([\w-]{1,64})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (createdAt === undefined || sessionId === undefined) throw new RuntimeError('invalid_cursor');
  return { createdAt: Number(createdAt), sessionId };
}
