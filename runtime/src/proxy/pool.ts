/**
 * The pool of proxies: what is in it, who has a place where, and how well each does. Sessions ask for a place and wait for
 * one when there is none; a probe through each proxy to WhatsApp, now and then and when a session had trouble with it,
 * decides alone who is in quarantine.
 */
import { EventEmitter, once } from 'node:events';
import { RuntimeError } from '../errors.ts';
import { newProxyId, type ProxyId, type SessionId } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { parseProxyUrl, type ProxyAddress } from '../proxy-address.ts';
import { definitionOf, sameProxy, type GivenProxy } from '../proxy-list.ts';
import { sleepUnlessAborted } from '../time.ts';
import { NOBODY, type Keeping, type Neighbours } from './neighbours.ts';
import { Places, type Seat } from './places.ts';
import { entryOf, type Entry, type PoolVault } from './pool-vault.ts';
import type { ProbeResult } from './probe.ts';
import { Probing, type PoolSettings } from './probing.ts';
import { shown, type PoolProxy } from './pool-proxy.ts';
import { createChooser } from './strategy.ts';

export interface PoolDeps {
  vault: PoolVault;
  settings: PoolSettings;
  /** The session is to connect anew, as its proxy was removed; does nothing for one at rest. */
  reconnect(session: SessionId): Promise<void>;
  /** The proxy at which this session has its place went into quarantine (false), or came out of it. */
  onHealth(session: SessionId, works: boolean): void;
  /** Left out, all sessions are here. */
  neighbours?: Neighbours | undefined;
  metrics: Metrics;
  log: Logger;
  now?: () => number;
  random?: () => number;
}

/** How soon a worker sees what another did, and how long a removal waits for that. */
const [LOOK_EVERY_MS, LET_GO_WITHIN_MS] = [1_000, 4_000];

export class Pool {
  readonly #deps: PoolDeps;
  readonly #now: () => number;
  readonly #neighbours: Neighbours;
  #version = 0;
  #taken: ReadonlyMap<string, number> = new Map();
  readonly #entries = new Map<ProxyId, Entry>();
  readonly #places: Places;
  /** Something changed that somebody who waits for a place may profit from. */
  readonly #changes = new EventEmitter().setMaxListeners(0);
  readonly #probing: Probing;
  readonly #stopping = new AbortController();

  constructor(deps: PoolDeps) {
    this.#deps = deps;
    this.#now = deps.now ?? Date.now;
    this.#neighbours = deps.neighbours ?? NOBODY;
    this.#probing = new Probing({
      ...deps,
      now: this.#now,
      find: (id) => this.#entries.get(id),
      signal: this.#stopping.signal,
      onHealth: (id, works) => {
        for (const session of this.#places.at(id)) deps.onHealth(session, works);
        if (works) this.#changed();
      },
    });
    const choose = createChooser(deps.settings.strategy, deps.random ?? Math.random);
    this.#places = new Places(() => this.#seats(), choose);
  }

  /** Reads what was added, and takes over what PROXY_POOL says now; to be called once, before anything else. */
  load(): Promise<void> {
    return this.#neighbours.alone(() => this.#load());
  }

  async #load(): Promise<void> {
    const { vault, settings } = this.#deps;
    const kept = await vault.all();
    for (const definition of settings.configured) {
      const known = kept.find(({ address }) => sameProxy(address.href, definition.url));
      const entry = entryOf(definition, 'config', known ?? { id: newProxyId(), createdAt: this.#now() });
      await vault.save(entry);
      this.#entries.set(entry.id, entry);
    }
    for (const entry of kept) {
      if (this.#entries.has(entry.id)) continue;
      if (entry.origin === 'config') await vault.remove(entry.id);
      else this.#entries.set(entry.id, entry);
    }
  }

  /** With the sessions of all workers. */
  async list(): Promise<PoolProxy[]> {
    await this.#catchUp();
    return this.here().map((proxy) => ({ ...proxy, sessions: proxy.sessions + (this.#taken.get(proxy.proxyId) ?? 0) }));
  }

  /** With the sessions of this worker. */
  here(): PoolProxy[] {
    return [...this.#entries.values()].map((entry) => this.#shown(entry));
  }

  /** Throws `invalid_proxy_url`, `proxy_exists`. */
  async add(given: GivenProxy): Promise<PoolProxy> {
    const definition = definitionOf(given);
    await this.#catchUp();
    if ([...this.#entries.values()].some(({ address }) => sameProxy(address.href, definition.url)))
      throw new RuntimeError('proxy_exists');
    const entry = entryOf(definition, 'api', { id: newProxyId(), createdAt: this.#now() });
    await this.#deps.vault.save(entry);
    this.#entries.set(entry.id, entry);
    this.#changed();
    this.#probing.soon(entry.id);
    return this.#shown(entry);
  }

  /**
   * Takes a proxy out of the pool. When it resolves nothing goes through it any more: its sessions have been sent to
   * another, or wait. Throws `proxy_not_found`, `proxy_configured`.
   */
  async remove(id: ProxyId): Promise<{ sessions: number }> {
    await this.#catchUp();
    if (this.#entry(id).origin === 'config') throw new RuntimeError('proxy_configured');
    const sessions = this.#places.at(id).length + (this.#taken.get(id) ?? 0);
    await this.#deps.vault.remove(id);
    await this.#drop(id);
    const until = performance.now() + LET_GO_WITHIN_MS;
    while ((await this.#neighbours.taken()).has(id) && performance.now() < until)
      await sleepUnlessAborted(LOOK_EVERY_MS / 5, this.#stopping.signal);
    return { sessions };
  }

  /** It is gone: its sessions get another, or wait. */
  async #drop(id: ProxyId): Promise<void> {
    const sessions = this.#places.at(id);
    this.#entries.delete(id);
    this.#probing.forget(id);
    for (const session of sessions) this.#places.leave(session);
    await Promise.all(sessions.map((session) => this.#deps.reconnect(session)));
  }

  /** Takes in what other workers did. */
  async #catchUp(): Promise<void> {
    const taken = await this.#neighbours.taken();
    const isNews = String([...taken]) !== String([...this.#taken]);
    this.#taken = taken;
    const version = await this.#deps.vault.version();
    if (version === this.#version) return isNews ? this.#changed() : undefined;
    const kept = await this.#deps.vault.all();
    this.#version = version;
    const added = kept.filter(({ id }) => !this.#entries.has(id));
    for (const entry of added) this.#entries.set(entry.id, entry);
    const gone = [...this.#entries.keys()].filter((id) => !kept.some((entry) => entry.id === id));
    // Nobody waits for them: who asks may be one of these sessions.
    for (const id of gone) this.#drop(id).catch((err: unknown) => this.#deps.log.warn({ err }, 'a proxy was not left'));
    for (const { id } of added) this.#probing.soon(id);
    this.#changed();
  }

  /** Tries a proxy of the pool out now. Throws `proxy_not_found`. */
  async test(id: ProxyId): Promise<ProbeResult> {
    return await this.#probing.probe(this.#entry(id).id);
  }

  /** Tries out a proxy that need not be in the pool. Throws `invalid_proxy_url`. */
  async testUrl(url: string): Promise<ProbeResult> {
    return await this.#probing.ask(parseProxyUrl(url).href);
  }

  /** Whether there is anything in the pool, of the region if one is named. */
  async serves(region: string | null): Promise<boolean> {
    await this.#catchUp();
    return [...this.#entries.values()].some((entry) => region === null || entry.region === region);
  }

  /** See `Places.claim`. */
  claim(session: SessionId, id: string): void {
    this.#places.claim(session, id as ProxyId);
  }

  /** The address of the proxy where the session has its place, fit to be shown; null when it has none. */
  placeOf(session: SessionId): string | null {
    return this.#addressOf(session)?.shown ?? null;
  }

  /** The same with user and password; secret. */
  urlOf(session: SessionId): string | null {
    return this.#addressOf(session)?.href ?? null;
  }

  /** The proxy to connect through now. Waits for one, having said so, until the signal aborts; null then. */
  async place(
    session: SessionId,
    region: string | null,
    { signal, onWaiting, ...keeping }: Keeping & { signal: AbortSignal; onWaiting(): void },
  ): Promise<{ proxyId: string; url: string } | null> {
    for (let told = false; !signal.aborted; told = true) {
      const found = new AbortController();
      // It listens before it looks, so that no change is missed.
      const until = AbortSignal.any([signal, found.signal]);
      const changed = once(this.#changes, 'changed', { signal: until }).catch(() => undefined);
      try {
        const id = await this.#take(session, region, keeping);
        const entry = id && this.#entries.get(id);
        if (entry) return { proxyId: entry.id, url: entry.address.href };
        if (!told) onWaiting();
        await changed;
      } finally {
        found.abort();
      }
    }
    return null;
  }

  async #take(session: SessionId, region: string | null, { kept, keep }: Keeping): Promise<ProxyId | null> {
    await this.#catchUp();
    const before = this.#places.of(session);
    if (before === kept() && this.#places.stays(session, region)) return before;
    return await this.#neighbours.alone(async () => {
      await this.#catchUp();
      const id = this.#places.take(session, region);
      const now = this.#places.of(session);
      if (before !== null && id !== null && id !== before) this.#deps.metrics.proxyMoves.inc();
      if (now !== kept()) await keep(now);
      return id;
    });
  }

  /** Gives the session a place at another proxy, to be used when it connects next; false when no other has one free. */
  async another(session: SessionId, region: string | null, { keep }: Keeping): Promise<boolean> {
    return await this.#neighbours.alone(async () => {
      await this.#catchUp();
      const id = this.#places.move(session, region);
      if (id === null) return false;
      await keep(id);
      this.#deps.metrics.proxyMoves.inc();
      this.#changed();
      return true;
    });
  }

  /** The session needs its place no longer. */
  leave(session: SessionId): void {
    if (this.#places.leave(session)) this.#changed();
  }

  /** The session could not connect because of its proxy, or it did connect through it. */
  report(session: SessionId, works: boolean): void {
    if (works) return this.#places.worked(session);
    this.#places.failed(session);
    const id = this.#places.of(session);
    if (id) this.#probing.soon(id);
  }

  /** Probes every proxy now and then, until the signal aborts; nothing of it is under way when it resolves. */
  async run(signal: AbortSignal): Promise<void> {
    const { checkIntervalMs } = this.#deps.settings;
    if (signal.aborted) this.#stopping.abort();
    signal.addEventListener('abort', () => this.#stopping.abort(), { once: true });
    const looking = this.#look(signal);
    if (checkIntervalMs > 0) {
      // One that is removed meanwhile is no longer there to be asked.
      do await Promise.allSettled([...this.#entries.keys()].map((id) => this.#probing.probe(id)));
      while (await sleepUnlessAborted(checkIntervalMs, signal));
    }
    await Promise.allSettled([looking, this.#probing.ended()]);
  }

  async #look(signal: AbortSignal): Promise<void> {
    while (this.#neighbours !== NOBODY && (await sleepUnlessAborted(LOOK_EVERY_MS, signal)))
      await this.#catchUp().catch((err: unknown) => this.#deps.log.debug({ err }, 'the pool was not looked at'));
  }

  #entry(id: ProxyId): Entry {
    const entry = this.#entries.get(id);
    if (!entry) throw new RuntimeError('proxy_not_found');
    return entry;
  }

  #addressOf(session: SessionId): ProxyAddress | undefined {
    const id = this.#places.of(session);
    return id === null ? undefined : this.#entries.get(id)?.address;
  }

  #seats(): Seat[] {
    return [...this.#entries.values()].map(({ id, weight, maxSessions, region }) => ({
      ...{ id, weight, maxSessions, region },
      usable: this.#probing.healthOf(id).status !== 'quarantine',
      taken: this.#taken.get(id) ?? 0,
    }));
  }

  #changed(): void {
    this.#changes.emit('changed');
  }

  #shown(entry: Entry): PoolProxy {
    return shown(entry, this.#probing.healthOf(entry.id), this.#places.at(entry.id).length);
  }
}
