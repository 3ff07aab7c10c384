/** What is left of every limit of a session, and why each message that waits does so. */
import type { Allowance } from '../contacts/contacts.ts';
import type { Jid, MessageId } from '../ids.ts';
import { delay, leftThisMinute, RULES, type ChatHistory } from '../pacing/pacing.ts';
import type { Job, Queue } from '../store/store.ts';
import type { BulkNewcomers } from './bulk-newcomers.ts';
import type { Chats } from './chats.ts';
import type { Numbers } from './numbers.ts';
import type { ActiveRestriction, Restrictions } from './restrictions.ts';
import type { OutboxJob } from './job.ts';

export interface Waiting {
  messageId: MessageId;
  to: Jid;
  /** A code of `WAITS`, or what went wrong last time in words. */
  reason: string;
  /** When it is looked at again, ms since 1970; null when that hangs on something else. */
  until: number | null;
}

export interface Limits {
  /** Messages of today, by UTC; those scheduled for later days count then. */
  messages: Allowance;
  numberChecks: Allowance;
  /** People who never exchanged a message with the account, written to by bulk. */
  bulkNewContacts: Allowance;
  /** What WhatsApp holds back from new chats; null when nothing. */
  restriction: ActiveRestriction | null;
  /** Sending pauses until then as the connection keeps breaking; null when it does not. */
  pausedUntil: number | null;
  /** Until when only answers go; null when it is not quiet now. */
  quietUntil: number | null;
  rules: typeof RULES;
  /** Of one recipient, when asked about one. */
  recipient: RecipientLimits | null;
  /** Messages not gone, and the first of them with what they wait for. */
  pending: number;
  waiting: Waiting[];
}

export interface RecipientLimits {
  to: Jid;
  /** There has been a message before, either way. */
  known: boolean;
  leftThisMinute: number;
  /** Not before then, ms since 1970, and why; null when it may go now. */
  waitsUntil: number | null;
  reason: string | null;
}

/** Why a message waits. */
export const WAITS = {
  scheduled: 'Its time to go has not come.',
  not_connected: 'The session has no connection to WhatsApp.',
  sending_paused: 'The connection keeps breaking; sending pauses.',
  recipient_rate: 'The recipient got ten messages within a minute.',
  burst: 'The recipient got three messages in quick succession.',
  quiet_hours: 'It is quiet at this hour; only answers go.',
  restricted: 'WhatsApp holds the account back from beginning new chats.',
  number_check_budget: "This hour's look-ups of numbers are used up.",
  number_check_unanswered: 'WhatsApp did not say whether the number exists.',
  interrupted: 'Its typing was interrupted; it is tried again at once.',
  earlier_message: 'A message before it in the same chat waits.',
  turn: 'Other messages of the session go first.',
  sending: 'It is being typed and sent.',
} as const;

/** As a label: what went wrong last time is said in words, and of words there is no end. */
export const waitCode = (reason: string | null): string => (reason !== null && reason in WAITS ? reason : 'retry');

/** So many jobs are looked through for what waits. */
const MOST_LOOKED_AT = 1_000;

interface Sources {
  queue: Queue<OutboxJob>;
  chats: Chats;
  numbers: Numbers;
  newcomers: BulkNewcomers;
  restrictions: Restrictions;
  connected: boolean;
  pausedUntil: number | null;
  quietUntil: number | null;
  now: number;
}

export async function limitsOf(sources: Sources, asked: { to: Jid | null; limit: number }): Promise<Limits> {
  const { queue, chats, numbers, newcomers, restrictions, pausedUntil, quietUntil, now } = sources;
  const { sentToday: used, limit, resetsAt } = await chats.dayOf(now);
  const counts = await queue.counts();
  return {
    messages: { limit, used, left: Math.max(0, limit - used), resetsAt },
    numberChecks: await numbers.allowance(),
    bulkNewContacts: await newcomers.allowance(),
    restriction: await restrictions.active(),
    ...{ pausedUntil, quietUntil, rules: RULES },
    recipient: asked.to === null ? null : recipientLimits(asked.to, (await chats.get(asked.to)).history, now),
    pending: counts.waiting + counts.active,
    waiting: await waitingOf(sources, asked.limit),
  };
}

function recipientLimits(to: Jid, history: ChatHistory, now: number): RecipientLimits {
  const held = delay(history, now);
  return {
    to,
    known: history.known,
    leftThisMinute: leftThisMinute(history, now),
    waitsUntil: held?.until ?? null,
    reason: held?.reason ?? null,
  };
}

async function waitingOf({ queue, connected, now }: Sources, limit: number): Promise<Waiting[]> {
  const active = await queue.list('active', limit);
  const jobs = await queue.list('waiting', MOST_LOOKED_AT);
  const heldLanes = new Map([...active, ...jobs.filter(isHeld)].map((job) => [job.lane, job]));
  return [...active, ...jobs].slice(0, limit).map((job) => {
    const { id, data } = job;
    return { messageId: id as MessageId, to: data.to, ...reasonOf(job, heldLanes.get(job.lane), connected, now) };
  });
}

const isHeld = (job: Job<unknown>) => job.heldUntil !== null;

function reasonOf(
  job: Job<OutboxJob>,
  ahead: Job<OutboxJob> | undefined,
  connected: boolean,
  now: number,
): Pick<Waiting, 'reason' | 'until'> {
  if (job.state === 'active') return { reason: 'sending', until: null };
  if (job.runAt > now) return { reason: 'scheduled', until: job.runAt };
  if (!connected) return { reason: 'not_connected', until: null };
  if (job.heldUntil !== null) return { reason: job.reason ?? 'turn', until: job.heldUntil };
  if (ahead && ahead.id !== job.id) return { reason: 'earlier_message', until: ahead.heldUntil };
  return { reason: 'turn', until: null };
}
