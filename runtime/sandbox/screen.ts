/** What a phone shows: one row per message id, however often the message arrived. */
import type { proto } from '@whiskeysockets/baileys';
import { appearanceOf } from './contents/appearance.ts';
import type { Appearance } from './contents/appearance.ts';
import { applied, changeIn, unchanged } from './contents/changes.ts';
import type { Change, Changeable } from './contents/changes.ts';
import type { Person } from './directory.ts';
import { Group } from './groups/group.ts';
import { openFile } from './media/media.ts';
import type { Media } from './media/media.ts';

export interface ScreenMessage extends Appearance, Changeable {
  readonly messageId: string;
  /** The sender's phone number. */
  readonly from: string;
  /** The JID of the group it was sent to; null for a message to this phone. */
  readonly group: string | null;
  readonly receivedAt: Date;
  /** How often this id was received and decrypted. */
  readonly arrivals: number;
  /** The decrypted message as it was sent; what was done to it later is in the other fields. */
  readonly content: proto.IMessage;
  /** Downloads and decrypts the file it carries. Rejects when there is none, it is gone, or it is not what was sent. */
  file(): Promise<Buffer>;
}

/** A message in its chat. */
export interface Written {
  readonly messageId: string;
  readonly author: Person;
  /** With whom, or in which group. */
  readonly chat: Person | Group;
  readonly content: proto.IMessage;
}

/** A row with whose it is and where. */
export interface Entry extends Written {
  readonly row: ScreenMessage;
}

interface Waiter {
  readonly match: (message: ScreenMessage) => boolean;
  readonly resolve: (message: ScreenMessage) => void;
}

export class Screen {
  /** What was received, and what the phone's person wrote. */
  readonly #entries = new Map<string, Entry & { readonly isOwn: boolean }>();
  /** What was done to each message, also to one that has not come yet. */
  readonly #changes = new Map<string, { readonly change: Change; readonly by: Person }[]>();
  readonly #waiters = new Set<Waiter>();
  readonly #closing: AbortSignal;
  readonly #media: Media;
  readonly #onChanged: (row: ScreenMessage) => void;

  constructor(closing: AbortSignal, media: Media, onChanged: (row: ScreenMessage) => void = () => undefined) {
    this.#closing = closing;
    this.#media = media;
    this.#onChanged = onChanged;
  }

  /** What was received, oldest first. */
  get rows(): readonly ScreenMessage[] {
    return [...this.#entries.values()].filter(({ isOwn }) => !isOwn).map(({ row }) => row);
  }

  /** What was received and written, oldest first. */
  get all(): readonly Entry[] {
    return [...this.#entries.values()];
  }

  /** A message on the screen, received or written. */
  find(messageId: string): Entry | undefined {
    return this.#entries.get(messageId);
  }

  /** Shows a message, or counts its further arrival. Returns the row and whether it is new. */
  show(received: Written): { row: ScreenMessage; isNew: boolean } {
    const known = this.#entries.get(received.messageId);
    if (known)
      return { row: this.#keep({ ...known, row: { ...known.row, arrivals: known.row.arrivals + 1 } }), isNew: false };
    return { row: this.#add(received, false), isNew: true };
  }

  /** Keeps what the phone's person wrote, to be reacted to, voted on and answered. */
  write(written: Written): void {
    if (!this.#entries.has(written.messageId)) this.#add(written, true);
  }

  #add(message: Written, isOwn: boolean): ScreenMessage {
    const { messageId, author, chat, content } = message;
    let row = this.#newRow(message, chat instanceof Group ? chat.jid : null);
    for (const { change, by } of this.#changes.get(messageId) ?? [])
      row = this.#changed({ ...message, row }, change, by);
    this.#keep({ ...message, row, isOwn });
    const change = changeIn(content);
    if (change) this.#change(change.targetId, change.change, author);
    return row;
  }

  #change(targetId: string, change: Change, by: Person): void {
    this.#changes.set(targetId, [...(this.#changes.get(targetId) ?? []), { change, by }]);
    const target = this.#entries.get(targetId);
    if (!target) return;
    const row = this.#changed(target, change, by);
    this.#keep({ ...target, row });
    if (row !== target.row) this.#onChanged(row);
  }

  #changed(entry: Entry, change: Change, by: Person): ScreenMessage {
    const isAdmin = entry.chat instanceof Group && entry.chat.roster.isAdmin(by);
    return applied(entry.row, entry, change, by, isAdmin);
  }

  #keep(entry: Entry & { readonly isOwn: boolean }): ScreenMessage {
    this.#entries.set(entry.messageId, entry);
    if (entry.isOwn) return entry.row;
    for (const waiter of this.#waiters) if (waiter.match(entry.row)) waiter.resolve(entry.row);
    return entry.row;
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

  #newRow({ messageId, author, content }: Written, group: string | null): ScreenMessage {
    const received = { messageId, from: author.phone, group, receivedAt: new Date(), arrivals: 1, content };
    const file = async () => openFile(this.#media, content);
    return { ...received, ...appearanceOf(content), ...unchanged(content), file };
  }
}
