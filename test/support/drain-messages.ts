/** The messages of a drain: who sends what to whom, and what became of each. */
import type { Sandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Call } from './api-call.ts';

const FIRST_CONTACT = 15_550_170_000;
/** The fourth in a row to one person would be held for half a minute. */
const IN_A_ROW = 3;
const PAGE = 500;
const GONE = new Set(['sent', 'delivered', 'read']);

/** One message to be sent. The text names its session, person and number in that chat, so that it is told from all others. */
export interface Planned {
  session: number;
  contact: string;
  text: string;
}

/** Everybody's first message, then everybody's second one, and so on: a chat's next one is accepted after the one before. */
export function planned(messages: number, sessions: number): Planned[][] {
  const chats = chatsOf(messages, sessions);
  const rounds = Array.from({ length: IN_A_ROW }, (_none, number) =>
    chats.map(({ session, contact }) => ({ session, contact, text: `drain ${session} ${contact} ${number}` })),
  );
  return rounds.map((round, number) => round.slice(0, Math.max(0, messages - number * chats.length)));
}

/** Every session with every person; as few people as the messages need. */
export function chatsOf(messages: number, sessions: number): { session: number; contact: string }[] {
  const people = Math.ceil(messages / (sessions * IN_A_ROW));
  return Array.from({ length: people * sessions }, (_none, at) => {
    return { session: at % sessions, contact: String(FIRST_CONTACT + Math.floor(at / sessions)) };
  });
}

/** What the screens show of them. */
export interface Shown {
  /** Not on the recipient's screen. */
  missing: string[];
  /** On more than one row, of whomever. */
  doubled: string[];
  /** Shown before one that was accepted earlier in the same chat. */
  outOfOrder: string[];
}

export function onScreens(sandbox: Sandbox, plan: readonly Planned[], phoneOf: (session: number) => string): Shown {
  const rows = new Map<string, number>();
  const arrived = new Set<string>();
  const outOfOrder: string[] = [];
  const last = new Map<string, string>();
  for (const [contact, { screen }] of sandbox.contacts) {
    for (const { text, from } of screen) {
      rows.set(text, (rows.get(text) ?? 0) + 1);
      arrived.add(rowKey(contact, from, text));
      const chat = `${contact} ${from}`;
      // Numbers have one digit, so that texts of one chat compare as their numbers do.
      if ((last.get(chat) ?? '') > text) outOfOrder.push(text);
      last.set(chat, text);
    }
  }
  const isThere = ({ session, contact, text }: Planned) => arrived.has(rowKey(contact, phoneOf(session), text));
  const texts = plan.map(({ text }) => text);
  return {
    missing: plan.filter((each) => !isThere(each)).map(({ text }) => text),
    doubled: texts.filter((text) => (rows.get(text) ?? 0) > 1),
    outOfOrder,
  };
}

const rowKey = (contact: string, from: string, text: string) => `${contact} ${from} ${text}`;

/** How many of the accepted messages stand where, by what the runtime says of all of one session's. */
export interface Standing {
  sent: number;
  failed: number;
  /** Neither: still on their way. */
  pending: number;
  /** Listed, but never accepted. */
  unknown: number;
}

interface Page {
  messages: { messageId: string; status: string }[];
  nextCursor: string | null;
}

export async function standing(call: Call, session: string, accepted: ReadonlySet<string>): Promise<Standing> {
  const counts: Standing = { sent: 0, failed: 0, pending: 0, unknown: 0 };
  let cursor: string | null = '';
  while (cursor !== null) {
    const after: string = cursor && `&cursor=${encodeURIComponent(cursor)}`;
    const page: Page = await call<Page>('GET', `/messages?sessionId=${session}&limit=${PAGE}${after}`);
    for (const { messageId, status } of page.messages) {
      if (!accepted.has(messageId)) counts.unknown++;
      else if (GONE.has(status)) counts.sent++;
      else if (status === 'failed') counts.failed++;
      else counts.pending++;
    }
    cursor = page.nextCursor;
  }
  return counts;
}
