/** What probes say of a proxy. Pure. */
import type { ProbeResult } from './probe.ts';

export interface Health {
  /** `unknown` until the first probe; one in `quarantine` gets no sessions until it works again. */
  status: 'unknown' | 'healthy' | 'failing' | 'quarantine';
  /** Probes in a row that failed. */
  failures: number;
  /** How long the last successful probe took, ms; null before the first. */
  latencyMs: number | null;
  /** When it was last probed, ms since 1970; null before the first. */
  checkedAt: number | null;
  /** Why the last probe failed; null when it did not. */
  error: string | null;
}

export const UNKNOWN: Health = { status: 'unknown', failures: 0, latencyMs: null, checkedAt: null, error: null };

/** After so many failures in a row a proxy is in quarantine; one success ends that. */
export function afterProbe(before: Health, { ok, latencyMs, error }: ProbeResult, now: number, limit: number): Health {
  if (ok) return { status: 'healthy', failures: 0, latencyMs, checkedAt: now, error: null };
  const failures = before.failures + 1;
  return {
    status: failures >= limit ? 'quarantine' : 'failing',
    ...{ failures, error, checkedAt: now, latencyMs: before.latencyMs },
  };
}
