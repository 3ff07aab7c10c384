/**
 * Whether a phone number has WhatsApp. A message to nobody is acknowledged like any other, so it is asked before the first
 * one.
 */
import { LookUps, type Allowance, type UsedUp } from '../contacts/contacts.ts';
import type { Jid } from '../ids.ts';
import type { LiveSocket } from '../session/session.ts';
import type { KeyValue } from '../store/store.ts';

const HOUR_MS = 3_600_000;
const KEEP_FOUND_MS = 7 * 24 * HOUR_MS;
const KEEP_NOBODY_MS = 24 * HOUR_MS;

export interface KnownNumber {
  /** The address WhatsApp knows it by; null when nobody has the number. */
  jid: Jid | null;
  /** When WhatsApp said so, ms since 1970. */
  checkedAt: number;
}

export class Numbers {
  readonly #lookUps: LookUps;
  readonly #now: () => number;

  constructor(rows: KeyValue, perHour: number, now: () => number) {
    this.#lookUps = new LookUps(rows, perHour, now);
    this.#now = now;
  }

  /** Undefined when it was not asked lately. */
  async cached(jid: Jid): Promise<KnownNumber | undefined> {
    return await this.#lookUps.cached<KnownNumber>(jid);
  }

  /** From what is known, or by asking. Rejects when WhatsApp does not answer. */
  check(jid: Jid, live: LiveSocket): Promise<KnownNumber | UsedUp> {
    return this.#lookUps.find<KnownNumber>(
      jid,
      async () => ({ jid: await live.askNumber(jid), checkedAt: this.#now() }),
      (found) => (found.jid === null ? KEEP_NOBODY_MS : KEEP_FOUND_MS),
    );
  }

  /** How many may still be asked within this hour. */
  allowance(): Promise<Allowance> {
    return this.#lookUps.allowance();
  }
}
