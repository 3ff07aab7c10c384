/**
 * What WhatsApp is asked about people and groups. Silence is an error here; the client would take it for "no groups", "no
 * picture".
 */
import {
  getBinaryNodeChild,
  getBinaryNodeChildren,
  getBinaryNodeChildString,
  type BinaryNode,
  type WASocket,
} from '@whiskeysockets/baileys';
import { toJid, type Jid } from '../ids.ts';
import { sleepUnlessAborted } from '../time.ts';

export interface GroupFacts {
  jid: Jid;
  subject: string;
  description: string | null;
  /** ms since 1970. */
  createdAt: number | null;
  size: number;
  onlyAdminsWrite: boolean;
  /** Only they change its name, picture and settings. */
  onlyAdminsChange: boolean;
  /** Seconds after which its messages disappear; null when they stay. */
  disappearsAfter: number | null;
  members: GroupMember[];
}

export interface GroupMember {
  /** All of one person, the one the group names them by first. */
  addresses: Jid[];
  role: 'member' | 'admin' | 'owner';
}

export interface About {
  /** Null when they wrote none, or do not show it to this account. */
  text: string | null;
  /** When they wrote it, ms since 1970. */
  at: number | null;
}

export interface Presence {
  state: 'online' | 'offline' | 'typing' | 'recording';
  /** ms since 1970; null when they are there, or do not tell. */
  lastSeenAt: number | null;
}

export type PictureSize = 'small' | 'large';

export interface Asking {
  /** The groups the account is in. Rejects when WhatsApp does not answer, as all of these do. */
  askGroups(): Promise<GroupFacts[]>;
  /** Null when there is no such group, or the account is not in it. */
  askGroup(group: Jid, timeoutMs: number): Promise<GroupFacts | null>;
  /** Where the picture of a person or a group is for some hours; null when there is none, or it is not shown to this account. */
  askPicture(of: Jid, size: PictureSize): Promise<string | null>;
  askAbout(of: Jid): Promise<About>;
  /** Asks to be told of somebody's presence from now on; gives what is told within the time, or null. */
  watchPresence(of: Jid, timeoutMs: number): Promise<Presence | null>;
}

const ANSWER_MS = 10_000;
/** WhatsApp's words for "not for you", "forbidden", "not found". */
const REFUSALS = new Set([401, 403, 404]);

export function asking(sock: WASocket): Asking {
  return {
    askGroups: () => askGroups(sock),
    askGroup: (group, timeoutMs) => askGroup(sock, group, timeoutMs),
    askPicture: async (of, size) =>
      (await unlessRefused(sock.profilePictureUrl(of, size === 'small' ? 'preview' : 'image', ANSWER_MS))) ?? null,
    askAbout: (of) => askAbout(sock, of),
    watchPresence: (of, timeoutMs) => watchPresence(sock, of, timeoutMs),
  };
}

async function askGroups(sock: WASocket): Promise<GroupFacts[]> {
  const wanted = ['participants', 'description'].map((tag) => ({ tag, attrs: {} }));
  const content = [{ tag: 'participating', attrs: {}, content: wanted }];
  const attrs = { to: '@g.us', xmlns: 'w:g2', type: 'get' };
  const answer = (await sock.query({ tag: 'iq', attrs, content }, ANSWER_MS)) as BinaryNode | undefined;
  const groups = getBinaryNodeChild(answer, 'groups');
  if (!groups) throw new Error('WhatsApp did not name the groups');
  return getBinaryNodeChildren(groups, 'group').flatMap((group) => factsOf(group) ?? []);
}

async function askGroup(sock: WASocket, group: Jid, timeoutMs: number): Promise<GroupFacts | null> {
  const content = [{ tag: 'query', attrs: { request: 'interactive' } }];
  const attrs = { to: group, xmlns: 'w:g2', type: 'get' };
  const asked = sock.query({ tag: 'iq', attrs, content }, timeoutMs) as Promise<BinaryNode | undefined>;
  const answer = await unlessRefused(asked);
  if (answer === null) return null;
  const found = getBinaryNodeChild(answer, 'group');
  if (!found) throw new Error('WhatsApp did not say what the group is');
  return factsOf(found);
}

function factsOf(group: BinaryNode): GroupFacts | null {
  const { id = '', subject = '', creation, size } = group.attrs;
  const jid = toJid(id.includes('@') ? id : `${id}@g.us`);
  if (!jid) return null;
  const members = getBinaryNodeChildren(group, 'participant').map(memberOf);
  const has = (tag: string) => getBinaryNodeChild(group, tag) !== undefined;
  return {
    ...{ jid, subject, members },
    description: getBinaryNodeChildString(getBinaryNodeChild(group, 'description'), 'body') || null,
    createdAt: creation ? Number(creation) * 1_000 : null,
    size: size ? Number(size) : members.length,
    onlyAdminsWrite: has('announcement'),
    onlyAdminsChange: has('locked'),
    disappearsAfter: Number(getBinaryNodeChild(group, 'ephemeral')?.attrs['expiration']) || null,
  };
}

function memberOf({ attrs: { jid, phone_number, lid, type } }: BinaryNode): GroupMember {
  const addresses = [jid, phone_number, lid].map(toJid).filter((each) => each !== null);
  return { addresses, role: type === 'superadmin' ? 'owner' : type === 'admin' ? 'admin' : 'member' };
}

async function askAbout(sock: WASocket, of: Jid): Promise<About> {
  const found = await sock.fetchStatus(of);
  if (!found) throw new Error('WhatsApp did not say what the about text is');
  const { status: text, setAt } = (found[0]?.['status'] ?? {}) as { status?: string | null; setAt?: Date };
  return { text: text || null, at: text ? (setAt?.getTime() ?? null) : null };
}

interface ToldPresence {
  lastKnownPresence: string;
  lastSeen?: number;
}

async function watchPresence(sock: WASocket, of: Jid, timeoutMs: number): Promise<Presence | null> {
  const { promise, resolve } = Promise.withResolvers<Presence>();
  const hear = ({ id, presences }: { id: string; presences: Record<string, ToldPresence> }) => {
    const [told] = Object.values(presences);
    if (told && toJid(id) === of) resolve(presenceOf(told));
  };
  const over = new AbortController();
  sock.ev.on('presence.update', hear);
  try {
    await sock.presenceSubscribe(of);
    return await Promise.race([promise, sleepUnlessAborted(timeoutMs, over.signal).then(() => null)]);
  } finally {
    over.abort();
    sock.ev.off('presence.update', hear);
  }
}

function presenceOf({ lastKnownPresence, lastSeen }: ToldPresence): Presence {
  const lastSeenAt = lastSeen ? lastSeen * 1_000 : null;
  switch (lastKnownPresence) {
    case 'composing':
      return { state: 'typing', lastSeenAt };
    case 'recording':
      return { state: 'recording', lastSeenAt };
    default:
      return { state: lastKnownPresence === 'unavailable' ? 'offline' : 'online', lastSeenAt };
  }
}

/** Null when WhatsApp says that there is no such thing, or none for this account. */
async function unlessRefused<Answer>(answer: Promise<Answer>): Promise<Answer | null> {
  try {
    return await answer;
  } catch (error) {
    if (REFUSALS.has(Number((error as { data?: unknown }).data))) return null;
    throw error;
  }
}
