/** How far a bulk is, and what became of each of its messages. */
import type { BulkId, Jid, MessageId, SessionId } from '../ids.ts';
import type { SentMessage } from './outbox.ts';
import type { MessageStatus } from './status.ts';

/** `waiting`: not given to the outbox yet. `cancelled`: taken back before it went. */
export type BulkOutcomeStatus = MessageStatus | 'waiting' | 'cancelled';

export interface BulkOutcome {
  /** Its place in the list, from 0. */
  index: number;
  to: Jid;
  status: BulkOutcomeStatus;
  /** Null when it was refused or never given to the outbox. */
  messageId: MessageId | null;
  /** Why it failed; null otherwise. */
  error: string | null;
}

export interface BulkProgress {
  bulkId: BulkId;
  sessionId: SessionId;
  status: 'running' | 'done' | 'cancelled';
  /** ms since 1970. */
  createdAt: number;
  total: number;
  /** How many of its messages have each status. */
  counts: Record<BulkOutcomeStatus, number>;
  /** Why it pauses, `delay`, `batch_delay` or `daily_limit`, and until when; null when it does not. */
  waitsFor: string | null;
  nextAt: number | null;
  outcomes: BulkOutcome[];
}

export function outcomeOf(
  messageId: MessageId,
  message: SentMessage | undefined,
  refused: string | undefined,
  cancelled: boolean,
): Pick<BulkOutcome, 'status' | 'messageId' | 'error'> {
  if (message?.status === 'failed' && message.note === 'cancelled') {
    return { status: 'cancelled', messageId, error: null };
  }
  if (message) return { status: message.status, messageId, error: message.status === 'failed' ? message.note : null };
  if (refused !== undefined) return { status: 'failed', messageId: null, error: refused };
  return { status: cancelled ? 'cancelled' : 'waiting', messageId: null, error: null };
}
