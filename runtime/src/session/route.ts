/**
 * Which way a session's traffic leaves: what was chosen for it, and what that leads to when it connects. A session that is to
 * have a proxy never connects without one: where there is none it waits.
 */
import { once } from 'node:events';
import { RuntimeError } from '../errors.ts';
import type { SessionId } from '../ids.ts';
import type { WayOut } from './socket.ts';
import type { SessionRecord, Vault } from './vault.ts';

/** What a caller chooses. */
export type ProxyChoice =
  /** This proxy, used by this session alone. */
  | { mode: 'own'; url: string }
  /** A place in the pool, at a proxy of this region. */
  | { mode: 'pool'; region: string | null }
  /** DEFAULT_PROXY_URL, as long as there is one. */
  | { mode: 'default' }
  | { mode: 'none' };

/** The choice as it is kept. */
export type KeptProxy =
  | { mode: 'own'; sealed: string }
  /** `proxyId` is the proxy at which the session has its place. */
  | { mode: 'pool'; region: string | null; proxyId: string | null }
  /** `seen`: it has had the default proxy; should that be missing one day, it waits rather than go without. */
  | { mode: 'default'; seen: boolean }
  | { mode: 'none' };

/** How the place at a proxy is kept. */
interface Keeping {
  kept(): string | null;
  keep(proxyId: string | null): Promise<void>;
}

/** What sessions need of the proxy room. */
export interface Proxies {
  /** Throws `invalid_proxy_url`. */
  openWayOut(url: string): WayOut;
  /** A proxy without user and password, fit to be shown. */
  shown(url: string): string;
  defaultUrl: string | undefined;
  pool: {
    /** Whether there is anything in the pool, of the region if one is named. */
    serves(region: string | null): Promise<boolean>;
    /** The place a session had before a restart. */
    claim(session: SessionId, proxyId: string): void;
    /** The proxy at which it has its place, fit to be shown. */
    placeOf(session: SessionId): string | null;
    /** The same, secret. */
    urlOf(session: SessionId): string | null;
    /** Waits for a place, having said so, until the signal aborts; null then. */
    place(
      session: SessionId,
      region: string | null,
      waiting: Keeping & { signal: AbortSignal; onWaiting(): void },
    ): Promise<{ proxyId: string; url: string } | null>;
    another(session: SessionId, region: string | null, keeping: Keeping): Promise<boolean>;
    leave(session: SessionId): void;
    report(session: SessionId, works: boolean): void;
  };
}

/** What a session gets that names nothing: the default proxy, else a place in the pool where there is one. */
export async function choiceByDefault({ defaultUrl, pool }: Proxies): Promise<ProxyChoice> {
  return defaultUrl === undefined && (await pool.serves(null)) ? { mode: 'pool', region: null } : { mode: 'default' };
}

/** Throws `invalid_proxy_url`, `proxy_pool_empty`. */
export async function checkChoice(choice: ProxyChoice, proxies: Proxies): Promise<void> {
  if (choice.mode === 'own') await proxies.openWayOut(choice.url).close();
  if (choice.mode === 'pool' && !(await proxies.pool.serves(choice.region))) throw new RuntimeError('proxy_pool_empty');
}

/** A choice as it goes into a record. */
export function kept(choice: ProxyChoice, id: SessionId, vault: Vault): KeptProxy {
  switch (choice.mode) {
    case 'own':
      return { mode: 'own', sealed: vault.sealProxy(id, choice.url) };
    case 'pool':
      return { ...choice, proxyId: null };
    case 'default':
      return { mode: 'default', seen: false };
    case 'none':
      return choice;
    default:
      return choice satisfies never;
  }
}

/** What was chosen, from a record; secret. */
export function chosen({ sessionId, proxy }: SessionRecord, vault: Vault): ProxyChoice {
  if (proxy.mode === 'own') return { mode: 'own', url: vault.openProxy(sessionId, proxy.sealed) };
  return proxy.mode === 'pool' ? { mode: 'pool', region: proxy.region } : { mode: proxy.mode };
}

export class Route {
  readonly #record: SessionRecord;
  readonly #vault: Vault;
  readonly #proxies: Proxies;

  constructor(record: SessionRecord, vault: Vault, proxies: Proxies) {
    this.#record = record;
    this.#vault = vault;
    this.#proxies = proxies;
    const { proxy, sessionId } = record;
    if (proxy.mode === 'pool' && proxy.proxyId !== null) proxies.pool.claim(sessionId, proxy.proxyId);
  }

  get mode(): ProxyChoice['mode'] {
    return this.#record.proxy.mode;
  }

  /** The region asked of the pool. */
  get region(): string | null {
    const { proxy } = this.#record;
    return proxy.mode === 'pool' ? proxy.region : null;
  }

  /** The proxy in use without user and password; null when there is none. */
  shown(): string | null {
    const { sessionId, proxy } = this.#record;
    if (proxy.mode === 'pool') return this.#proxies.pool.placeOf(sessionId);
    const url = this.#fixedUrl();
    return url && this.#proxies.shown(url);
  }

  /** Ways out for what is no part of the connection; null when there is to be no proxy. Throws `no_proxy_available`. */
  openWayOut(): WayOut | null {
    const { sessionId, proxy } = this.#record;
    const url = proxy.mode === 'pool' ? this.#proxies.pool.urlOf(sessionId) : this.#fixedUrl();
    if (url !== null) return this.#proxies.openWayOut(url);
    if (proxy.mode === 'none' || (proxy.mode === 'default' && !proxy.seen)) return null;
    throw new RuntimeError('no_proxy_available');
  }

  /** The address to connect through, null for none; undefined when the signal aborted while it waited for one. */
  async url(waiting: { signal: AbortSignal; onWaiting(): void }): Promise<string | null | undefined> {
    const { sessionId, proxy } = this.#record;
    if (proxy.mode === 'pool') {
      const place = await this.#proxies.pool.place(sessionId, proxy.region, { ...waiting, ...this.#keeping(proxy) });
      return place?.url;
    }
    const url = this.#fixedUrl();
    if (proxy.mode !== 'default' || proxy.seen === (url !== null)) return url;
    if (url === null) {
      waiting.onWaiting();
      if (!waiting.signal.aborted) await once(waiting.signal, 'abort');
      return undefined;
    }
    proxy.seen = true;
    await this.#vault.save(this.#record);
    return url;
  }

  /** What the last attempt told of the proxy. */
  report(works: boolean): void {
    if (this.mode === 'pool') this.#proxies.pool.report(this.#record.sessionId, works);
  }

  /** Takes another proxy of the pool from the next connection on; false when there is none. */
  async another(): Promise<boolean> {
    const { proxy, sessionId } = this.#record;
    if (proxy.mode !== 'pool') return false;
    return await this.#proxies.pool.another(sessionId, proxy.region, this.#keeping(proxy));
  }

  /** The place is in the record, where other workers count it. */
  #keeping(proxy: KeptProxy & { mode: 'pool' }): Keeping {
    return {
      kept: () => proxy.proxyId,
      keep: async (proxyId) => {
        const former = proxy.proxyId;
        proxy.proxyId = proxyId;
        try {
          await this.#vault.save(this.#record);
        } catch (error) {
          proxy.proxyId = former;
          throw error;
        }
      },
    };
  }

  /** Whether this choice is not the one that holds already. */
  differs(choice: ProxyChoice): boolean {
    return JSON.stringify(choice) !== JSON.stringify(chosen(this.#record, this.#vault));
  }

  /** Durable when it resolves; the connection there is goes on as it was. */
  async change(choice: ProxyChoice): Promise<void> {
    const { sessionId, proxy } = this.#record;
    this.#record.proxy = kept(choice, sessionId, this.#vault);
    try {
      await this.#vault.save(this.#record);
    } catch (error) {
      this.#record.proxy = proxy;
      throw error;
    }
    if (choice.mode !== 'pool') this.#proxies.pool.leave(sessionId);
  }

  /** The session rests without an account: its place at the pool's proxy is for others. The record is not saved. */
  leave(): void {
    const { sessionId, proxy } = this.#record;
    if (proxy.mode !== 'pool') return;
    proxy.proxyId = null;
    this.#proxies.pool.leave(sessionId);
  }

  #fixedUrl(): string | null {
    const { sessionId, proxy } = this.#record;
    if (proxy.mode === 'own') return this.#vault.openProxy(sessionId, proxy.sealed);
    return proxy.mode === 'default' ? (this.#proxies.defaultUrl ?? null) : null;
  }
}
