/** One SQLite file: opened, set up and migrated; and the one way to write to it, a transaction. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CannotStart } from '../errors.ts';
import { LogSync } from './log-sync.ts';
import { preparing, type Preparing } from './sqlite-statement.ts';
import { MIGRATIONS } from './schema.ts';
import type { StoreTiming } from './store.ts';

/** How long an open waits for another process to let go of the file, such as a predecessor that is still ending. */
const BUSY_TIMEOUT_MS = 1_000;

/** SQLite's result code for a file that another connection has locked. */
const SQLITE_BUSY = 5;

export class SqliteFile {
  readonly database: DatabaseSync;
  readonly #begin;
  readonly #commit;
  readonly #log: LogSync;
  readonly #prepared = new Map<unknown, unknown>();
  readonly #timing: StoreTiming | undefined;

  constructor(path: string, timing?: StoreTiming) {
    this.#timing = timing;
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      setUp(this.database);
    } catch (error) {
      this.database.close();
      throw explain(error);
    }
    this.#begin = this.database.prepare('BEGIN IMMEDIATE');
    this.#commit = this.database.prepare('COMMIT');
    this.#log = new LogSync(path === ':memory:' ? null : path, timing);
  }

  /**
   * Statements for all namespaces and queues of the file, each prepared once, when it is first needed: it costs some kilobytes,
   * in every session.
   */
  prepared<Statements>(prepare: (database: Preparing) => Statements): Statements {
    const made = (this.#prepared.get(prepare) as Statements | undefined) ?? prepare(preparing(this.database));
    this.#prepared.set(prepare, made);
    return made;
  }

  /** Runs `write` as a whole or not at all; it survives a crash of the process when this returns. Never nested. */
  transaction<T>(write: () => T): T {
    const began = performance.now();
    this.#begin.run();
    try {
      const result = write();
      this.#commit.run();
      this.#timing?.committed((performance.now() - began) / 1_000);
      return result;
    } catch (error) {
      // A full disk may have rolled back already, and a second rollback would hide what happened.
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      throw error;
    }
  }

  /** Leaves no copy of removed rows behind: the pages are overwritten already, the log of their changes is emptied. */
  scrub(): void {
    this.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  /** Resolves when all that was committed so far survives a power cut. */
  saved(): Promise<void> {
    return this.#log.saved();
  }

  async close(): Promise<void> {
    await this.#log.close();
    if (this.database.isOpen) this.database.close();
  }
}

function setUp(database: DatabaseSync): void {
  // EXCLUSIVE: a second runtime on the same directory would open the same WhatsApp accounts; it must not start.
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  // What is removed is overwritten: a wrapped key that stayed in a free page would undo crypto-shredding.
  database.exec('PRAGMA secure_delete = ON');
  // A page cache of 64 KiB in place of 2 MiB: there is one a session, and it stays full when that is at rest. What is not in it is
  // in the system's cache, which all sessions share.
  database.exec('PRAGMA journal_size_limit = 16777216; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -64;');
  migrate(database);
  // Commits wait for no disk; who has to waits for `saved`.
  database.exec('PRAGMA synchronous = NORMAL');
}

function migrate(database: DatabaseSync): void {
  const row = database.prepare('PRAGMA user_version').get();
  const version = Number(row?.user_version ?? 0);
  if (version > MIGRATIONS.length) {
    throw new CannotStart(`The store was written by a newer version of the runtime (schema ${version}).`);
  }
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN IMMEDIATE; ${migration} PRAGMA user_version = ${index + 1}; COMMIT;`);
  }
}

function explain(error: unknown): unknown {
  const busy = typeof error === 'object' && error !== null && 'errcode' in error && error.errcode === SQLITE_BUSY;
  if (!busy) return error;
  return new CannotStart('The store is in use by another process; stop that one or choose another SESSIONS_DIR.', {
    cause: error,
  });
}
