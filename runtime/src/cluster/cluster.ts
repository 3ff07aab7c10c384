/**
 * Several workers as one runtime: who there is, which worker holds which session, and which one does what is done once. A worker
 * that runs alone has no cluster.
 */
import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Logger } from '../log.ts';
import { KEEPER, runAsKeeper } from './keeper.ts';
import { LeaseTable, type Owner } from './lease-table.ts';
import { LEASE_TIMES, Leases, type Lease, type LeaseTimes } from './leases.ts';
import { Members, type Member } from './members.ts';
import { Placement, type Holding } from './placement.ts';
import { roomiest } from './plan.ts';
import type { About, Place } from './requests.ts';

export type { Owner } from './lease-table.ts';
export type { Lease } from './leases.ts';
export type { Member } from './members.ts';
export type { Holding } from './placement.ts';
export { Telling } from './telling.ts';
export { PASSED_ON, Passing, type About, type Answer, type FindPlace, type Place } from './requests.ts';

/** No session can have this id. */
const ALONE = '.alone';
const TURN_MS = 100;

export interface ClusterDeps {
  /** Connected; refuses what it cannot send at once. */
  redis: Redis;
  /** Likewise; does nothing but listen. */
  subscriber: Redis;
  keys: {
    owner(name: string): string;
    /** Both in one slot. */
    beats: string;
    facts: string;
    channel: string;
  };
  /** Where other workers reach this one. */
  url: string;
  /** The most sessions this one takes. */
  capacity: number;
  holding: Holding;
  log: Logger;
  times?: LeaseTimes;
}

/** This worker among the others. */
export class Cluster {
  /** Anew for each process: what a former one held is not its own. */
  readonly id = `w_${randomBytes(8).toString('hex')}`;
  readonly #deps: ClusterDeps;
  readonly #sessions: Leases;
  readonly #once: Leases;
  readonly #placement: Placement;
  readonly #ending = new AbortController();
  #placing: Promise<void> = Promise.resolve();
  #running: Promise<unknown> = Promise.resolve();

  constructor(deps: ClusterDeps) {
    const { redis, keys, url, capacity, holding, log, times = LEASE_TIMES } = deps;
    this.#deps = deps;
    const table = new LeaseTable(redis, (name) => keys.owner(name));
    const self = { id: this.id, url, capacity };
    this.#sessions = new Leases(table, self, log, times);
    this.#once = new Leases(table, self, log, times);
    this.#placement = new Placement({
      ...{ self, holding, log },
      leases: this.#sessions,
      members: new Members(redis, keys),
      announce: async () => void (await redis.publish(keys.channel, this.id)),
    });
  }

  /** Begins to take sessions; resolves when it has looked for the first time. `signal` ends the placing alone. */
  async start(signal: AbortSignal): Promise<void> {
    const { subscriber, keys, log } = this.#deps;
    subscriber.on('message', () => this.#placement.wake());
    await subscriber.subscribe(keys.channel);
    const ending = this.#ending.signal;
    this.#running = Promise.all([this.#sessions.run(ending), this.#once.run(ending)]);
    await this.#placement.look().catch((err: unknown) => log.warn({ err }, 'sessions could not be placed'));
    this.#placing = this.#placement.run(signal);
  }

  /** Runs what runs once, whenever it is this worker's turn, until the signal aborts. */
  async runOnce(work: (signal: AbortSignal, lease: Lease) => Promise<void>, signal: AbortSignal): Promise<void> {
    await runAsKeeper(this.#once, work, signal, this.#deps.log);
  }

  /** Does something that only one worker may be at, at a time; waits for its turn. Rejects when Redis does not answer. */
  async alone<Done>(work: () => Promise<Done>): Promise<Done> {
    for (;;) {
      const lease = await this.#once.take(ALONE);
      if (lease) return await work().finally(() => this.#once.drop(lease));
      await new Promise((resolve) => setTimeout(resolve, TURN_MS));
    }
  }

  /** Whether this worker may act for the session now; to be asked before it does. */
  holds(id: string): boolean {
    return this.#sessions.get(id) !== null;
  }

  /** What this worker writes for the session is refused once a higher one has been given out; null when it does not hold it. */
  generation(id: string): number | null {
    return this.#sessions.get(id)?.generation ?? null;
  }

  /** Takes the lease on a session that is to be made here; false while another worker holds one. */
  async reserve(id: string): Promise<boolean> {
    return (await this.#placement.reserve(id)) !== null;
  }

  /** Lets go of a session that is gone, or was not made after all. */
  async free(id: string): Promise<void> {
    const lease = this.#sessions.get(id);
    if (lease) await this.#sessions.drop(lease);
  }

  /** All workers as last seen, this one among them. */
  workers(): readonly Member[] {
    return this.#placement.workers();
  }

  /** Where the other workers are. */
  others(): string[] {
    return this.workers()
      .filter(({ id }) => id !== this.id)
      .map(({ url }) => url);
  }

  /** Who answers a request: this worker, another, or nobody just now. Rejects when Redis does not answer. */
  async find(about: About): Promise<Place | 'here' | null> {
    switch (about.what) {
      case 'session':
        return await this.#findHolder(about.id);
      case 'new': {
        // One that is there already says so itself.
        const holder = about.id === null ? null : await this.#findHolder(about.id);
        const { id, url } = this.#roomiest() ?? { id: this.id, url: '' };
        if (holder !== null && holder !== 'here') return holder;
        return id === this.id ? 'here' : { url, isStillRight: async () => true };
      }
      case 'once': {
        const keeper = await this.#keeper();
        return keeper?.holder === this.id ? 'here' : keeper && this.#placeOf(keeper, () => this.#keeper());
      }
    }
  }

  async #findHolder(id: string): Promise<Place | 'here' | null> {
    const { holding } = this.#deps;
    if (this.holds(id) && holding.has(id) && !this.#placement.isEnding(id)) return 'here';
    const owner = await this.#sessions.owner(id);
    if (owner) return owner.holder === this.id ? null : this.#placeOf(owner, () => this.#sessions.owner(id));
    // Of one that does not exist that is said here.
    return (await holding.known()).includes(id) ? null : 'here';
  }

  async #keeper(): Promise<Owner | null> {
    return await this.#once.owner(KEEPER);
  }

  /** The worker that takes the next new session; null when all are full. */
  #roomiest(): Member | null {
    const id = roomiest(this.workers());
    return this.workers().find((worker) => worker.id === id) ?? null;
  }

  #placeOf({ url, generation }: Owner, now: () => Promise<Owner | null>): Place {
    return { url, isStillRight: async () => (await now())?.generation === generation };
  }

  /** Hands all sessions over; `start`'s signal has aborted. Resolves when this worker holds nothing. */
  async leave(): Promise<void> {
    await this.#placing;
    await this.#placement.leave();
    this.#ending.abort();
    await this.#running;
    this.close();
  }

  /** Ends the connections. */
  close(): void {
    this.#deps.redis.disconnect();
    this.#deps.subscriber.disconnect();
  }
}
