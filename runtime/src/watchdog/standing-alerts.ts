/**
 * The alerts that stand for one session. Each is written down before anybody is told of it, as told only after that, and
 * removed after its end is told: a crash in between tells the same again under the same id, which is recognised.
 */
import { Mutex } from 'async-mutex';
import type { AlertEvent, Fact } from '../events.ts';
import type { Database } from '../store/store.ts';
import type { AlertCode } from './alerts.ts';

export interface Wording {
  message: string;
  action: string;
}

interface Standing extends Wording {
  /** When it began, ms since 1970; makes its facts its own. */
  since: number;
  told: boolean;
}

const NAMESPACE = 'alerts';
const KEY = 'standing';

export class StandingAlerts {
  readonly #database: Database;
  readonly #publish: (fact: Fact) => Promise<unknown>;
  readonly #turn = new Mutex();
  /** As it is written down; null until it has been read. */
  #standing: ReadonlyMap<AlertCode, Standing> | null = null;

  constructor(database: Database, publish: (fact: Fact) => Promise<unknown>) {
    this.#database = database;
    this.#publish = publish;
  }

  codes(): AlertCode[] {
    return [...(this.#standing?.keys() ?? [])];
  }

  /** False when none of them does for certain, and nothing is left to be told; asked often, so it asks no store. */
  mayStand(codes: readonly AlertCode[]): boolean {
    const standing = this.#standing;
    if (standing === null || this.#turn.isLocked() || codes.some((code) => standing.has(code))) return true;
    return [...standing.values()].some(({ told }) => !told);
  }

  begin(code: AlertCode, alert: Wording & { since: number }): Promise<void> {
    return this.#inTurn(async (standing) => {
      if (standing.has(code)) return;
      await this.#write(new Map(standing).set(code, { ...alert, told: false }));
      await this.#tellBegun();
    });
  }

  end(codes: readonly AlertCode[]): Promise<void> {
    return this.#inTurn(async (standing) => {
      const over = [...standing].filter(([code]) => codes.includes(code));
      if (over.length === 0) return;
      for (const [code, alert] of over) await this.#publish(factOf(code, 'resolved', alert));
      await this.#write(new Map([...standing].filter(([code]) => !codes.includes(code))));
    });
  }

  /** Resolves when nothing is under way. */
  async atRest(): Promise<void> {
    await this.#turn.runExclusive(() => undefined);
  }

  async #tellBegun(): Promise<void> {
    const standing = this.#standing ?? new Map<AlertCode, Standing>();
    const untold = [...standing].filter(([, { told }]) => !told);
    if (untold.length === 0) return;
    for (const [code, alert] of untold) await this.#publish(factOf(code, 'firing', alert));
    await this.#write(new Map([...standing].map(([code, alert]) => [code, { ...alert, told: true }])));
  }

  async #write(standing: ReadonlyMap<AlertCode, Standing>): Promise<void> {
    await this.#database.keyValue(NAMESPACE).set(KEY, [...standing]);
    this.#standing = standing;
  }

  #inTurn(work: (standing: ReadonlyMap<AlertCode, Standing>) => Promise<void>): Promise<void> {
    return this.#turn.runExclusive(async () => {
      this.#standing ??= new Map((await this.#database.keyValue(NAMESPACE).get<[AlertCode, Standing][]>(KEY)) ?? []);
      // Of a former run, or of a moment ago, that ended before it could be told.
      await this.#tellBegun();
      await work(this.#standing);
    });
  }
}

const factOf = (alert: AlertCode, state: AlertEvent['state'], { message, action, since }: Standing): Fact => ({
  event: 'alert',
  fact: `alert:${alert}:${since}:${state}`,
  data: { alert, state, subject: null, message, action },
});
