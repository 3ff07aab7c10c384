/** What a session's owner has chosen for its sending, kept over restarts. */
import { RuntimeError } from '../errors.ts';
import { isTimeZone, type QuietHours } from '../pacing/pacing.ts';
import type { KeyValue } from '../store/store.ts';
import { Mutex } from 'async-mutex';

export interface OutboxSettings {
  /** How many messages the session may send within a day; null is the runtime's limit. */
  dailyLimit: number | null;
  /** Nothing but answers goes then; null is never. */
  quietHours: QuietHours | null;
  /** Who writes one of these words and nothing else is not written to any more, in any language; null is never. */
  optOutKeywords: string[] | null;
}

const DEFAULTS: OutboxSettings = { dailyLimit: null, quietHours: null, optOutKeywords: null };
const KEY = 'settings';

export class SessionSettings {
  readonly #rows: KeyValue;
  readonly #inTurn = new Mutex();
  #known: OutboxSettings | null = null;

  constructor(rows: KeyValue) {
    this.#rows = rows;
  }

  async get(): Promise<OutboxSettings> {
    this.#known ??= { ...DEFAULTS, ...(await this.#rows.get<Partial<OutboxSettings>>(KEY)) };
    return this.#known;
  }

  /** What is left out stays. Throws `invalid_request` for quiet hours that cannot be; nothing is changed then. */
  change(change: Partial<OutboxSettings>): Promise<OutboxSettings> {
    return this.#inTurn.runExclusive(async () => {
      if (change.quietHours) refuseImpossible(change.quietHours);
      const changed = { ...(await this.get()), ...change };
      await this.#rows.set(KEY, changed);
      this.#known = changed;
      return changed;
    });
  }
}

function refuseImpossible({ from, to, timeZone }: QuietHours): void {
  const details: string[] = [];
  if (from === to) details.push('quietHours.to: must differ from quietHours.from');
  if (!isTimeZone(timeZone)) details.push('quietHours.timeZone: must be a time zone such as Europe/Berlin');
  if (details.length > 0) throw new RuntimeError('invalid_request', { details });
}
