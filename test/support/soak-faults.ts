/** The faults of a soak: one after the other, each chosen by the dice, each on an account chosen by the dice. */
import { setTimeout as pause } from 'node:timers/promises';
import { FAULTS, type ActiveFault, type Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { within } from './deadline.ts';
import { oneOf } from './dice.ts';
import { FAULT_ROWS, type FaultRow } from './fault-rows.ts';

/** Those a session heals from by itself with every message, other than a proxy's, a relay's and those of files, which the traffic has not. */
const ALL = FAULT_ROWS.filter(
  ({ ends, mayFail, proxy, relay, files }) => !ends && !mayFail && !proxy && !relay && !files,
);
/** Those that happen once: others take up to a minute to be noticed, or make the next attempts wait. */
const QUICK = ALL.filter(({ until }) => until === undefined);
/** One that lasts and heals while it does. */
const HOLD_MS = 3_000;
/** A fault that lasts until the next login brings that login about itself by then. */
const NOTICED_WITHIN_MS = 90_000;
/** The longest back-off is a minute and a half, and the next fault may be there already. */
const BACK_WITHIN_MS = 300_000;

export interface FaultPace {
  everyMs: number;
  quick: boolean;
}

export class SoakFaults {
  begun = 0;
  readonly #sandbox: Sandbox;
  readonly #phones: readonly string[];
  readonly #random: () => number;
  readonly #rows: readonly FaultRow[];
  readonly #everyMs: number;

  /** On average a fault begins every so many ms; `quick` leaves out the faults that a session takes long to heal from. */
  constructor(sandbox: Sandbox, phones: readonly string[], random: () => number, { everyMs, quick }: FaultPace) {
    this.#everyMs = everyMs;
    this.#rows = quick ? QUICK : ALL;
    this.#sandbox = sandbox;
    this.#phones = phones;
    this.#random = random;
  }

  /** Until the signal; then all faults are over. */
  async run(signal: AbortSignal): Promise<void> {
    const lasting = new Set<Promise<void>>();
    while (!signal.aborted) {
      const row = oneOf(this.#rows, this.#random);
      const phone = oneOf(this.#phones, this.#random);
      const one = this.#last(this.#begin(row, phone), row, phone, signal);
      lasting.add(one);
      void one.finally(() => lasting.delete(one));
      await pause(2 * this.#everyMs * this.#random(), undefined, { signal }).catch(() => undefined);
    }
    await Promise.all(lasting);
    this.#sandbox.trouble.stopAll();
  }

  #begin({ name, settings = {}, cut }: FaultRow, phone: string): ActiveFault | null {
    this.begun += 1;
    const isForOne = FAULTS.some((kind) => kind.name === name && kind.scope === 'account');
    const fault = this.#sandbox.trouble.begin({ name, settings, ...(isForOne && { phone }) });
    if (cut) this.#cut(phone);
    return fault;
  }

  /**
   * Ends the fault when its time is over. What got lost on its way to the account comes again at the next login, so those
   * that lose things are not over before.
   */
  async #last(
    fault: ActiveFault | null,
    { until = HOLD_MS }: FaultRow,
    phone: string,
    signal: AbortSignal,
  ): Promise<void> {
    if (!fault) return;
    if (until === 'login') await this.#nextLogin(phone, signal);
    else await pause(until, undefined, { signal }).catch(() => undefined);
    fault.stop();
  }

  #cut(phone: string): void {
    this.#sandbox.trouble.begin({ name: 'tcp-reset', phone });
  }

  async #nextLogin(phone: string, signal: AbortSignal): Promise<void> {
    const { events } = this.#sandbox;
    const back = Promise.withResolvers<undefined>();
    const onLogin = (login: { phone: string }) => login.phone === phone && back.resolve(undefined);
    events.on('login', onLogin);
    const noticing = new AbortController();
    const limit = AbortSignal.any([signal, noticing.signal]);
    const enough = pause(NOTICED_WITHIN_MS, undefined, { signal: limit }).catch(() => undefined);
    try {
      const noticed = await Promise.race([back.promise.then(() => true), enough.then(() => false)]);
      if (!noticed) this.#cut(phone);
      await within(BACK_WITHIN_MS, `${phone} logged in again`, back.promise);
    } finally {
      noticing.abort();
      events.off('login', onLogin);
    }
  }
}
