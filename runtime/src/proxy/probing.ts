/** Tries proxies out and learns how each does. */
import { Semaphore } from 'async-mutex';
import { RuntimeError } from '../errors.ts';
import type { ProxyId } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { ProxyDefinition, ProxyStrategy } from '../proxy-list.ts';
import { afterProbe, UNKNOWN, type Health } from './health.ts';
import type { Entry } from './pool-vault.ts';
import { probe, type ProbeResult } from './probe.ts';

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

interface ProbingDeps {
  settings: PoolSettings;
  metrics: Metrics;
  log: Logger;
  now: () => number;
  find(id: ProxyId): Entry | undefined;
  /** A proxy went into quarantine (false), or came out of it. */
  onHealth(id: ProxyId, works: boolean): void;
  /** Ends what is under way. */
  signal: AbortSignal;
}

/** Probes at once. */
const MAX_PROBES = 10;

export class Probing {
  readonly #deps: ProbingDeps;
  readonly #health = new Map<ProxyId, Health>();
  readonly #probes = new Semaphore(MAX_PROBES);
  readonly #underWay = new Map<ProxyId, Promise<ProbeResult>>();

  constructor(deps: ProbingDeps) {
    this.#deps = deps;
  }

  healthOf(id: ProxyId): Health {
    return this.#health.get(id) ?? UNKNOWN;
  }

  forget(id: ProxyId): void {
    this.#health.delete(id);
  }

  /** Without checks, none. */
  soon(id: ProxyId): void {
    if (this.#deps.settings.checkIntervalMs === 0 || this.#deps.signal.aborted) return;
    // It may be removed before its turn.
    this.probe(id).catch(() => undefined);
  }

  /** Never two at once of one proxy: who asks meanwhile gets the same answer. Throws `proxy_not_found`. */
  probe(id: ProxyId): Promise<ProbeResult> {
    const underWay = this.#underWay.get(id);
    if (underWay) return underWay;
    const probing = this.#probes
      .runExclusive(() => {
        const entry = this.#deps.find(id);
        if (!entry) throw new RuntimeError('proxy_not_found');
        return this.ask(entry.address.href);
      })
      .then((result) => {
        this.#count(result);
        this.#learn(id, result);
        return result;
      })
      .finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, probing);
    return probing;
  }

  ask(url: string): Promise<ProbeResult> {
    const { settings, signal } = this.#deps;
    return probe(url, { endpoint: settings.endpoint, timeoutMs: settings.checkTimeoutMs, signal });
  }

  /** Resolves when nothing is under way. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#underWay.values());
  }

  #count({ ok, latencyMs }: ProbeResult): void {
    // One that is stopping says nothing of a proxy.
    if (this.#deps.signal.aborted) return;
    const { proxyProbes, proxyProbeSeconds } = this.#deps.metrics;
    proxyProbes.inc({ outcome: ok ? 'ok' : 'failed' });
    if (latencyMs !== null) proxyProbeSeconds.observe(latencyMs / 1_000);
  }

  #learn(id: ProxyId, result: ProbeResult): void {
    const { settings, signal, log, now, find, onHealth } = this.#deps;
    const entry = find(id);
    // Without checks nothing would bring a proxy back, and one that is stopping says nothing of a proxy.
    if (!entry || settings.checkIntervalMs === 0 || signal.aborted) return;
    const before = this.healthOf(id);
    const after = afterProbe(before, result, now(), settings.checkFailures);
    this.#health.set(id, after);
    const [wasOut, isOut] = [before.status === 'quarantine', after.status === 'quarantine'];
    if (wasOut === isOut) return;
    const proxy = entry.address.shown;
    if (isOut) log.warn({ proxy, error: after.error }, 'a proxy is in quarantine');
    else log.info({ proxy }, 'a proxy works again');
    onHealth(id, !isOut);
  }
}
