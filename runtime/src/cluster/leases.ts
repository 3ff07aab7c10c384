/**
 * The leases this worker holds. A lease in Redis only says who may take over when; what keeps two from acting at one time is
 * the holder's own deadline: it counts from before the command that gave or renewed the lease, by a clock nobody sets, and
 * ends earlier than the lease in Redis. Past it the holder has lost it and ends what it does, whatever Redis says or whether it
 * answers at all.
 */
import { toError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { sleepUnlessAborted } from '../time.ts';
import type { LeaseTable, Owner } from './lease-table.ts';

export interface LeaseTimes {
  /** How long a lease lasts in Redis without being renewed, ms. */
  ttlMs: number;
  renewEveryMs: number;
  /** How much earlier the holder regards it as lost: the time it has to end what it does. */
  marginMs: number;
}

/** Taken over 12 s after the last sign of a holder; two renewals may fail before its own deadline. */
export const LEASE_TIMES: LeaseTimes = { ttlMs: 12_000, renewEveryMs: 3_500, marginMs: 2_000 };

const WATCH_EVERY_MS = 100;

/** One thing this worker alone may act for, as long as `held` says so. */
export interface Lease {
  readonly name: string;
  readonly generation: number;
  /** To be asked before everything that acts for it: a process that was frozen finds out here, before any timer tells it. */
  held(): boolean;
  /** Aborts when it is lost; not when it is dropped. */
  readonly lost: AbortSignal;
}

class HeldLease implements Lease {
  readonly name: string;
  readonly generation: number;
  deadline: number;
  readonly #lost = new AbortController();
  #dropped = false;

  constructor(name: string, generation: number, deadline: number) {
    this.name = name;
    this.generation = generation;
    this.deadline = deadline;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  held(): boolean {
    if (!this.#dropped && performance.now() >= this.deadline) this.lose();
    return !this.#dropped && !this.lost.aborted;
  }

  lose(): void {
    if (!this.#dropped) this.#lost.abort();
  }

  drop(): void {
    this.#dropped = true;
  }
}

export class Leases {
  readonly #table: LeaseTable;
  readonly #holder: string;
  readonly #url: string;
  readonly #times: LeaseTimes;
  readonly #log: Logger;
  readonly #held = new Map<string, HeldLease>();
  readonly #taking = new Set<string>();

  constructor(table: LeaseTable, self: { id: string; url: string }, log: Logger, times: LeaseTimes = LEASE_TIMES) {
    this.#table = table;
    this.#holder = self.id;
    this.#url = self.url;
    this.#times = times;
    this.#log = log;
  }

  /** The lease, or null while another worker has it, or this one. Rejects when Redis does not answer. */
  async take(name: string): Promise<Lease | null> {
    if (this.#held.has(name) || this.#taking.has(name)) return null;
    this.#taking.add(name);
    try {
      const before = performance.now();
      const generation = await this.#table.take(name, this.#holder, this.#url, this.#times.ttlMs);
      if (generation === null) return null;
      const lease = new HeldLease(name, generation, this.#deadline(before));
      if (!lease.held()) return null;
      lease.lost.addEventListener('abort', () => this.#forget(lease), { once: true });
      this.#held.set(name, lease);
      return lease;
    } finally {
      this.#taking.delete(name);
    }
  }

  /** The lease this worker holds on it now. */
  get(name: string): Lease | null {
    const lease = this.#held.get(name);
    return lease?.held() ? lease : null;
  }

  /** Names of all that are held. */
  names(): string[] {
    return [...this.#held.values()].filter((lease) => lease.held()).map(({ name }) => name);
  }

  /** Gives it up; everything that was done for it must have ended. Another may take it at once, or when it has run out if Redis does not answer. */
  async drop({ name, generation }: Lease): Promise<void> {
    const lease = this.#held.get(name);
    if (lease?.generation !== generation) return;
    lease.drop();
    this.#held.delete(name);
    await this.#table.drop(name, this.#holder, generation);
  }

  /** Who holds it; null when nobody does. Rejects when Redis does not answer. */
  async owner(name: string): Promise<Owner | null> {
    return await this.#table.owner(name);
  }

  /** Renews what is held, and notices what is lost, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const watching = setInterval(() => this.names(), WATCH_EVERY_MS);
    const asked = new Set<Promise<void>>();
    try {
      while (await sleepUnlessAborted(this.#times.renewEveryMs, signal)) {
        // Not awaited: the next turn does not wait for an answer, and one that comes late still counts from its question.
        const round: Promise<void> = this.#renewAll().finally(() => asked.delete(round));
        asked.add(round);
      }
    } finally {
      clearInterval(watching);
      await Promise.all(asked);
    }
  }

  async #renewAll(): Promise<void> {
    const before = performance.now();
    const leases = [...this.#held.values()].filter((lease) => lease.held());
    const renewals = leases.map(async (lease) => {
      const renewed = await this.#table.renew(lease.name, this.#holder, lease.generation, this.#times.ttlMs);
      if (renewed) lease.deadline = Math.max(lease.deadline, this.#deadline(before));
      else lease.lose();
    });
    const failed = (await Promise.allSettled(renewals)).filter(({ status }) => status === 'rejected');
    const [first] = failed as PromiseRejectedResult[];
    if (first) this.#log.warn({ err: toError(first.reason), leases: failed.length }, 'leases were not renewed');
  }

  #deadline(before: number): number {
    return before + this.#times.ttlMs - this.#times.marginMs;
  }

  #forget(lease: HeldLease): void {
    if (this.#held.get(lease.name) === lease) this.#held.delete(lease.name);
    this.#log.warn({ lease: lease.name, generation: lease.generation }, 'a lease is lost');
  }
}
