/** What stands before the first message to somebody: a restricted account, and numbers that nobody has. */
import { isGroup, phoneOf, type Jid } from '../ids.ts';
import type { LiveSocket } from '../session/session.ts';
import type { Numbers } from './numbers.ts';
import type { ChatHistory } from '../pacing/pacing.ts';
import type { Restrictions } from './restrictions.ts';

/** Why a message waits, when the account may not begin new chats. */
export const RESTRICTED = 'restricted';
const BUDGET = 'number_check_budget';
const UNANSWERED = 'number_check_unanswered';
/** Why a message that is no answer waits at an hour at which its session is quiet. */
export const QUIET = 'quiet_hours';
/** What holds nobody up who has written. */
export const FIRST_WORD_WAITS = [RESTRICTED, BUDGET, UNANSWERED, QUIET];
/** They wrote less than this ago: what goes back is an answer, quoted or not. */
const CONVERSATION_MS = 3_600_000;

export const inConversation = ({ lastInboundAt = 0 }: ChatHistory, now: number): boolean =>
  lastInboundAt > now - CONVERSATION_MS;

/** WhatsApp did not answer: asked again then. */
const RETRY_MS = 5_000;

export type FirstContact =
  | { kind: 'go' }
  | { kind: 'wait'; until: number; reason: string }
  | { kind: 'refuse'; code: 'not_on_whatsapp' };

interface Known {
  numbers: Numbers;
  restrictions: Restrictions;
}

/** Whether the first message to `to` may go now. Never throws for what WhatsApp does not answer. */
export async function firstContact(
  to: Jid,
  live: LiveSocket,
  { numbers, restrictions }: Known,
  now: number,
): Promise<FirstContact> {
  if (isGroup(to)) return { kind: 'go' };
  const restriction = await restrictions.active();
  if (restriction) return { kind: 'wait', until: restriction.until, reason: RESTRICTED };
  if (phoneOf(to) === null) return { kind: 'go' };
  try {
    const known = await numbers.check(to, live);
    if ('until' in known) return { kind: 'wait', until: known.until, reason: BUDGET };
    return known.jid === null ? { kind: 'refuse', code: 'not_on_whatsapp' } : { kind: 'go' };
  } catch {
    return { kind: 'wait', until: now + RETRY_MS, reason: UNANSWERED };
  }
}
