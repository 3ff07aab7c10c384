/** The embedded engine: a directory of SQLite files, or separate databases in memory. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SessionId } from '../ids.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import { Positions } from './positions.ts';
import type { Added, Database, Store, StoreTiming } from './store.ts';

export class EmbeddedStore implements Store {
  readonly instance: Database;
  readonly #directory: string;
  readonly #now: () => number;
  readonly #timing: StoreTiming | undefined;
  readonly #positions = new Positions();
  readonly #sessions = new Map<SessionId, SqliteDatabase>();
  readonly #followers = new Map<string, (added: Added) => void>();

  constructor(directory: string, now: () => number, timing?: StoreTiming) {
    this.#directory = directory;
    this.#now = now;
    this.#timing = timing;
    this.instance = new SqliteDatabase(this.#path('instance.sqlite'), now, { positions: this.#positions }, timing);
  }

  session(id: SessionId): Database {
    let database = this.#sessions.get(id);
    if (!database) {
      const appended = (ledger: string, position: number) => this.#followers.get(ledger)?.({ session: id, position });
      const ledgers = { positions: this.#positions, appended };
      database = new SqliteDatabase(this.#path(id, 'session.sqlite'), this.#now, ledgers, this.#timing);
      this.#sessions.set(id, database);
    }
    return database;
  }

  async closeSession(id: SessionId): Promise<void> {
    const database = this.#sessions.get(id);
    this.#sessions.delete(id);
    await database?.close();
  }

  async removeSession(id: SessionId): Promise<void> {
    await this.closeSession(id);
    if (this.#directory !== ':memory:') await rm(join(this.#directory, id), { recursive: true, force: true });
  }

  follow(ledger: string, heard: (added: Added) => void): () => void {
    this.#followers.set(ledger, heard);
    return () => void this.#followers.delete(ledger);
  }

  async position(): Promise<number> {
    return this.#positions.now(this.#now());
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((database) => database.close()));
    this.#sessions.clear();
    await this.instance.close();
  }

  #path(...names: string[]): string {
    return this.#directory === ':memory:' ? this.#directory : join(this.#directory, ...names);
  }
}
