/** What the outbox remembers of each chat and of the day, so that limits survive a restart. */
import type { Jid, MessageId } from '../ids.ts';
import {
  mergedHistory,
  NEW_CHAT,
  recordReceived,
  recordSent,
  recordText,
  type ChatHistory,
  type DayCount,
} from '../pacing/pacing.ts';
import type { KeyValue } from '../store/store.ts';
import { Mutex } from 'async-mutex';

/** A chat as stored: pacing's history, and what an answer would mark as read. */
export interface Chat {
  history: ChatHistory;
  lastReceived: { messageId: string; participant?: string } | null;
}

const DAY_MS = 24 * 3_600_000;
const NOBODY: Chat = { history: NEW_CHAT, lastReceived: null };

export class Chats {
  readonly #rows: KeyValue;
  /** What a chat is kept under, whichever address it is named by. */
  readonly #keyOf: (chat: Jid) => Promise<string>;
  readonly #dailyLimit: () => Promise<number>;
  readonly #now: () => number;
  readonly #inTurn = new Mutex();

  constructor(
    rows: KeyValue,
    keyOf: (chat: Jid) => Promise<string>,
    dailyLimit: () => Promise<number>,
    now: () => number,
  ) {
    this.#rows = rows;
    this.#keyOf = keyOf;
    this.#dailyLimit = dailyLimit;
    this.#now = now;
  }

  async get(chat: Jid): Promise<Chat> {
    return await this.#kept(await this.#keyOf(chat));
  }

  async #kept(key: string): Promise<Chat> {
    return (await this.#rows.get<Chat>(key)) ?? NOBODY;
  }

  /** When each chat last had a message, either way, ms since 1970; by what it is kept under. */
  async lastActive(): Promise<Map<string, number>> {
    const active = new Map<string, number>();
    for await (const [key, row] of this.#rows.iterator?.(undefined) ?? []) {
      const { history } = row as Partial<Chat>;
      // Beside the chats are the counts of days.
      if (history) active.set(String(key), Math.max(history.lastInboundAt ?? 0, history.sentAt.at(-1) ?? 0));
    }
    return active;
  }

  /** Messages accepted to go on the day of this time, by UTC. */
  async dayOf(at: number): Promise<DayCount> {
    const day = Math.floor(at / DAY_MS);
    const sentToday = (await this.#rows.get<number>(`day-${day}`)) ?? 0;
    return { sentToday, limit: await this.#dailyLimit(), resetsAt: (day + 1) * DAY_MS };
  }

  /** Counts a message accepted to go at `at`, and remembers its text to recognise a duplicate. */
  noteAccepted(chat: Jid, textHash: string, messageId: MessageId, at: number): Promise<void> {
    return this.#inTurn.runExclusive(async () => {
      const key = await this.#keyOf(chat);
      const before = await this.#kept(key);
      const history = recordText(before.history, { hash: textHash, at, messageId }, this.#now());
      await this.#rows.setMany([
        ...(await this.#counted(at, 1)),
        { key, value: { ...before, history } satisfies Chat },
      ]);
    });
  }

  /** Forgets an accepted message that will not go: it counts no more, and its text may go again. */
  noteWithdrawn(chat: Jid, messageId: MessageId, at: number): Promise<void> {
    return this.#inTurn.runExclusive(async () => {
      const before = await this.get(chat);
      const texts = before.history.texts.filter((text) => text.messageId !== messageId);
      await this.#rows.setMany([
        ...(await this.#counted(at, -1)),
        { key: await this.#keyOf(chat), value: { ...before, history: { ...before.history, texts } } satisfies Chat },
      ]);
    });
  }

  /** The day's count after a change; of a day that is long over nothing is kept. */
  async #counted(at: number, change: number): Promise<{ key: string; value: number; ttl: number }[]> {
    const { sentToday, resetsAt } = await this.dayOf(at);
    const ttl = resetsAt + DAY_MS - this.#now();
    return ttl > 0 ? [{ key: `day-${resetsAt / DAY_MS - 1}`, value: Math.max(0, sentToday + change), ttl }] : [];
  }

  noteSent(chat: Jid, textHash: string, messageId: MessageId): Promise<void> {
    return this.#inTurn.runExclusive(async () => {
      const key = await this.#keyOf(chat);
      const before = await this.#kept(key);
      const { sentAt, known } = recordSent(before.history, { now: this.#now(), textHash, messageId });
      await this.#rows.set(key, {
        ...before,
        history: { ...before.history, sentAt, known },
      } satisfies Chat);
    });
  }

  noteReceived(chat: Jid, message: { messageId: string; participant?: string; length: number }): Promise<void> {
    return this.#inTurn.runExclusive(async () => {
      const key = await this.#keyOf(chat);
      const before = await this.#kept(key);
      const { length, ...lastReceived } = message;
      const history = recordReceived(before.history, { now: this.#now(), length });
      await this.#rows.set(key, { history, lastReceived } satisfies Chat);
    });
  }

  /** Makes one history of two, of which the second is forgotten. */
  merge(kept: string, merged: string): Promise<void> {
    return this.#inTurn.runExclusive(async () => {
      const former = await this.#rows.get<Chat>(merged);
      if (!former) return;
      const own = (await this.#rows.get<Chat>(kept)) ?? NOBODY;
      const isNewer = (former.history.lastInboundAt ?? 0) > (own.history.lastInboundAt ?? 0);
      const lastReceived = isNewer ? former.lastReceived : own.lastReceived;
      const history = mergedHistory(own.history, former.history);
      await this.#rows.set(kept, { history, lastReceived } satisfies Chat);
      await this.#rows.delete(merged);
    });
  }
}
