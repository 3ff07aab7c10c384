/** What the store needs of the Redis it is given, but for its version; from INFO alone, since hosted ones often forbid CONFIG. */
import { CannotStart } from '../errors.ts';
import type { RedisConnection } from './redis-connection.ts';

/** Throws `CannotStart` with what to set when this Redis would lose what it is given. */
export async function checkServer(connection: RedisConnection): Promise<void> {
  const info = await readInfo(connection);
  if (info.get('aof_enabled') !== '1')
    throw new CannotStart(
      'Redis would forget messages when it is restarted: set "appendonly yes" in its configuration (and "appendfsync always" to survive power cuts to the last message).',
    );
  if (info.get('maxmemory_policy') !== 'noeviction')
    throw new CannotStart(
      'Redis would throw messages away when its memory is full: set "maxmemory-policy noeviction" in its configuration.',
    );
}

async function readInfo(connection: RedisConnection): Promise<Map<string, string>> {
  const text = String(await connection.command('INFO', []));
  const pairs = text.split('\r\n').map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1)];
  });
  return new Map(pairs);
}

const SCRUB_MS = 120_000;
const LOOK_EVERY_MS = 100;
/** A host that does not let its log be rewritten on demand does it by itself in time. */
const FORBIDDEN = /^(NOPERM|ERR unknown command)/;

/**
 * Has Redis write its log anew, without what was removed or overwritten: what was asked for while that runs, begins another
 * afterwards. Rejects when it takes too long.
 */
export class LogRewrite {
  readonly #connection: RedisConnection;
  #running: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  run(): Promise<void> {
    this.#next ??= this.#rewrite();
    return this.#next;
  }

  async #rewrite(): Promise<void> {
    await this.#running?.catch(() => undefined);
    this.#running = this.#next;
    this.#next = null;
    const until = performance.now() + SCRUB_MS;
    // One that runs already may have begun before the removal.
    await this.#over(until);
    try {
      await this.#connection.command('BGREWRITEAOF', []);
    } catch (error) {
      if (error instanceof Error && FORBIDDEN.test(error.message)) return;
      throw error;
    }
    await this.#over(until);
  }

  async #over(until: number): Promise<void> {
    for (;;) {
      const info = await readInfo(this.#connection);
      const isRunning = ['aof_rewrite_in_progress', 'aof_rewrite_scheduled'].some((name) => info.get(name) === '1');
      if (!isRunning) return;
      if (performance.now() > until) throw new Error('Redis did not finish rewriting its log in time.');
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }
}
