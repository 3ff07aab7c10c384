/** A day of one session on fake time: the real planner, and the least of an outbox around it. Logs all that is done. */
import {
  NEW_CHAT,
  plan,
  PROFILES,
  quietUntil,
  recordReceived,
  recordSent,
  recordText,
  refusal,
  type ChatHistory,
  type Step,
} from '../../runtime/src/pacing/pacing.ts';
import type { Agreed, Asked, Entry } from './paced-day-log.ts';

/** What comes from outside: somebody asks for a message, or is heard of. */
export type Arrival = Extract<Entry, { kind: 'asked' | 'heard' }>;

const DAY_MS = 24 * 3_600_000;
/** As the typist of the outbox does. */
const IDLE_MS = 25_000;
const PRIORITY = { reply: 0, proactive: 1, bulk: 2 };
const hours = (at: number) => `${String(at).padStart(2, '0')}:00`;

export class PacedDay {
  readonly log: Entry[] = [];
  /** How often a message was put off, for each reason. */
  readonly putOff = { recipient_rate: 0, burst: 0 };
  readonly #agreed: Agreed;
  readonly #random: () => number;
  readonly #arrivals: Arrival[];
  readonly #chats = new Map<string, ChatHistory>();
  /** Recipients who had enough, and until when. */
  readonly #held = new Map<string, number>();
  #pending: Asked[] = [];
  #now = 0;
  #online = false;
  #counts = { accepted: new Map<number, number>(), sent: new Map<number, number>() };

  constructor(arrivals: readonly Arrival[], agreed: Agreed, random: () => number) {
    this.#agreed = agreed;
    this.#random = random;
    this.#arrivals = [...arrivals].sort((a, b) => a.at - b.at);
    this.#now = this.#arrivals[0]?.at ?? 0;
    for (const chat of agreed.known) this.#chats.set(chat, { ...NEW_CHAT, known: true });
  }

  /** Until everything is sent or refused, and the phone is put down. */
  run(): Entry[] {
    this.#moveTo(this.#now);
    for (;;) {
      const idleFrom = this.#now;
      while (!this.#sendNext()) {
        const next = this.#nextMoment();
        const offlineAt = idleFrom + IDLE_MS;
        if (this.#online && offlineAt <= next) {
          this.#moveTo(offlineAt);
          this.log.push({ at: offlineAt, kind: 'unavailable' });
          this.#online = false;
        } else if (next === Infinity) return this.log;
        else this.#moveTo(next);
      }
    }
  }

  /** Lets time pass, with what arrives meanwhile. */
  #moveTo(time: number): void {
    for (let next = this.#arrivals[0]; next && next.at <= time; next = this.#arrivals[0]) {
      this.#arrivals.shift();
      this.#now = next.at;
      this.log.push(next);
      if (next.kind === 'asked') this.#accept(next);
      else this.#chats.set(next.chat, recordReceived(this.#chat(next.chat), { now: next.at, length: next.length }));
    }
    this.#now = time;
  }

  #accept(asked: Asked): void {
    const { id, chat, text, at } = asked;
    const message = { textHash: text, messageId: id };
    const no = refusal({ message, chat: this.#chat(chat), day: this.#day('accepted'), now: at });
    if (no) {
      this.log.push({ at, kind: 'refused', id, code: no.code, retryAfter: no.retryAfter });
      return;
    }
    this.#count('accepted');
    this.#chats.set(chat, recordText(this.#chat(chat), { hash: text, at, messageId: id }, at));
    this.#pending.push(asked);
  }

  /** Sends what is next; false when nothing may go now. */
  #sendNext(): boolean {
    const ready = this.#pending
      .filter((asked) => this.#mayGoAt(asked) <= this.#now)
      .sort((a, b) => PRIORITY[a.rank] - PRIORITY[b.rank]);
    for (const asked of ready) {
      const { id, chat, making, text, length, seconds, quotes, profile } = asked;
      if (this.#mayGoAt(asked) > this.#now) continue;
      const message = { kind: making, length, seconds, textHash: text, messageId: id, isReply: quotes };
      const made = plan({
        message: { ...message, readBefore: true, humanize: true },
        ...{ chat: this.#chat(chat), day: this.#day('sent'), profile: PROFILES[profile] },
        ...{ now: this.#now, random: this.#random },
      });
      if (made.kind === 'wait') {
        this.putOff[made.reason] += 1;
        this.#held.set(chat, made.until);
        continue;
      }
      this.#pending = this.#pending.filter((other) => other !== asked);
      if (made.kind === 'refuse') this.log.push({ ...made, at: this.#now, kind: 'refused', id });
      else this.#perform(asked, made.steps);
      return true;
    }
    return false;
  }

  #perform({ id, chat, text }: Asked, steps: Step[]): void {
    this.log.push({ at: this.#now, kind: 'begun', id });
    for (const step of steps) {
      if (step.kind === 'wait') this.#moveTo(this.#now + step.ms);
      else if (step.kind !== 'subscribe' || !chat.endsWith('@g.us'))
        this.log.push({ at: this.#now, kind: step.kind === 'send' ? 'sent' : step.kind, id });
      if (step.kind === 'available') this.#online = true;
    }
    this.#count('sent');
    this.#chats.set(chat, recordSent(this.#chat(chat), { now: this.#now, textHash: text, messageId: id }));
  }

  #mayGoAt({ chat, rank }: Asked): number {
    const { from, to } = this.#agreed.quiet;
    const night = { from: hours(from), to: hours(to), timeZone: 'UTC' };
    const quiet = rank === 'reply' ? null : quietUntil(night, this.#now);
    return Math.max(quiet ?? 0, this.#held.get(chat) ?? 0);
  }

  /** When there may be something to do again. */
  #nextMoment(): number {
    return Math.min(this.#arrivals[0]?.at ?? Infinity, ...this.#pending.map((asked) => this.#mayGoAt(asked)));
  }

  #chat(chat: string): ChatHistory {
    return this.#chats.get(chat) ?? NEW_CHAT;
  }

  #day(which: 'accepted' | 'sent') {
    const today = Math.floor(this.#now / DAY_MS);
    const sentToday = this.#counts[which].get(today) ?? 0;
    return { sentToday, limit: this.#agreed.dailyLimit, resetsAt: (today + 1) * DAY_MS };
  }

  #count(which: 'accepted' | 'sent'): void {
    const today = Math.floor(this.#now / DAY_MS);
    this.#counts[which].set(today, (this.#counts[which].get(today) ?? 0) + 1);
  }
}
