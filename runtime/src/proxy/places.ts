/**
 * Which session has its place at which proxy. A place is kept over everything but these: the proxy was removed, it is of
 * another region than the session now asks for, it is in quarantine, or the session could not connect through it twice
 * in a row. Taking a place is one step without a pause, so that no proxy ever gets more sessions than it may have. What is here is in
 * memory; the sessions keep it in their records and claim it again at start.
 */
import type { ProxyId, SessionId } from '../ids.ts';
import type { Choose } from './strategy.ts';

/** What counts of a proxy when places are given. */
export interface Seat {
  id: ProxyId;
  weight: number;
  maxSessions: number | null;
  region: string | null;
  /** Not in quarantine. */
  usable: boolean;
  /** Places that sessions of other workers have here; none when it is left out. */
  taken?: number;
}

/** So many failures in a row, and the session looks for another proxy. */
const FAILURES_TO_MOVE = 2;

export class Places {
  readonly #seats: () => Seat[];
  readonly #choose: Choose;
  readonly #held = new Map<SessionId, { at: ProxyId; failures: number }>();

  constructor(seats: () => Seat[], choose: Choose) {
    this.#seats = seats;
    this.#choose = choose;
  }

  /** Where the session's place is; null when it has none. */
  of(session: SessionId): ProxyId | null {
    return this.#held.get(session)?.at ?? null;
  }

  /** The sessions that have their place there. */
  at(id: ProxyId): SessionId[] {
    return [...this.#held].filter(([, { at }]) => at === id).map(([session]) => session);
  }

  /** The place the session had before a restart. It holds even where the proxy may have fewer sessions by now. */
  claim(session: SessionId, id: ProxyId): void {
    if (this.#seats().some((seat) => seat.id === id)) this.#held.set(session, { at: id, failures: 0 });
  }

  /** Whether the session connects through the proxy where it is, and needs no other. */
  stays(session: SessionId, region: string | null): boolean {
    const held = this.#held.get(session);
    const own = this.#seats().find((seat) => seat.id === held?.at && serves(seat, region));
    return own?.usable === true && (held?.failures ?? 0) < FAILURES_TO_MOVE;
  }

  /** The proxy to connect through now: the session's own, or another where that does not do; null when there is none. */
  take(session: SessionId, region: string | null): ProxyId | null {
    const held = this.#held.get(session);
    const own = this.#seats().find((seat) => seat.id === held?.at && serves(seat, region));
    if (!own) this.#held.delete(session);
    if (own && this.stays(session, region)) return own.id;
    const works = own?.usable === true;
    return this.move(session, region) ?? (works ? own.id : null);
  }

  /** Gives the session a place at another proxy; null, and all stays as it is, when no other has one free. */
  move(session: SessionId, region: string | null): ProxyId | null {
    const free = this.#seats()
      .filter((seat) => seat.usable && serves(seat, region) && seat.id !== this.of(session))
      .map((seat) => ({ ...seat, sessions: this.at(seat.id).length + (seat.taken ?? 0) }))
      .filter(({ sessions, maxSessions }) => maxSessions === null || sessions < maxSessions);
    const chosen = this.#choose(free);
    if (!chosen) return null;
    this.#held.set(session, { at: chosen.id, failures: 0 });
    return chosen.id;
  }

  leave(session: SessionId): boolean {
    return this.#held.delete(session);
  }

  /** The session could not connect because of its proxy. */
  failed(session: SessionId): void {
    const held = this.#held.get(session);
    if (held) held.failures += 1;
  }

  /** The session has connected. */
  worked(session: SessionId): void {
    const held = this.#held.get(session);
    if (held) held.failures = 0;
  }
}

const serves = (seat: Seat, region: string | null): boolean => region === null || seat.region === region;
