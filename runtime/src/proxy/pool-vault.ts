/** The pool at rest: addresses are sealed, with user and password, to the proxy's id. */
import type { ProxyId } from '../ids.ts';
import { parseProxyUrl, type ProxyAddress } from '../proxy-address.ts';
import type { ProxyDefinition } from '../proxy-list.ts';
import type { Seal } from '../seal.ts';
import type { Database, KeyValue } from '../store/store.ts';

/** A proxy of the pool. */
export interface Entry extends Omit<ProxyDefinition, 'url'> {
  id: ProxyId;
  address: ProxyAddress;
  /** Whether PROXY_POOL names it or somebody added it. */
  origin: 'config' | 'api';
  createdAt: number;
}

type Sealed = Omit<Entry, 'address'> & { sealed: string };

const context = (id: ProxyId) => `pool-proxy:${id}`;

const NAMESPACE = 'proxies';

export class PoolVault {
  readonly #instance: Database;
  readonly #rows: KeyValue;
  readonly #seal: Seal;

  constructor(instance: Database, seal: Seal) {
    this.#instance = instance;
    this.#rows = instance.keyValue(NAMESPACE);
    this.#seal = seal;
  }

  /** Another one says that somebody has written. */
  async version(): Promise<number> {
    return await this.#instance.version(NAMESPACE);
  }

  /** In the order they came. */
  async all(): Promise<Entry[]> {
    const entries: Entry[] = [];
    for await (const [, row] of (this.#rows.iterator?.(undefined) ?? []) as AsyncIterable<[string, Sealed]>) {
      const { sealed, ...rest } = row;
      entries.push({ ...rest, address: parseProxyUrl(this.#seal.open(sealed, context(rest.id))) });
    }
    return entries.sort((a, b) => a.createdAt - b.createdAt);
  }

  async save(entry: Entry): Promise<void> {
    const { address, ...rest } = entry;
    const row: Sealed = { ...rest, sealed: this.#seal.seal(address.href, context(rest.id)) };
    await this.#rows.set(entry.id, row);
  }

  async remove(id: ProxyId): Promise<void> {
    await this.#rows.delete(id);
  }
}

export const entryOf = (
  { url, weight, maxSessions, region, label }: ProxyDefinition,
  origin: Entry['origin'],
  { id, createdAt }: Pick<Entry, 'id' | 'createdAt'>,
): Entry => ({ id, address: parseProxyUrl(url), weight, maxSessions, region, label, origin, createdAt });
