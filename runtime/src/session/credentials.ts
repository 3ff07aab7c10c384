/** A session's credentials: opened, and destroyed so that nothing can bring them back. */
import type { Database } from '../store/store.ts';
import { clearAuthState, openAuthState, type AuthState } from './auth-state.ts';
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

  /**
   * Saves the record, and with it whatever was changed in it, without the data key; then removes what that key sealed. A
   * crash in between leaves rows nobody can read, and the next `open` removes them.
   */
  async destroy(): Promise<void> {
    await this.#vault.destroyKey(this.#record);
    await clearAuthState(this.#database());
  }
}
