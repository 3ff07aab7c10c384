/** Proxies: a session's ways out, the pool they come from, and the guard on addresses that users name. */
import { parseProxyUrl } from '../proxy-address.ts';
import type { Seal } from '../seal.ts';
import type { Database } from '../store/store.ts';
import { Pool, type PoolDeps } from './pool.ts';
import { PoolVault } from './pool-vault.ts';
import { openWayOut } from './way-out.ts';

export { createEgress, type Egress, type GuardedWay } from './egress-guard.ts';
export type { Neighbours } from './neighbours.ts';
export type { Pool } from './pool.ts';
export type { PoolProxy } from './pool-proxy.ts';
export { openWayOut, type WayOut } from './way-out.ts';

/** Opens the pool: what PROXY_POOL says, and what was added. */
export async function openPool(instance: Database, seal: Seal, deps: Omit<PoolDeps, 'vault'>): Promise<Pool> {
  const pool = new Pool({ ...deps, vault: new PoolVault(instance, seal) });
  await pool.load();
  return pool;
}

/** All the ways out there are for sessions; a proxy has `connectTimeout` ms to make a connection. */
export const waysOut = (pool: Pool, settings: { connectTimeout: number; defaultProxyUrl: string | undefined }) => ({
  openWayOut: (url: string) => openWayOut(url, settings.connectTimeout),
  shown: (url: string) => parseProxyUrl(url).shown,
  defaultUrl: settings.defaultProxyUrl,
  pool,
});
