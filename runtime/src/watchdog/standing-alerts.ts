/**
 * The alerts that stand for one session. That one begins or ends is written down before anybody is told of it, and as told only
 * after that: a crash in between tells the same again under the same id, which is recognised.
 */
import { Mutex } from 'async-mutex';
import type { Fact } from '../events.ts';
import type { Database } from '../store/store.ts';
import type { AlertCode } from './alerts.ts';

export interface Wording {
  message: string;
  action: string;
}

interface Standing extends Wording {
  /** When it began, ms since 1970; makes its facts its own. */
  since: number;
  /** Told of, or what is still to be told. */
  state: 'told' | 'begins' | 'ends';
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
    return [...(this.#standing ?? [])].filter(([, { state }]) => state !== 'ends').map(([code]) => code);
  }

  /** False when none of them does for certain, and nothing is left to be told; asked often, so it asks no store. */
  mayStand(codes: readonly AlertCode[]): boolean {
    const standing = this.#standing;
    if (standing === null || this.#turn.isLocked() || codes.some((code) => standing.has(code))) return true;
    return [...standing.values()].some(({ state }) => state !== 'told');
  }

  begin(code: AlertCode, alert: Wording & { since: number }): Promise<void> {
    return this.#inTurn(async (standing) => {
      if (standing.has(code)) return;
      await this.#write(new Map(standing).set(code, { ...alert, state: 'begins' }));
      await this.#tellNews();
    });
  }

  end(codes: readonly AlertCode[]): Promise<void> {
    return this.#inTurn(async (standing) => {
      if (!codes.some((code) => standing.has(code))) return;
      const ended = ([code, alert]: [AlertCode, Standing]): [AlertCode, Standing] =>
        codes.includes(code) ? [code, { ...alert, state: 'ends' }] : [code, alert];
      await this.#write(new Map([...standing].map(ended)));
      await this.#tellNews();
    });
  }

  /** Resolves when nothing is under way. */
  async atRest(): Promise<void> {
    await this.#turn.runExclusive(() => undefined);
  }

  async #tellNews(): Promise<void> {
    const all = [...(this.#standing ?? [])];
    const news = all.filter(([, { state }]) => state !== 'told');
    if (news.length === 0) return;
    for (const [code, alert] of news) await this.#publish(factOf(code, alert));
    const left = all.filter(([, { state }]) => state !== 'ends');
    await this.#write(new Map(left.map(([code, alert]) => [code, { ...alert, state: 'told' }])));
  }

  async #write(standing: ReadonlyMap<AlertCode, Standing>): Promise<void> {
    await this.#database.keyValue(NAMESPACE).set(KEY, [...standing]);
    this.#standing = standing;
  }

  #inTurn(work: (standing: ReadonlyMap<AlertCode, Standing>) => Promise<void>): Promise<void> {
    return this.#turn.runExclusive(async () => {
      this.#standing ??= new Map((await this.#database.keyValue(NAMESPACE).get<[AlertCode, Standing][]>(KEY)) ?? []);
      // Of a former run, or of a moment ago, that ended before it could be told.
      await this.#tellNews();
      await work(this.#standing);
    });
  }
}

function factOf(alert: AlertCode, { message, action, since, state: is }: Standing): Fact {
  const state = is === 'ends' ? 'resolved' : 'firing';
  return {
    event: 'alert',
    fact: `alert:${alert}:${since}:${state}`,
    data: { alert, state, subject: null, message, action },
  };
}
