/** The shared engine: all databases in one Redis, over one connection. */
import type { SessionId } from '../ids.ts';
import { RedisAccess } from './redis-access.ts';
import { RedisConnection, type RedisAddress } from './redis-connection.ts';
import { RedisDatabase } from './redis-database.ts';
import { functionLibrary } from './redis-functions.ts';
import { QUEUE_LIBRARY } from './redis-jobs-lua.ts';
import { ROWS_LIBRARY } from './redis-key-value.ts';
import { FENCE_OUTLIVES_MS, RedisKeys } from './redis-keys.ts';
import { addedFrom, LEDGER_LIBRARY } from './redis-ledger.ts';
import type { RedisOwner } from './redis-owner.ts';
import { checkServer, LogRewrite } from './redis-server-checks.ts';
import { RedisWakes } from './redis-wakes.ts';
import type { Added, Database, Store, StoreTiming } from './store.ts';

const LIBRARY = functionLibrary(
  'removal',
  `
-- A full Redis takes removals.
writes('drop', function(keys) redis.call('UNLINK', unpack(keys)) end, { 'allow-oom' })

-- Who owned what is removed now is not to write to it again.
writes('keep_fence', function(keys, args) redis.call('PEXPIRE', keys[1], args[1]) end, { 'allow-oom' })
`,
);
/** Keys looked at, and removed at most, in one step. */
const STEP = 500;

export interface RedisStoreOptions extends RedisAddress {
  /** Keeps several installations in one Redis apart. */
  prefix: string;
  now?: () => number;
  timing?: StoreTiming | undefined;
  /** As which owner of a session this process writes to it; null is not fenced, and the default. */
  generationOf?: (session: SessionId) => number | null;
}

export class RedisStore implements Store {
  readonly instance: Database;
  readonly connection: RedisConnection;
  readonly #options: RedisStoreOptions;
  readonly #rewrite: LogRewrite;
  readonly #wakes: RedisWakes;
  readonly #sessions = new Map<SessionId, RedisDatabase>();
  #owner: RedisOwner | undefined;

  private constructor(connection: RedisConnection, options: RedisStoreOptions) {
    this.connection = connection;
    this.#options = options;
    this.#rewrite = new LogRewrite(connection);
    this.#wakes = new RedisWakes(options.url);
    this.instance = this.#open(null);
  }

  /** Throws `CannotStart` when Redis cannot be reached, or does not keep what it is given. */
  static async open(options: RedisStoreOptions): Promise<RedisStore> {
    const libraries = [ROWS_LIBRARY, LEDGER_LIBRARY, QUEUE_LIBRARY, LIBRARY];
    const connection = await RedisConnection.open({ ...options, libraries });
    try {
      await checkServer(connection);
    } catch (error) {
      await connection.close();
      throw error;
    }
    return new RedisStore(connection, options);
  }

  session(id: SessionId): Database {
    const database = this.#sessions.get(id) ?? this.#open(id);
    this.#sessions.set(id, database);
    return database;
  }

  async closeSession(id: SessionId): Promise<void> {
    const database = this.#sessions.get(id);
    this.#sessions.delete(id);
    await database?.close();
  }

  async removeSession(id: SessionId): Promise<void> {
    await this.closeSession(id);
    await this.#removeKeys(id);
    const { owner } = new RedisKeys(this.#options.prefix, id);
    const fence = { library: LIBRARY, name: 'keep_fence', keys: [owner], args: [FENCE_OUTLIVES_MS] };
    await this.connection.change({ ...fence, owner, generation: this.#generation(id) });
  }

  /** All but who owns it. */
  async #removeKeys(session: SessionId | null): Promise<void> {
    const { pattern, owner, holder } = new RedisKeys(this.#options.prefix, session);
    const generation = session === null ? null : this.#generation(session);
    let cursor = '0';
    do {
      const args = [cursor, 'MATCH', pattern, 'COUNT', STEP];
      const [next, found] = (await this.connection.command('SCAN', args)) as [string, string[]];
      const keys = found.filter((key) => key !== owner && key !== holder);
      const drop = { library: LIBRARY, name: 'drop', keys, args: [], owner, generation };
      if (keys.length > 0) await this.connection.change(drop);
      cursor = next;
    } while (cursor !== '0');
  }

  follow(ledger: string, heard: (added: Added | null) => void): () => void {
    const channel = new RedisKeys(this.#options.prefix, null).ledgerChannel(ledger);
    this.#wakes.listen(channel, (message) => heard(message === null ? null : addedFrom(message)));
    return () => this.#wakes.forget(channel);
  }

  async position(): Promise<number> {
    return await this.connection.time();
  }

  /** Given back when it closes. */
  heldBy(owner: RedisOwner): void {
    this.#owner = owner;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values(), this.instance].map((database) => database.close()));
    this.#sessions.clear();
    this.#wakes.close();
    await this.#owner?.release();
    await this.connection.close();
  }

  #open(session: SessionId | null): RedisDatabase {
    const { prefix, now = () => Date.now(), timing } = this.#options;
    const access = new RedisAccess({
      connection: this.connection,
      keys: new RedisKeys(prefix, session),
      generation: () => (session === null ? null : this.#generation(session)),
      ...{ now, timing },
    });
    return new RedisDatabase(access, {
      wakes: session === null ? this.#wakes : undefined,
      scrub: () => this.#rewrite.run(),
      erase: () => this.#removeKeys(session),
    });
  }

  #generation(session: SessionId): number | null {
    return this.#options.generationOf?.(session) ?? null;
  }
}
