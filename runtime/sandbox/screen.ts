/** What a phone shows: one row per message id, however often the message arrived. */
import { normalizeMessageContent } from '@whiskeysockets/baileys';
import type { proto } from '@whiskeysockets/baileys';

export interface ScreenMessage {
  readonly messageId: string;
  /** The text, or a caption; empty for a message without words. */
  readonly text: string;
  /** The sender's phone number. */
  readonly from: string;
  /** The JID of the group it was sent to; null for a message to this phone. */
  readonly group: string | null;
  readonly receivedAt: Date;
  /** How often this id was received and decrypted. */
  readonly arrivals: number;
  /** The decrypted message as it was sent. */
  readonly content: proto.IMessage;
}

interface Waiter {
  readonly match: (message: ScreenMessage) => boolean;
  readonly resolve: (message: ScreenMessage) => void;
}

export class Screen {
  readonly #rows = new Map<string, ScreenMessage>();
  readonly #waiters = new Set<Waiter>();
  readonly #closing: AbortSignal;

  constructor(closing: AbortSignal) {
    this.#closing = closing;
  }

  get rows(): readonly ScreenMessage[] {
    return [...this.#rows.values()];
  }

  find(messageId: string): ScreenMessage | undefined {
    return this.#rows.get(messageId);
  }

  /** Shows a message, or counts its further arrival. Returns the row and whether it is new. */
  show(
    messageId: string,
    from: string,
    content: proto.IMessage,
    group: string | null = null,
  ): { row: ScreenMessage; isNew: boolean } {
    const known = this.#rows.get(messageId);
    const row = known
      ? { ...known, arrivals: known.arrivals + 1 }
      : { messageId, text: wordsOf(content), from, group, receivedAt: new Date(), arrivals: 1, content };
    this.#rows.set(messageId, row);
    for (const waiter of this.#waiters) if (waiter.match(row)) waiter.resolve(row);
    return { row, isNew: !known };
  }

  /** Looks at the screen, then waits. Rejects at the deadline, and when the sandbox stops. */
  async waitFor(match: (message: ScreenMessage) => boolean, timeoutMs: number): Promise<ScreenMessage> {
    const shown = this.rows.find(match);
    if (shown) return shown;
    const { promise, resolve, reject } = Promise.withResolvers<ScreenMessage>();
    const waiter = { match, resolve };
    const onStop = () => reject(new Error('the sandbox stopped'));
    const timer = setTimeout(() => reject(new Error(`no such message within ${timeoutMs} ms`)), timeoutMs);
    this.#waiters.add(waiter);
    this.#closing.addEventListener('abort', onStop);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiters.delete(waiter);
      this.#closing.removeEventListener('abort', onStop);
    }
  }
}

function wordsOf(content: proto.IMessage): string {
  const inner = normalizeMessageContent(content);
  const caption = [inner?.imageMessage, inner?.videoMessage, inner?.documentMessage].find((media) => media)?.caption;
  return [inner?.conversation, inner?.extendedTextMessage?.text, caption].find((words) => words) ?? '';
}
