/** What a phone shows: one row per message id, however often the message arrived. */
import type { proto } from '@whiskeysockets/baileys';
import { appearanceOf } from './contents/appearance.ts';
import type { Appearance } from './contents/appearance.ts';
import { openFile } from './media/media.ts';
import type { Media } from './media/media.ts';

export interface ScreenMessage extends Appearance {
  readonly messageId: string;
  /** The sender's phone number. */
  readonly from: string;
  /** The JID of the group it was sent to; null for a message to this phone. */
  readonly group: string | null;
  readonly receivedAt: Date;
  /** How often this id was received and decrypted. */
  readonly arrivals: number;
  /** The decrypted message as it was sent. */
  readonly content: proto.IMessage;
  /** Downloads and decrypts the file it carries. Rejects when there is none, it is gone, or it is not what was sent. */
  file(): Promise<Buffer>;
}

interface Waiter {
  readonly match: (message: ScreenMessage) => boolean;
  readonly resolve: (message: ScreenMessage) => void;
}

export class Screen {
  readonly #rows = new Map<string, ScreenMessage>();
  readonly #waiters = new Set<Waiter>();
  readonly #closing: AbortSignal;
  readonly #media: Media;

  constructor(closing: AbortSignal, media: Media) {
    this.#closing = closing;
    this.#media = media;
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
    const row = known ? { ...known, arrivals: known.arrivals + 1 } : this.#newRow({ messageId, from, group, content });
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

  #newRow(received: Pick<ScreenMessage, 'messageId' | 'from' | 'group' | 'content'>): ScreenMessage {
    const file = async () => openFile(this.#media, received.content);
    return { ...received, ...appearanceOf(received.content), receivedAt: new Date(), arrivals: 1, file };
  }
}
