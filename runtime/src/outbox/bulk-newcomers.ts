/**
 * How many people who never exchanged a message with the account a session may write to by bulk within a day. Lists of
 * strangers are what recipients report and accounts are banned for; nothing here helps to write to them (decision 0009).
 */
import type { Allowance } from '../contacts/contacts.ts';
import { RuntimeError } from '../errors.ts';
import type { KeyValue } from '../store/store.ts';

const DAY_MS = 24 * 3_600_000;

export class BulkNewcomers {
  readonly #rows: KeyValue;
  readonly #perDay: number;
  readonly #now: () => number;

  constructor(rows: KeyValue, perDay: number, now: () => number) {
    this.#rows = rows;
    this.#perDay = perDay;
    this.#now = now;
  }

  async allowance(): Promise<Allowance> {
    const day = Math.floor(this.#now() / DAY_MS);
    const used = (await this.#rows.get<number>(`newcomers-${day}`)) ?? 0;
    return { limit: this.#perDay, used, left: Math.max(0, this.#perDay - used), resetsAt: (day + 1) * DAY_MS };
  }

  /** Counts so many, or throws `cold_list`. */
  async take(strangers: number): Promise<void> {
    if (strangers === 0) return;
    const { limit, used, left, resetsAt } = await this.allowance();
    if (strangers > left) {
      const details = [
        `messages: ${strangers} recipients never exchanged a message with this account; ${left} of ${limit} such a day are left`,
      ];
      // A list that is never allowed is not worth trying again.
      const retryAfter = Math.ceil((resetsAt - this.#now()) / 1_000);
      throw new RuntimeError('cold_list', { details, ...(strangers <= limit && { retryAfter }) });
    }
    await this.#rows.set(`newcomers-${resetsAt / DAY_MS - 1}`, used + strangers, 2 * DAY_MS);
  }
}
