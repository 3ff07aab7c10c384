/**
 * What pacing remembers of one chat: a small JSON value that its owner stores. Only what a limit still looks at is kept,
 * so it never grows.
 */

/** A text that was sent, for recognising it again. */
export interface SentText {
  hash: string;
  at: number;
  /** Whose text it was: a message that is sent again after a crash is not a duplicate of itself. */
  messageId?: string;
}

export interface ChatHistory {
  /** There has been a message with this recipient before, either way. */
  known: boolean;
  /** When messages were sent to this recipient, ms, oldest first: the last 10 minutes, and always the last one. */
  sentAt: number[];
  /** Texts of the last 5 minutes. */
  texts: SentText[];
  /** The last message from them: when it came, ms, and how many characters it has. */
  lastInboundAt?: number;
  lastInboundLength?: number;
}

export const SEND_MEMORY_MS = 600_000;
/** The same text to the same recipient is a duplicate for this long (spec 9.5). */
export const DUPLICATE_WINDOW_MS = 300_000;
// The limits let at most 100 messages through in 10 minutes; a history made elsewhere is cut to that.
const MAX_ENTRIES = 100;

/** The history of somebody never written to nor heard from. */
export const NEW_CHAT: ChatHistory = Object.freeze({ known: false, sentAt: [], texts: [] });

/** The history after a message has been handed to WhatsApp at `now`. */
export function recordSent(
  history: ChatHistory,
  sent: { now: number; textHash: string; messageId?: string },
): ChatHistory {
  const { now, textHash, messageId } = sent;
  const sentAt = [...history.sentAt.filter((at) => at > now - SEND_MEMORY_MS), now].sort((a, b) => a - b);
  const texts = history.texts.filter(({ at }) => at > now - DUPLICATE_WINDOW_MS);
  texts.push(messageId === undefined ? { hash: textHash, at: now } : { hash: textHash, at: now, messageId });
  return { ...history, known: true, sentAt: sentAt.slice(-MAX_ENTRIES), texts: texts.slice(-MAX_ENTRIES) };
}

/** The history with a text that was accepted to go at `at`, which may be in the future. */
export function recordText(history: ChatHistory, text: SentText, now: number): ChatHistory {
  const texts = history.texts.filter(({ at }) => at > now - DUPLICATE_WINDOW_MS);
  return { ...history, texts: [...texts, text].slice(-MAX_ENTRIES) };
}

/** The history after a message from them, of `length` characters, came at `now`. */
export function recordReceived(history: ChatHistory, received: { now: number; length: number }): ChatHistory {
  return { ...history, known: true, lastInboundAt: received.now, lastInboundLength: received.length };
}

/** The history of somebody who was taken for two people. */
export function mergedHistory(one: ChatHistory, other: ChatHistory): ChatHistory {
  const later = (one.lastInboundAt ?? 0) >= (other.lastInboundAt ?? 0) ? one : other;
  return {
    ...later,
    known: one.known || other.known,
    sentAt: [...one.sentAt, ...other.sentAt].sort((a, b) => a - b).slice(-MAX_ENTRIES),
    texts: [...one.texts, ...other.texts].sort((a, b) => a.at - b.at).slice(-MAX_ENTRIES),
  };
}

/** True when they wrote after the last message to them: there is something to read before answering. */
export const hasUnanswered = (history: ChatHistory): boolean =>
  history.lastInboundAt !== undefined && history.lastInboundAt > (history.sentAt.at(-1) ?? Number.NEGATIVE_INFINITY);
