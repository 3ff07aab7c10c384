/**
 * Keeps as many sessions here as this worker's share: again and again it looks at who is there and what is held, and takes
 * or gives up what `plan` says. One run of a session ends before the next one begins, in one process as between two.
 */
import { toError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { sleepUnlessAborted } from '../time.ts';
import type { Lease, Leases } from './leases.ts';
import type { Member, Members } from './members.ts';
import { plan, type Placed } from './plan.ts';

/** What a worker does with the sessions it holds. */
export interface Holding {
  /** All sessions that are to be held by somebody. */
  known(): Promise<string[]>;
  /** Whether it is open here. */
  has(id: string): boolean;
  /** Somebody is linking it here, with a code in their hand: it is not the time to move. */
  isBeingLinked(id: string): boolean;
  /** This worker's turn: the session is opened. What throws is tried again, here or by another worker. */
  open(lease: Lease): Promise<void>;
  /** It goes to another worker: finishes what is in hand and closes. Resolves when nothing of it is running any more. */
  close(id: string): Promise<void>;
  /** The lease is lost: ends at once what goes out and comes in, without waiting for Redis. Resolves like `close`. */
  abandon(id: string): Promise<void>;
}

export interface PlacementDeps {
  self: { id: string; url: string; capacity: number };
  leases: Leases;
  members: Members;
  holding: Holding;
  /** Tells other workers that there is something to take. */
  announce(): Promise<void>;
  log: Logger;
}

const LOOK_EVERY_MS = 1_000;
/** Opening is tried again after this long, so that a session that cannot be opened is not passed around without end. */
const TRY_AGAIN_MS = 5_000;

export class Placement {
  readonly #deps: PlacementDeps;
  /** Sessions of which a run is ending here. */
  readonly #ending = new Map<string, Promise<void>>();
  readonly #notBefore = new Map<string, number>();
  #workers: Member[] = [];
  #woken = new AbortController();
  #shedding = false;
  #leaving = false;

  constructor(deps: PlacementDeps) {
    this.#deps = deps;
  }

  /** The workers as last seen, this one included. */
  workers(): readonly Member[] {
    return this.#workers;
  }

  /** Something has changed: looks now. */
  wake(): void {
    this.#woken.abort();
  }

  /** Whether its run here is ending. */
  isEnding(id: string): boolean {
    return this.#ending.has(id);
  }

  /** Takes the lease on a session that is to be made here; null while somebody has it. */
  async reserve(id: string): Promise<Lease | null> {
    const lease = this.#leaving || this.#ending.has(id) ? null : await this.#deps.leases.take(id);
    if (lease) this.#endWhenLost(lease);
    return lease;
  }

  /** Looks once, and takes and gives up what is due. */
  async look(): Promise<void> {
    const { self, members, leases, holding } = this.#deps;
    this.#workers = await members.beat({ ...self, held: leases.names().length });
    const ids = await holding.known();
    const sessions = await Promise.all(ids.map(async (id) => this.#placed(id)));
    const { claim, shed } = plan(self.id, this.#workers, sessions);
    for (const id of claim) if (!this.#leaving) await this.#claim(id);
    if (shed.length > 0 && !this.#shedding) void this.#shed(shed);
  }

  /** One after the other, and not waited for: a message in hand may take its time, and this worker is to be heard of meanwhile. */
  async #shed(ids: readonly string[]): Promise<void> {
    this.#shedding = true;
    for (const id of ids) if (!this.#leaving) await this.#giveUp(id);
    this.#shedding = false;
  }

  /** Looks until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look().catch((thrown: unknown) => {
        this.#deps.log.warn({ err: toError(thrown) }, 'sessions could not be placed');
      });
      await this.#pause(signal);
    }
  }

  /** Takes nothing more and hands everything over, at once; resolves when nothing is held. */
  async leave(): Promise<void> {
    this.#leaving = true;
    const { self, members, leases, log } = this.#deps;
    await members.leave(self.id).catch((thrown: unknown) => log.warn({ err: toError(thrown) }, 'leaving was not told'));
    await Promise.all(leases.names().map((id) => this.#giveUp(id)));
    await Promise.all(this.#ending.values());
  }

  async #placed(id: string): Promise<Placed> {
    return { id, holder: await this.#holderOf(id), stays: this.#deps.holding.isBeingLinked(id) };
  }

  async #holderOf(id: string): Promise<string | null> {
    const owner = await this.#deps.leases.owner(id);
    if (owner?.holder !== this.#deps.self.id) return owner?.holder ?? null;
    // A lease whose answer never came is held by nobody; it is to be taken again.
    return this.#deps.leases.get(id) || this.#ending.has(id) ? owner.holder : null;
  }

  async #claim(id: string): Promise<void> {
    if (performance.now() < (this.#notBefore.get(id) ?? 0) || this.#ending.has(id)) return;
    const lease = await this.#deps.leases.take(id);
    if (!lease) return;
    this.#endWhenLost(lease);
    try {
      await this.#deps.holding.open(lease);
      this.#notBefore.delete(id);
    } catch (thrown) {
      this.#deps.log.error({ err: toError(thrown), sessionId: id }, 'a session could not be taken over');
      this.#notBefore.set(id, performance.now() + TRY_AGAIN_MS);
      await this.#giveUp(id);
    }
  }

  async #giveUp(id: string): Promise<void> {
    const { leases, holding, announce, log } = this.#deps;
    const lease = leases.get(id);
    if (!lease || this.#ending.has(id)) return;
    await this.#ended(id, async () => {
      await holding.close(id);
      await leases.drop(lease);
      await announce();
    }).catch((thrown: unknown) => log.warn({ err: toError(thrown), sessionId: id }, 'handing over was not told'));
  }

  #endWhenLost(lease: Lease): void {
    const { holding, log } = this.#deps;
    const end = () => {
      const before = this.#ending.get(lease.name);
      void this.#ended(lease.name, async () => {
        await Promise.all([holding.abandon(lease.name), before]);
      }).catch((thrown: unknown) => log.error({ err: toError(thrown), sessionId: lease.name }, 'ending failed'));
    };
    lease.lost.addEventListener('abort', end, { once: true });
  }

  async #ended(id: string, end: () => Promise<void>): Promise<void> {
    const ending = end();
    const settled = ending.catch(() => undefined);
    this.#ending.set(id, settled);
    void settled.finally(() => {
      if (this.#ending.get(id) === settled) this.#ending.delete(id);
    });
    await ending;
  }

  /** What wakes it while it looks makes it look again. */
  async #pause(signal: AbortSignal): Promise<void> {
    await sleepUnlessAborted(LOOK_EVERY_MS, AbortSignal.any([signal, this.#woken.signal]));
    if (this.#woken.signal.aborted) this.#woken = new AbortController();
  }
}
