/**
 * What becomes of sessions at rest by the clock alone. A session that was replaced keeps its credentials for some hours, as
 * it may have been a mistake; then they are destroyed. One that was logged out or banned is removed when the configuration
 * says so, a little later than it happened: those who subscribed to it are to hear of it first.
 *
 * Each is due by when its state was entered, which is on disk; so a runtime that was stopped meanwhile does it at its start.
 */
import { toError } from '../errors.ts';
import type { SessionId } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { SessionInfo } from './session.ts';

export interface RetentionSettings {
  replacedGraceHours: number;
  autoDeleteLoggedOut: boolean;
}

export interface Due {
  /** ms since 1970. */
  at: number;
  what: 'give_up' | 'remove';
}

const HOUR_MS = 3_600_000;
const HEARD_OF_IT_MS = 60_000;
/** No sleep is longer, so that a clock that was set is noticed. */
const LONGEST_SLEEP_MS = HOUR_MS;
const AFTER_FAILURE_MS = 60_000;

/** What is to be done with a session and when; null for nothing. */
export function dueOf(
  { status, since }: Pick<SessionInfo, 'status' | 'since'>,
  { replacedGraceHours, autoDeleteLoggedOut }: RetentionSettings,
): Due | null {
  if (status === 'replaced') return { at: since + replacedGraceHours * HOUR_MS, what: 'give_up' };
  const over = status === 'logged_out' || status === 'banned';
  return over && autoDeleteLoggedOut ? { at: since + HEARD_OF_IT_MS, what: 'remove' } : null;
}

export interface RetentionDeps {
  settings: RetentionSettings;
  sessions(): SessionInfo[];
  /** Does what is due; asked again later when it throws. */
  carryOut(session: SessionId, what: Due['what']): Promise<void>;
  now(): number;
  log: Logger;
}

export class Retention {
  readonly #deps: RetentionDeps;
  #wakeUp: () => void = () => undefined;
  /** Since the last round began. */
  #changed = false;

  constructor(deps: RetentionDeps) {
    this.#deps = deps;
  }

  /** Some session changed its state. */
  wake(): void {
    this.#changed = true;
    this.#wakeUp();
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#changed = false;
      const wait = await this.#round();
      if (!this.#changed && !signal.aborted) await this.#pause(wait, signal);
    }
  }

  /** Until the time has passed, a session has changed its state, or the signal aborts. */
  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const over = () => resolve(undefined);
    const timer = setTimeout(over, ms);
    this.#wakeUp = over;
    signal.addEventListener('abort', over, { once: true });
    await promise;
    clearTimeout(timer);
    signal.removeEventListener('abort', over);
  }

  /** Does what is due now; returns how long there is nothing to do. */
  async #round(): Promise<number> {
    const { settings, sessions, carryOut, now, log } = this.#deps;
    let wait = LONGEST_SLEEP_MS;
    for (const info of sessions()) {
      const due = dueOf(info, settings);
      if (!due) continue;
      if (due.at > now()) {
        wait = Math.min(wait, due.at - now());
        continue;
      }
      const { sessionId } = info;
      try {
        await carryOut(sessionId, due.what);
        log.info({ sessionId, what: due.what }, 'a session at rest had its time');
      } catch (error) {
        log.error({ err: toError(error), sessionId, what: due.what }, 'a session at rest could not be cleared');
        wait = Math.min(wait, AFTER_FAILURE_MS);
      }
    }
    return wait;
  }
}
