/** A ledger on one SQLite table. */
import { MICROSECONDS, type Positions } from './positions.ts';
import { Purge } from './purge.ts';
import type { SqliteFile } from './sqlite-file.ts';
import type { Ledger, LedgerEntry, LedgerRange } from './store.ts';
import type { Preparing } from './sqlite-statement.ts';

const PURGE_BATCH = 200;

/** Where the ledgers of a database stand among all of the store. */
export interface LedgerPlace {
  positions: Positions;
  /** An entry was written. */
  appended?: (ledger: string, position: number) => void;
}

export class SqliteLedger implements Ledger {
  readonly #file: SqliteFile;
  readonly #name: string;
  readonly #keep: number;
  readonly #now: () => number;
  readonly #place: LedgerPlace;
  readonly #sql;
  readonly #purge: Purge;

  constructor(file: SqliteFile, name: string, keep: number, now: () => number, place: LedgerPlace) {
    this.#file = file;
    this.#name = name;
    this.#keep = keep;
    this.#now = now;
    this.#place = place;
    this.#sql = file.prepared(prepare);
    this.#purge = new Purge(PURGE_BATCH, (_at, limit) => this.#removeOld(limit));
  }

  async append(id: string, body: (entry: Omit<LedgerEntry, 'body'>) => string): Promise<LedgerEntry> {
    let isNew = false;
    const written = this.#file.transaction(() => {
      const last = this.#sql.last.get(this.#name) as LedgerEntry | undefined;
      const known = last?.id === id ? last : this.#find(id);
      if (known) return known;
      this.#sql.forget.run({ name: this.#name, id, oldest: this.#oldest() });
      this.#purge.afterWrite(this.#now());
      const position = this.#place.positions.next(this.#now(), last?.position ?? 0);
      const head = { sequence: (last?.sequence ?? 0) + 1, id, position };
      const entry = { ...head, body: body(head) };
      this.#sql.insert.run(this.#name, entry.sequence, entry.id, entry.position, entry.body);
      isNew = true;
      return entry;
    });
    if (isNew) this.#place.appended?.(this.#name, written.position);
    return written;
  }

  async get(id: string): Promise<LedgerEntry | undefined> {
    return this.#find(id);
  }

  #find(id: string): LedgerEntry | undefined {
    return this.#sql.byId.get(this.#name, id, this.#oldest()) as LedgerEntry | undefined;
  }

  async read(range: LedgerRange): Promise<LedgerEntry[]> {
    const { after = 0, before = Number.MAX_SAFE_INTEGER, limit, newestFirst = false } = range;
    const from = Math.max(after, this.#oldest());
    return this.#sql[newestFirst ? 'newest' : 'oldest'].all(
      this.#name,
      from,
      before,
      limit,
    ) as unknown as LedgerEntry[];
  }

  #removeOld(limit: number): number {
    return Number(this.#sql.purge.run({ name: this.#name, oldest: this.#oldest(), limit }).changes);
  }

  /** Entries at this position and before are over. */
  #oldest(): number {
    return (this.#now() - this.#keep) * MICROSECONDS;
  }
}

const prepare = (database: Preparing) => {
  const read = (order: string) =>
    database.prepare(
      `SELECT sequence, id, position, body FROM ledger
       WHERE name = ? AND position > ? AND position < ? ORDER BY position ${order} LIMIT ?`,
    );
  return {
    insert: database.prepare('INSERT INTO ledger (name, sequence, id, position, body) VALUES (?, ?, ?, ?, ?)'),
    byId: database.prepare(
      'SELECT sequence, id, position, body FROM ledger WHERE name = ? AND id = ? AND position > ?',
    ),
    last: database.prepare(
      'SELECT sequence, id, position, body FROM ledger WHERE name = ? ORDER BY sequence DESC LIMIT 1',
    ),
    oldest: read('ASC'),
    newest: read('DESC'),
    // It is never the last, which is looked at before.
    forget: database.prepare(`DELETE FROM ledger WHERE name = :name AND id = :id AND position <= :oldest`),
    // Never the last, which the count goes on from.
    purge: database.prepare(
      `DELETE FROM ledger WHERE name = :name
       AND sequence < (SELECT max(sequence) FROM ledger WHERE name = :name) AND sequence IN
       (SELECT sequence FROM ledger WHERE name = :name AND position <= :oldest ORDER BY position LIMIT :limit)`,
    ),
  };
};
