/** Where a session stands: its state, why, and since when. Every change is told. */
import type { ReasonCode, SessionStatus } from './states.ts';

export class Standing {
  readonly #now: () => number;
  readonly #onChange: () => void;
  #status: SessionStatus;
  #reason: ReasonCode;
  #since: number;

  constructor(
    from: { status: SessionStatus; reason: ReasonCode; at: number } | null,
    now: () => number,
    onChange: () => void,
  ) {
    this.#now = now;
    this.#onChange = onChange;
    this.#status = from?.status ?? 'disconnected';
    this.#reason = from?.reason ?? 'disconnected_by_user';
    this.#since = from?.at ?? now();
  }

  get status(): SessionStatus {
    return this.#status;
  }

  get reason(): ReasonCode {
    return this.#reason;
  }

  /** ms since 1970. */
  get since(): number {
    return this.#since;
  }

  enter(status: SessionStatus, reason: ReasonCode): void {
    if (status === this.#status && reason === this.#reason) return;
    this.#status = status;
    this.#reason = reason;
    this.#since = this.#now();
    this.#onChange();
  }
}
