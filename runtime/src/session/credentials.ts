/** A session's credentials: opened, and destroyed so that nothing can bring them back. */
import { RuntimeError } from '../errors.ts';
import type { Database } from '../store/store.ts';
import { clearAuthState, exportAuthState, importAuthState, openAuthState, type AuthState } from './auth-state.ts';
import type { SessionRecord, Vault } from './vault.ts';

export class Credentials {
  readonly #record: SessionRecord;
  readonly #vault: Vault;
  readonly #database: () => Database;

  constructor(record: SessionRecord, vault: Vault, database: () => Database) {
    this.#record = record;
    this.#vault = vault;
    this.#database = database;
  }

  /** Opens them, new and without an account when there are none. Throws when what is kept cannot be read. */
  async open(): Promise<AuthState> {
    const { sessionId } = this.#record;
    if (this.#record.sealedKey === null) {
      // What the last account left, sealed with a key that is gone, is not to be taken for the next one's.
      await clearAuthState(this.#database());
      await this.#database().keyValue('journal').clear();
      this.#record.sealedKey = this.#vault.newKey(sessionId);
      await this.#vault.save(this.#record);
    }
    return await openAuthState(this.#database(), this.#vault.sealOf(sessionId, this.#record.sealedKey), sessionId);
  }

  /** All of them in clear, by name. Throws `session_not_linked` when there is no account. */
  async export(): Promise<[string, string][]> {
    const { sessionId, sealedKey, account } = this.#record;
    if (sealedKey === null || account === null) throw new RuntimeError('session_not_linked');
    return await exportAuthState(this.#database(), this.#vault.sealOf(sessionId, sealedKey), sessionId);
  }

  /** Puts there what `export` gave, sealed with a data key of its own; the record is not saved. */
  async import(keys: readonly [string, string][]): Promise<void> {
    const { sessionId } = this.#record;
    this.#record.sealedKey = this.#vault.newKey(sessionId);
    await importAuthState(this.#database(), this.#vault.sealOf(sessionId, this.#record.sealedKey), sessionId, keys);
  }

  /**
   * Saves the record, and with it whatever was changed in it, without the data key; then removes what that key sealed. A
   * crash in between leaves rows nobody can read, and the next `open` removes them.
   */
  async destroy(): Promise<void> {
    await this.#vault.destroyKey(this.#record);
    await clearAuthState(this.#database());
  }
}
