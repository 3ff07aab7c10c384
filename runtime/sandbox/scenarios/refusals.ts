/** What the server refused to take from the account while a scenario is played: each refusal answers one expectation. */
import { on, type EventEmitter } from 'node:events';
import type { SandboxEvents, StanzaEvent } from '../events.ts';

interface Refusal {
  /** The JID of whom it was for. */
  readonly to: string;
  readonly error: string;
}

export class Refusals {
  readonly #events: EventEmitter<SandboxEvents>;
  readonly #account: string;
  readonly #unmet: Refusal[] = [];

  constructor(events: EventEmitter<SandboxEvents>, account: string) {
    this.#events = events;
    this.#account = account;
    events.on('stanza', this.#note);
  }

  /** The errors of what was refused to any of these JIDs and no expectation has met. */
  to(jids: readonly string[]): string[] {
    return this.#unmet.filter(({ to }) => jids.includes(to)).map(({ error }) => error);
  }

  /** Waits until something to these JIDs is refused, with this error where one is given. Rejects when the signal aborts. */
  async meet(jids: readonly string[], error: string | undefined, signal: AbortSignal): Promise<void> {
    const fits = (refusal: Refusal) => jids.includes(refusal.to) && (error === undefined || refusal.error === error);
    const stanzas = on(this.#events, 'stanza', { signal });
    try {
      for (;;) {
        const at = this.#unmet.findIndex(fits);
        if (at >= 0) return void this.#unmet.splice(at, 1);
        await stanzas.next();
      }
    } finally {
      await stanzas.return?.();
    }
  }

  stop(): void {
    this.#events.off('stanza', this.#note);
  }

  readonly #note = ({ phone, direction, node: { tag, attrs } }: StanzaEvent): void => {
    const { class: what, from: to = '', error } = attrs;
    if (phone !== this.#account || direction !== 'out' || tag !== 'ack' || what !== 'message') return;
    if (error !== undefined) this.#unmet.push({ to, error });
  };
}
