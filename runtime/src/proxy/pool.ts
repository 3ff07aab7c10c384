/**
 * The pool of proxies: what is in it, who has a place where, and how well each does. Sessions ask for a place and wait for
 * one when there is none; a probe through each proxy to WhatsApp, now and then and when a session had trouble with it,
 * decides alone who is in quarantine.
 */
import { EventEmitter, once } from 'node:events';
import { Semaphore } from 'async-mutex';
import { RuntimeError } from '../errors.ts';
import { newProxyId, type ProxyId, type SessionId } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import { parseProxyUrl, type ProxyAddress } from '../proxy-address.ts';
import { definitionOf, sameProxy, type GivenProxy, type ProxyDefinition, type ProxyStrategy } from '../proxy-list.ts';
import { sleepUnlessAborted } from '../time.ts';
import { afterProbe, UNKNOWN, type Health } from './health.ts';
import { Places, type Seat } from './places.ts';
import type { Entry, PoolVault } from './pool-vault.ts';
import { probe, type ProbeResult } from './probe.ts';
import { shown, type PoolProxy } from './pool-proxy.ts';
import { createChooser } from './strategy.ts';

export interface PoolSettings {
  /** What PROXY_POOL names. */
  configured: readonly ProxyDefinition[];
  strategy: ProxyStrategy;
  /** How often each proxy is tried out, ms; 0 for never, and then none is ever in quarantine. */
  checkIntervalMs: number;
  checkTimeoutMs: number;
  /** Failures in a row that lead to quarantine. */
  checkFailures: number;
  /** The WebSocket address of WhatsApp, or of a sandbox. */
  endpoint: string;
}

export interface PoolDeps {
  vault: PoolVault;
  settings: PoolSettings;
  /** The session is to connect anew, as its proxy was removed; does nothing for one at rest. */
  reconnect(session: SessionId): Promise<void>;
  /** The proxy at which this session has its place went into quarantine (false), or came out of it. */
  onHealth(session: SessionId, works: boolean): void;
  metrics: Metrics;
  log: Logger;
  now?: () => number;
  random?: () => number;
}

/** Probes at once. */
const MAX_PROBES = 10;

export class Pool {
  readonly #deps: PoolDeps;
  readonly #now: () => number;
  readonly #entries = new Map<ProxyId, Entry>();
  readonly #health = new Map<ProxyId, Health>();
  readonly #places: Places;
  /** Something changed that somebody who waits for a place may profit from. */
  readonly #changes = new EventEmitter().setMaxListeners(0);
  readonly #probes = new Semaphore(MAX_PROBES);
  readonly #probing = new Map<ProxyId, Promise<ProbeResult>>();
  readonly #stopping = new AbortController();

  constructor(deps: PoolDeps) {
    this.#deps = deps;
    this.#now = deps.now ?? Date.now;
    const choose = createChooser(deps.settings.strategy, deps.random ?? Math.random);
    this.#places = new Places(() => this.#seats(), choose);
  }

  /** Reads what was added, and takes over what PROXY_POOL says now; to be called once, before anything else. */
  async load(): Promise<void> {
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

  list(): PoolProxy[] {
    return [...this.#entries.values()].map((entry) => this.#shown(entry));
  }

  /** Throws `invalid_proxy_url`, `proxy_exists`. */
  async add(given: GivenProxy): Promise<PoolProxy> {
    const definition = definitionOf(given);
    if ([...this.#entries.values()].some(({ address }) => sameProxy(address.href, definition.url)))
      throw new RuntimeError('proxy_exists');
    const entry = entryOf(definition, 'api', { id: newProxyId(), createdAt: this.#now() });
    this.#entries.set(entry.id, entry);
    try {
      await this.#deps.vault.save(entry);
    } catch (error) {
      this.#entries.delete(entry.id);
      throw error;
    }
    this.#changed();
    this.#probeSoon(entry.id);
    return this.#shown(entry);
  }

  /**
   * Takes a proxy out of the pool. When it resolves nothing goes through it any more: its sessions have been sent to
   * another, or wait. Throws `proxy_not_found`, `proxy_configured`.
   */
  async remove(id: ProxyId): Promise<{ sessions: number }> {
    const entry = this.#entry(id);
    if (entry.origin === 'config') throw new RuntimeError('proxy_configured');
    await this.#deps.vault.remove(id);
    const sessions = this.#places.at(id);
    this.#entries.delete(id);
    this.#health.delete(id);
    for (const session of sessions) this.#places.leave(session);
    await Promise.all(sessions.map((session) => this.#deps.reconnect(session)));
    return { sessions: sessions.length };
  }

  /** Tries a proxy of the pool out now. Throws `proxy_not_found`. */
  async test(id: ProxyId): Promise<ProbeResult> {
    return await this.#probe(this.#entry(id).id);
  }

  /** Tries out a proxy that need not be in the pool. Throws `invalid_proxy_url`. */
  async testUrl(url: string): Promise<ProbeResult> {
    return await this.#ask(parseProxyUrl(url).href);
  }

  /** Whether there is anything in the pool, of the region if one is named. */
  serves(region: string | null): boolean {
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
    { signal, onWaiting }: { signal: AbortSignal; onWaiting(): void },
  ): Promise<{ proxyId: string; url: string } | null> {
    for (let told = false; !signal.aborted; told = true) {
      const before = this.#places.of(session);
      const id = this.#places.take(session, region);
      if (before !== null && id !== null && id !== before) this.#deps.metrics.proxyMoves.inc();
      const entry = id && this.#entries.get(id);
      if (entry) return { proxyId: entry.id, url: entry.address.href };
      if (!told) onWaiting();
      // No await stands between looking and listening, so no change is missed.
      await once(this.#changes, 'changed', { signal }).catch(() => undefined);
    }
    return null;
  }

  /** Gives the session a place at another proxy, to be used when it connects next; false when no other has one free. */
  another(session: SessionId, region: string | null): boolean {
    const moved = this.#places.move(session, region) !== null;
    if (moved) {
      this.#deps.metrics.proxyMoves.inc();
      this.#changed();
    }
    return moved;
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
    if (id) this.#probeSoon(id);
  }

  /** Probes every proxy now and then, until the signal aborts; nothing of it is under way when it resolves. */
  async run(signal: AbortSignal): Promise<void> {
    const { checkIntervalMs } = this.#deps.settings;
    if (signal.aborted) this.#stopping.abort();
    signal.addEventListener('abort', () => this.#stopping.abort(), { once: true });
    if (checkIntervalMs > 0) {
      // One that is removed meanwhile is no longer there to be asked.
      do await Promise.allSettled([...this.#entries.keys()].map((id) => this.#probe(id)));
      while (await sleepUnlessAborted(checkIntervalMs, signal));
    }
    await Promise.allSettled(this.#probing.values());
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
      usable: this.#healthOf(id).status !== 'quarantine',
    }));
  }

  #healthOf(id: ProxyId): Health {
    return this.#health.get(id) ?? UNKNOWN;
  }

  #changed(): void {
    this.#changes.emit('changed');
  }

  #probeSoon(id: ProxyId): void {
    if (this.#deps.settings.checkIntervalMs === 0 || this.#stopping.signal.aborted) return;
    // It may be removed before its turn.
    this.#probe(id).catch(() => undefined);
  }

  /** Never two at once of one proxy: who asks meanwhile gets the same answer. */
  #probe(id: ProxyId): Promise<ProbeResult> {
    const underWay = this.#probing.get(id);
    if (underWay) return underWay;
    const probing = this.#probes
      .runExclusive(() => this.#ask(this.#entry(id).address.href))
      .then((result) => {
        this.#count(result);
        this.#learn(id, result);
        return result;
      })
      .finally(() => this.#probing.delete(id));
    this.#probing.set(id, probing);
    return probing;
  }

  #ask(url: string): Promise<ProbeResult> {
    const { endpoint, checkTimeoutMs: timeoutMs } = this.#deps.settings;
    return probe(url, { endpoint, timeoutMs, signal: this.#stopping.signal });
  }

  #count({ ok, latencyMs }: ProbeResult): void {
    // One that is stopping says nothing of a proxy.
    if (this.#stopping.signal.aborted) return;
    const { proxyProbes, proxyProbeSeconds } = this.#deps.metrics;
    proxyProbes.inc({ outcome: ok ? 'ok' : 'failed' });
    if (latencyMs !== null) proxyProbeSeconds.observe(latencyMs / 1_000);
  }

  #learn(id: ProxyId, result: ProbeResult): void {
    const entry = this.#entries.get(id);
    const { checkFailures, checkIntervalMs } = this.#deps.settings;
    // Without checks nothing would bring a proxy back, and one that is stopping says nothing of a proxy.
    if (!entry || checkIntervalMs === 0 || this.#stopping.signal.aborted) return;
    const before = this.#healthOf(id);
    const after = afterProbe(before, result, this.#now(), checkFailures);
    this.#health.set(id, after);
    const [wasOut, isOut] = [before.status === 'quarantine', after.status === 'quarantine'];
    if (wasOut === isOut) return;
    const proxy = entry.address.shown;
    if (isOut) this.#deps.log.warn({ proxy, error: after.error }, 'a proxy is in quarantine');
    else this.#deps.log.info({ proxy }, 'a proxy works again');
    for (const session of this.#places.at(id)) this.#deps.onHealth(session, !isOut);
    if (!isOut) this.#changed();
  }

  #shown(entry: Entry): PoolProxy {
    return shown(entry, this.#healthOf(entry.id), this.#places.at(entry.id).length);
  }
}

const entryOf = (
  { url, weight, maxSessions, region, label }: ProxyDefinition,
  origin: Entry['origin'],
  { id, createdAt }: Pick<Entry, 'id' | 'createdAt'>,
): Entry => ({ id, address: parseProxyUrl(url), weight, maxSessions, region, label, origin, createdAt });
