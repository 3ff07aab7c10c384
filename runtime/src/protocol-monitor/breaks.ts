/** Connections of one session that end for the same reason again and again. */
import type { SessionId } from '../ids.ts';

/** So often within the window is no coincidence: WhatsApp closes idle and moved connections a few times a day. */
const OFTEN = 6;
const WINDOW_MS = 600_000;

export class Breaks {
  readonly #times = new Map<SessionId, Map<string, number[]>>();

  /** Notes an end; true when there have been too many. */
  note(session: SessionId, reason: string, now: number): boolean {
    const ofSession = this.#times.get(session) ?? new Map<string, number[]>();
    const times = [...(ofSession.get(reason) ?? []), now].filter((time) => now - time < WINDOW_MS);
    this.#times.set(session, ofSession.set(reason, times.slice(-OFTEN)));
    return times.length >= OFTEN;
  }

  forget(session: SessionId): void {
    this.#times.delete(session);
  }
}
