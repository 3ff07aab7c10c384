/** A proxy of the pool as people see it. */
import type { ProxyId } from '../ids.ts';
import type { Health } from './health.ts';
import type { Entry } from './pool-vault.ts';

/** A proxy as it is shown: nothing secret in it. */
export interface PoolProxy extends Health {
  proxyId: ProxyId;
  protocol: string;
  host: string;
  port: number;
  /** The first letter, the rest hidden; null when there is none. */
  user: string | null;
  weight: number;
  maxSessions: number | null;
  region: string | null;
  label: string | null;
  /** `config`: named by PROXY_POOL, and only removed there. */
  origin: 'config' | 'api';
  createdAt: number;
  /** How many sessions have their place here. */
  sessions: number;
}

export function shown(entry: Entry, health: Health, sessions: number): PoolProxy {
  const { id, address, weight, maxSessions, region, label, origin, createdAt } = entry;
  const { protocol, host, port, user } = address;
  return {
    ...{ proxyId: id, protocol, host, port, user: user === '' ? null : `${[...user][0] ?? ''}***` },
    ...{ weight, maxSessions, region, label, origin, createdAt, sessions },
    ...health,
  };
}
