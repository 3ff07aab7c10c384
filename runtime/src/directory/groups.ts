/** The groups of one session's account, as WhatsApp tells them; the list is kept, so that it is there without a connection. */
import { Mutex } from 'async-mutex';
import { RuntimeError } from '../errors.ts';
import { isGroup, type Jid } from '../ids.ts';
import type { GroupFacts, LiveSocket } from '../session/session.ts';
import type { KeyValue } from '../store/store.ts';

export type GroupSummary = Omit<GroupFacts, 'members'>;

export interface GroupList {
  groups: GroupSummary[];
  /** When WhatsApp said so, ms since 1970. */
  askedAt: number;
}

/** Asked no more often than this; what clients ask for too often they are refused. */
const LIST_AGE_MS = 60_000;
const GROUP_AGE_MS = 30_000;
const ANSWER_MS = 10_000;
const MOST_REMEMBERED = 100;
const LIST = 'list';

export class Groups {
  readonly #rows: KeyValue;
  readonly #live: () => LiveSocket | null;
  readonly #now: () => number;
  readonly #inTurn = new Mutex();
  readonly #recent = new Map<Jid, { at: number; facts: GroupFacts | null }>();

  constructor(rows: KeyValue, live: () => LiveSocket | null, now: () => number) {
    this.#rows = rows;
    this.#live = live;
    this.#now = now;
  }

  /** Without a connection as it was last told. Throws `session_not_connected` when it never was, `no_answer`. */
  list(): Promise<GroupList> {
    return this.#inTurn.runExclusive(async () => {
      const known = await this.known();
      const live = this.#live();
      if (known && (!live || known.askedAt > this.#now() - LIST_AGE_MS)) return known;
      if (!live) throw new RuntimeError('session_not_connected');
      const groups = (await answered(live.askGroups())).map(({ members: _, ...summary }) => summary);
      const list: GroupList = { groups, askedAt: this.#now() };
      await this.#rows.set(LIST, list);
      return list;
    });
  }

  /** As it was last told. */
  async known(): Promise<GroupList | undefined> {
    return await this.#rows.get<GroupList>(LIST);
  }

  /** Throws `group_not_found`, `session_not_connected`, `no_answer`. */
  get(jid: Jid): Promise<GroupFacts> {
    return this.#inTurn.runExclusive(async () => {
      if (!isGroup(jid)) throw new RuntimeError('group_not_found');
      const facts = this.#remembered(jid) ?? (await this.#ask(jid));
      if (!facts) throw new RuntimeError('group_not_found');
      return facts;
    });
  }

  #remembered(jid: Jid): GroupFacts | undefined {
    const recent = this.#recent.get(jid);
    return recent && recent.at > this.#now() - GROUP_AGE_MS ? (recent.facts ?? undefined) : undefined;
  }

  async #ask(jid: Jid): Promise<GroupFacts | null> {
    const live = this.#live();
    if (!live) throw new RuntimeError('session_not_connected');
    const facts = await answered(live.askGroup(jid, ANSWER_MS));
    const [oldest] = this.#recent.keys();
    if (oldest && this.#recent.size >= MOST_REMEMBERED) this.#recent.delete(oldest);
    this.#recent.set(jid, { at: this.#now(), facts });
    return facts;
  }
}

/** What WhatsApp answers. Throws `no_answer`. */
export async function answered<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (cause) {
    throw new RuntimeError('no_answer', { cause });
  }
}
