/**
 * A Keyv storage adapter on one SQLite table, one adapter a namespace. Expiry is absolute and kept in a column; expired
 * rows are invisible at once and removed a few at a time by later writes, so that no timer is needed.
 */
import { EventEmitter } from 'node:events';
import { Purge } from './purge.ts';
import { expiry, type KeyValueEntry } from './rows.ts';
import type { SqliteFile } from './sqlite-file.ts';
import type { Survives } from './store.ts';
import type { Preparing } from './sqlite-statement.ts';

const PURGE_BATCH = 200;
const PAGE = 200;
const LIVE = '(expires_at IS NULL OR expires_at > ?)';

type Row = { key: string; value: string } | undefined;

export class SqliteKeyValue extends EventEmitter {
  /** Keyv knows by this that it may iterate. */
  readonly opts = { dialect: 'sqlite' };
  namespace: string | undefined;
  readonly #file: SqliteFile;
  readonly #now: () => number;
  readonly #survives: Survives;
  readonly #statements;
  /** How often it was written to. */
  version = 0;

  constructor(file: SqliteFile, namespace: string | undefined, now: () => number, survives: Survives = 'power-cut') {
    super();
    this.#survives = survives;
    this.#file = file;
    this.namespace = namespace;
    this.#now = now;
    this.#statements = file.prepared(prepare);
  }

  async get(key: string): Promise<string | undefined> {
    return this.#read(key);
  }

  async getMany(keys: string[]): Promise<(string | undefined)[]> {
    return keys.map((key) => this.#read(key));
  }

  async has(key: string): Promise<boolean> {
    return this.#read(key) !== undefined;
  }

  async set(key: string, value: string, ttl?: number): Promise<boolean> {
    await this.setMany([{ key, value, ttl }]);
    return true;
  }

  /** All of them or, when one cannot be written, none. */
  async setMany(entries: KeyValueEntry[]): Promise<boolean[]> {
    await this.write({ set: entries, remove: [] });
    return entries.map(() => true);
  }

  /** Writes and removes in one transaction, committed when the call itself has returned. */
  async write({ set, remove }: { set: KeyValueEntry[]; remove: string[] }, survives = this.#survives): Promise<void> {
    const now = this.#now();
    this.version++;
    this.#file.transaction(() => {
      this.#statements.purge.afterWrite(now);
      for (const { key, value, ttl } of set) this.#statements.set.run(this.#space(), key, value, expiry(now, ttl));
      for (const key of remove) this.#statements.delete.run(this.#space(), key, now);
    });
    if (survives === 'power-cut') await this.#file.saved();
  }

  all(): NonNullable<Row>[] {
    return this.#statements.all.all(this.#space(), this.#now()) as NonNullable<Row>[];
  }

  async delete(key: string): Promise<boolean> {
    return this.deleteMany([key]);
  }

  /** All of them at once; true if there was any. */
  async deleteMany(keys: string[]): Promise<boolean> {
    this.version++;
    const removed = this.#file.transaction(() =>
      keys.reduce((sum, key) => sum + Number(this.#statements.delete.run(this.#space(), key, this.#now()).changes), 0),
    );
    if (this.#survives === 'power-cut') await this.#file.saved();
    return removed > 0;
  }

  async clear(): Promise<void> {
    this.version++;
    this.#file.transaction(() => this.#statements.clear.run(this.#space()));
    if (this.#survives === 'power-cut') await this.#file.saved();
  }

  /** Pages by key, so that writes and closing may happen between two steps. */
  async *iterator(namespace: string | undefined = this.namespace): AsyncGenerator<[string, string], void> {
    let last = '';
    for (;;) {
      const page = this.#statements.page.all(namespace ?? '', last, this.#now(), PAGE) as NonNullable<Row>[];
      for (const { key, value } of page) yield [key, value];
      const end = page.at(-1);
      if (!end || page.length < PAGE) return;
      last = end.key;
    }
  }

  #read(key: string): string | undefined {
    return (this.#statements.get.get(this.#space(), key, this.#now()) as Row)?.value;
  }

  #space(): string {
    return this.namespace ?? '';
  }
}

const prepare = (database: Preparing) => {
  const removeExpired = database.prepare(
    `DELETE FROM key_value WHERE (namespace, key) IN
     (SELECT namespace, key FROM key_value WHERE expires_at <= ? LIMIT ?)`,
  );
  return {
    get: database.prepare(`SELECT key, value FROM key_value WHERE namespace = ? AND key = ? AND ${LIVE}`),
    set: database.prepare(
      `INSERT INTO key_value (namespace, key, value, expires_at) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`,
    ),
    delete: database.prepare(`DELETE FROM key_value WHERE namespace = ? AND key = ? AND ${LIVE}`),
    clear: database.prepare('DELETE FROM key_value WHERE namespace = ?'),
    all: database.prepare(`SELECT key, value FROM key_value WHERE namespace = ? AND ${LIVE} ORDER BY key`),
    page: database.prepare(
      `SELECT key, value FROM key_value WHERE namespace = ? AND key > ? AND ${LIVE} ORDER BY key LIMIT ?`,
    ),
    // Of all namespaces, whichever of them is written to.
    purge: new Purge(PURGE_BATCH, (now, most) => Number(removeExpired.run(now, most).changes)),
  };
};
