/** One embedded database: its namespaces and queues, each made once. */
import Keyv from 'keyv';
import { SqliteFile } from './sqlite-file.ts';
import { SqliteKeyValue } from './sqlite-key-value.ts';
import { SqliteQueue } from './sqlite-queue.ts';
import type { Database, KeyValue, Queue } from './store.ts';

export class SqliteDatabase implements Database {
  readonly #file: SqliteFile;
  readonly #now: () => number;
  readonly #keyValues = new Map<string, KeyValue>();
  readonly #queues = new Map<string, SqliteQueue<never>>();

  constructor(path: string, now: () => number) {
    this.#file = new SqliteFile(path);
    this.#now = now;
  }

  keyValue(namespace: string): KeyValue {
    let keyValue = this.#keyValues.get(namespace);
    if (!keyValue) {
      const store = new SqliteKeyValue(this.#file, namespace, this.#now);
      // The namespace is a column, so Keyv's own prefix would only be in the way; and a lost write must never be silent.
      keyValue = new Keyv({ store, namespace, useKeyPrefix: false, throwOnErrors: true });
      this.#keyValues.set(namespace, keyValue);
    }
    return keyValue;
  }

  queue<Data>(name: string, options: { keepDone: number }): Queue<Data> {
    let queue = this.#queues.get(name) as SqliteQueue<Data> | undefined;
    if (!queue) {
      queue = new SqliteQueue<Data>(this.#file, name, options.keepDone, this.#now);
      this.#queues.set(name, queue as unknown as SqliteQueue<never>);
    }
    return queue;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
    if (this.#file.database.isOpen) this.#file.database.close();
  }
}
