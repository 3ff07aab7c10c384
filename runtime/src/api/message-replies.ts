/** How a sent message is shown to who asks. */
import type { MessageStatus, Outboxes, SentMessage } from '../outbox/outbox.ts';

export const shown = ({ note, ...message }: SentMessage) => ({
  ...message,
  error: message.status === 'failed' ? note : null,
  waitsFor: message.status === 'pending' ? note : null,
});

/** Waits for a status, and says whether it was reached. */
export async function waited(outboxes: Outboxes, message: SentMessage, status: MessageStatus, signal: AbortSignal) {
  const now = await outboxes.wait(message.sessionId, message.messageId, status, signal);
  return { ...shown(now), reached: now.timeline.some((step) => step.status === status) };
}
