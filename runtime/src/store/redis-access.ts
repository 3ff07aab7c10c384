/** The way to one database in Redis: its names, its clock, and its changes as those of its present owner. */
import type { Change, FunctionCall, RedisConnection } from './redis-connection.ts';
import type { FunctionLibrary } from './redis-functions.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { ServerRun } from './server-run.ts';
import type { StoreTiming } from './store.ts';

export interface RedisAccessOptions {
  connection: RedisConnection;
  keys: RedisKeys;
  now: () => number;
  /** As whose owner it is changed; null is not fenced. Asked each time. */
  generation: () => number | null;
  timing?: StoreTiming | undefined;
}

type Arguments = readonly (string | number)[];

export class RedisAccess {
  readonly keys: RedisKeys;
  readonly now: () => number;
  /** As whose owner it is changed. */
  readonly generation: () => number | null;
  readonly #options: RedisAccessOptions;
  #isClosed = false;

  constructor(options: RedisAccessOptions) {
    this.#options = options;
    this.keys = options.keys;
    this.now = options.now;
    this.generation = options.generation;
  }

  get server(): ServerRun {
    return this.#options.connection.server;
  }

  /** One command that changes nothing. */
  async command(name: string, args: Arguments): Promise<unknown> {
    return await this.#connection().command(name, args);
  }

  async read(call: FunctionCall): Promise<unknown> {
    return await this.#connection().read(call);
  }

  async change(change: Change): Promise<unknown> {
    const began = performance.now();
    const answer = await this.#connection().change(change);
    this.#options.timing?.committed((performance.now() - began) / 1_000);
    return answer;
  }

  /** Calls a function that must come to the same when it runs twice. Throws `not_owner` when there is a later owner. */
  async write(library: FunctionLibrary, name: string, keys: readonly string[], args: Arguments): Promise<unknown> {
    return await this.change({ library, name, keys, args, owner: this.keys.owner, generation: this.generation() });
  }

  /** Nothing is read or changed by this way any more. */
  close(): void {
    this.#isClosed = true;
  }

  #connection(): RedisConnection {
    if (this.#isClosed) throw new Error('This database is closed.');
    return this.#options.connection;
  }
}
