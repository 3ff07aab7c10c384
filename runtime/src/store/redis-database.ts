/** One database in Redis: its namespaces, ledgers and queues, each made once. */
import type { RedisAccess } from './redis-access.ts';
import { RedisKeyValue } from './redis-key-value.ts';
import { RedisLedger } from './redis-ledger.ts';
import { RedisQueue } from './redis-queue.ts';
import type { RedisWakes } from './redis-wakes.ts';
import { readRows, writeRows } from './redis-stored-rows.ts';
import { deserialize, openKeyValue, serialize } from './rows.ts';
import type { Row } from './stored-rows.ts';
import type { Batch, Database, KeyValue, Ledger, Queue } from './store.ts';

/** To one namespace, for as long as it is counted. */
const MOST_WRITES = 1e12;

export interface RedisDatabaseOptions {
  /** For one that several processes write to; undefined for one process's own. */
  wakes: RedisWakes | undefined;
  scrub: () => Promise<void>;
  /** Removes all keys but the owner's. */
  erase: () => Promise<void>;
}

/** What is answered is in Redis's log, and survives whatever that does: there is no difference for `Survives` to make. */
export class RedisDatabase implements Database {
  readonly #access: RedisAccess;
  readonly #options: RedisDatabaseOptions;
  readonly #adapters = new Map<string, RedisKeyValue>();
  readonly #keyValues = new Map<string, KeyValue>();
  readonly #queues = new Map<string, RedisQueue<never>>();
  readonly #ledgers = new Map<string, RedisLedger>();

  constructor(access: RedisAccess, options: RedisDatabaseOptions) {
    this.#access = access;
    this.#options = options;
  }

  keyValue(namespace: string): KeyValue {
    const keyValue = this.#keyValues.get(namespace) ?? openKeyValue(this.#adapter(namespace), namespace);
    this.#keyValues.set(namespace, keyValue);
    return keyValue;
  }

  async write(namespace: string, { set, remove }: Batch): Promise<void> {
    const keyValue = this.keyValue(namespace);
    const rows = set.map(({ key, value, ttl }) => ({ key, value: serialize(keyValue, value), ttl }));
    await this.#adapter(namespace).write({ set: rows, remove });
  }

  async snapshot(namespace: string): Promise<[string, unknown][]> {
    const rows = await this.#adapter(namespace).all();
    return rows.map(({ key, value }): [string, unknown] => [key, deserialize<unknown>(value).value]);
  }

  async version(namespace: string): Promise<number> {
    const written = await this.#access.command('HGET', [this.#access.keys.versions, namespace]);
    // A server that has forgotten writes counts others under their numbers.
    return Number(written ?? 0) + this.#access.server.count * MOST_WRITES;
  }

  async scrub(): Promise<void> {
    await this.#options.scrub();
  }

  rows(): AsyncIterable<Row[]> {
    return readRows(this.#access);
  }

  async restore(rows: readonly Row[]): Promise<void> {
    await writeRows(this.#access, rows);
  }

  async erase(): Promise<void> {
    await this.#options.erase();
  }

  queue<Data>(name: string, { keepDone }: { keepDone: number }): Queue<Data> {
    let queue = this.#queues.get(name) as RedisQueue<Data> | undefined;
    if (!queue) {
      const { keys, now, generation } = this.#access;
      const { wakes } = this.#options;
      const place = { connection: this.#access, key: keys.queue(name), owner: keys.owner, generation, keepDone, now };
      queue = new RedisQueue<Data>({ ...place, shared: wakes !== undefined, wakes });
      this.#queues.set(name, queue as unknown as RedisQueue<never>);
    }
    return queue;
  }

  ledger(name: string, { keep }: { keep: number }): Ledger {
    const ledger = this.#ledgers.get(name) ?? new RedisLedger(this.#access, name, keep);
    this.#ledgers.set(name, ledger);
    return ledger;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
    this.#access.close();
  }

  #adapter(namespace: string): RedisKeyValue {
    const adapter = this.#adapters.get(namespace) ?? new RedisKeyValue(this.#access, namespace);
    this.#adapters.set(namespace, adapter);
    return adapter;
  }
}
