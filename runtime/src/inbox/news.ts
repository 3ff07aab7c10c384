/** Calls and presence, told as events; presence that flickers is told when it has settled. */
import type { Chat, Fact } from '../events.ts';
import { isGroup, type SessionId } from '../ids.ts';
import type { CallNews, News, PresenceNews } from '../session/session.ts';
import type { InboxDeps } from './inbox.ts';

/** At most one presence of a person so often. */
const SETTLED_MS = 2_000;
/** People whose presence is remembered; the one heard of longest ago is forgotten. */
const MOST_PEOPLE = 5_000;

interface Shown {
  told: PresenceNews['state'] | null;
  /** What came since it was told; it is told when its time has come. */
  waiting: { news: PresenceNews; timer: NodeJS.Timeout } | null;
  toldAt: number;
}

type NewsDeps = Pick<InboxDeps, 'contacts' | 'publish' | 'log' | 'now'>;

export class SessionNews {
  readonly #session: SessionId;
  readonly #deps: NewsDeps;
  readonly #now: () => number;
  readonly #people = new Map<string, Shown>();

  constructor(session: SessionId, deps: NewsDeps) {
    this.#session = session;
    this.#deps = deps;
    this.#now = deps.now ?? Date.now;
  }

  /** Resolves when it is durable, or waits to be told. */
  async hear(news: News): Promise<void> {
    if (news.what === 'call') return await this.#tellCall(news);
    const key = `${news.chat}|${news.who}`;
    const shown = this.#people.get(key) ?? { told: null, waiting: null, toldAt: 0 };
    this.#people.delete(key);
    this.#people.set(key, shown);
    this.#forgetOldest();
    if (shown.waiting) shown.waiting.news = news;
    else if (shown.told === news.state) return;
    else if (this.#now() - shown.toldAt >= SETTLED_MS) await this.#tellPresence(shown, news);
    else shown.waiting = { news, timer: setTimeout(() => this.#settle(shown), SETTLED_MS) };
  }

  /** What waits to be told is of no use any more. */
  end(): void {
    for (const { waiting } of this.#people.values()) clearTimeout(waiting?.timer);
    this.#people.clear();
  }

  #settle(shown: Shown): void {
    const { news } = shown.waiting ?? {};
    shown.waiting = null;
    if (!news || news.state === shown.told) return;
    this.#tellPresence(shown, news).catch((err: unknown) =>
      this.#deps.log.error({ err, sessionId: this.#session }, 'a presence was not told'),
    );
  }

  async #tellPresence(shown: Shown, { chat, who, state, lastSeen }: PresenceNews): Promise<void> {
    shown.told = state;
    shown.toldAt = this.#now();
    const from = await this.#deps.contacts.note(this.#session, [who], null);
    const there: Chat = { jid: chat, isGroup: isGroup(chat), contactId: isGroup(chat) ? null : from.contactId };
    const fact = `presence:${chat}|${who}|${state}|${shown.toldAt}`;
    await this.#publish({ event: 'presence', fact, data: { chat: there, from, state, lastSeen } });
  }

  async #tellCall({ what: _what, caller, ...call }: CallNews): Promise<void> {
    const from = await this.#deps.contacts.note(this.#session, caller, null);
    await this.#publish({ event: 'call', fact: `call:${call.callId}:${call.status}`, data: { ...call, from } });
  }

  async #publish(fact: Fact): Promise<void> {
    await this.#deps.publish(this.#session, fact);
  }

  #forgetOldest(): void {
    const [oldest] = this.#people;
    if (this.#people.size <= MOST_PEOPLE || !oldest) return;
    clearTimeout(oldest[1].waiting?.timer);
    this.#people.delete(oldest[0]);
  }
}
