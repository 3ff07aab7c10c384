/**
 * What WhatsApp forbids a session's account for a time, remembered over restarts. Only what would begin a new chat waits;
 * answers and known chats go on.
 */
import { Mutex } from 'async-mutex';
import type { Fact } from '../events.ts';
import type { Restriction, RestrictionKind } from '../session/session.ts';
import type { KeyValue } from '../store/store.ts';

/** The errors WhatsApp refuses a new chat with, in acks. */
const ERRORS: Record<string, RestrictionKind> = { '463': 'time_lock', '475': 'new_chat_cap' };
const KINDS: RestrictionKind[] = ['time_lock', 'new_chat_cap'];
/** When WhatsApp refuses and does not say until when. */
const UNKNOWN_END_MS = 24 * 3_600_000;

/** A restriction that holds. */
export interface ActiveRestriction {
  kind: RestrictionKind;
  until: number;
  /** WhatsApp's word for why; null when it gave none. */
  reason: string | null;
  since: number;
}

export class Restrictions {
  readonly #rows: KeyValue;
  readonly #publish: (fact: Fact) => Promise<unknown>;
  readonly #onLifted: () => Promise<void>;
  readonly #now: () => number;
  readonly #inTurn = new Mutex();

  /** `onLifted`: what waits for the end of a restriction may go. */
  constructor(
    rows: KeyValue,
    publish: (fact: Fact) => Promise<unknown>,
    onLifted: () => Promise<void>,
    now: () => number,
  ) {
    this.#rows = rows;
    this.#publish = publish;
    this.#onLifted = onLifted;
    this.#now = now;
  }

  /** The restriction a refused message tells of; null when its error is about something else. */
  kindOf(error: string): RestrictionKind | null {
    return ERRORS[error] ?? null;
  }

  /** The one that holds longest; null when there is none. One whose time has passed is over, and that is told. */
  async active(): Promise<ActiveRestriction | null> {
    let longest: ActiveRestriction | null = null;
    for (const kind of KINDS) {
      const row = await this.#rows.get<ActiveRestriction>(kind);
      if (row && row.until <= this.#now()) await this.note({ kind, until: null, reason: null });
      else if (row && row.until > (longest?.until ?? 0)) longest = row;
    }
    return longest;
  }

  /** A message was refused: there is a restriction, whatever WhatsApp says when asked. Until when, ms since 1970. */
  async refused(kind: RestrictionKind, told: Restriction | null): Promise<number> {
    const until = told?.until ?? this.#now() + UNKNOWN_END_MS;
    await this.note({ kind, until, reason: told?.reason ?? null });
    return until;
  }

  /** Remembers what WhatsApp said. Told as an event when it is news, before it is written: a crash between tells it again. */
  async note({ kind, until, reason }: Restriction): Promise<void> {
    const lifted = await this.#inTurn.runExclusive(async () => {
      const before = await this.#rows.get<ActiveRestriction>(kind);
      if ((before?.until ?? null) === until) return false;
      const since = before?.since ?? this.#now();
      const fact = `restriction:${kind}:${since}:${until ?? 'over'}`;
      const data = { restricted: until !== null, until, reason: kind };
      await this.#publish({ event: 'session.restriction', fact, data });
      if (until === null) await this.#rows.delete(kind);
      else await this.#rows.set(kind, { kind, until, reason, since } satisfies ActiveRestriction);
      return until === null;
    });
    if (lifted) await this.#onLifted();
  }
}
