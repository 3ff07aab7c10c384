/** One embedded database: its namespaces and queues, each made once. */
import { deserialize, openKeyValue, serialize } from './rows.ts';
import { SqliteFile } from './sqlite-file.ts';
import { SqliteKeyValue } from './sqlite-key-value.ts';
import { SqliteLedger, type LedgerPlace } from './sqlite-ledger.ts';
import { SqliteQueue } from './sqlite-queue.ts';
import { eraseRows, readRows, writeRows } from './sqlite-rows.ts';
import type { Row } from './stored-rows.ts';
import type { Batch, Database, KeyValue, Ledger, Queue, StoreTiming, Survives } from './store.ts';

export class SqliteDatabase implements Database {
  readonly #file: SqliteFile;
  readonly #now: () => number;
  readonly #place: LedgerPlace;
  readonly #adapters = new Map<string, SqliteKeyValue>();
  readonly #keyValues = new Map<string, KeyValue>();
  readonly #queues = new Map<string, SqliteQueue<never>>();
  readonly #ledgers = new Map<string, SqliteLedger>();

  constructor(path: string, now: () => number, place: LedgerPlace, timing?: StoreTiming) {
    this.#file = new SqliteFile(path, timing);
    this.#now = now;
    this.#place = place;
  }

  keyValue(namespace: string, survives: Survives = 'power-cut'): KeyValue {
    let keyValue = this.#keyValues.get(namespace);
    if (!keyValue) {
      keyValue = openKeyValue(this.#adapter(namespace, survives), namespace);
      this.#keyValues.set(namespace, keyValue);
    }
    return keyValue;
  }

  async write(namespace: string, { set, remove }: Batch, survives?: Survives): Promise<void> {
    const keyValue = this.keyValue(namespace);
    const rows = set.map(({ key, value, ttl }) => ({ key, value: serialize(keyValue, value), ttl }));
    // No await before the commit: whoever calls and goes on without waiting has it on disk all the same.
    await this.#adapter(namespace).write({ set: rows, remove }, survives);
  }

  async snapshot(namespace: string): Promise<[string, unknown][]> {
    const rows = this.#adapter(namespace).all();
    return rows.map(({ key, value }): [string, unknown] => [key, deserialize<unknown>(value).value]);
  }

  async version(namespace: string): Promise<number> {
    return this.#adapter(namespace).version;
  }

  async scrub(): Promise<void> {
    this.#file.scrub();
  }

  async *rows(): AsyncGenerator<Row[], void> {
    yield* readRows(this.#file);
  }

  async restore(rows: readonly Row[]): Promise<void> {
    writeRows(this.#file, rows);
    await this.#file.saved();
  }

  async erase(): Promise<void> {
    eraseRows(this.#file);
    await this.#file.saved();
  }

  queue<Data>(name: string, options: { keepDone: number }): Queue<Data> {
    let queue = this.#queues.get(name) as SqliteQueue<Data> | undefined;
    if (!queue) {
      queue = new SqliteQueue<Data>(this.#file, name, options.keepDone, this.#now);
      this.#queues.set(name, queue as unknown as SqliteQueue<never>);
    }
    return queue;
  }

  ledger(name: string, { keep }: { keep: number }): Ledger {
    const ledger = this.#ledgers.get(name) ?? new SqliteLedger(this.#file, name, keep, this.#now, this.#place);
    this.#ledgers.set(name, ledger);
    return ledger;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
    await this.#file.close();
  }

  #adapter(namespace: string, survives: Survives = 'power-cut'): SqliteKeyValue {
    const adapter = this.#adapters.get(namespace) ?? new SqliteKeyValue(this.#file, namespace, this.#now, survives);
    this.#adapters.set(namespace, adapter);
    return adapter;
  }
}
