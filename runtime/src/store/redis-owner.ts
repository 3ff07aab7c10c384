/**
 * Whose Redis it is while one runtime works with it: two would open the same WhatsApp accounts. The holder renews what it
 * holds; it knows by its own clock when that has run out, whether Redis can be reached or not, and has to end then.
 */
import { CannotStart } from '../errors.ts';
import { sleepUnlessAborted } from '../time.ts';
import type { RedisConnection } from './redis-connection.ts';
import { functionLibrary } from './redis-functions.ts';
import { clusterKeys, RedisKeys, WORKER_LIFE_MS } from './redis-keys.ts';
import { isOver, thisProcess } from './same-machine.ts';

const HELD_MS = 15_000;
const RENEW_MS = 4_000;
/** It has ended before another can begin. */
const MARGIN_MS = 3_000;
const LOOK_MS = 500;

const LIBRARY = functionLibrary(
  'owner',
  `
-- A full Redis takes it: who holds it goes on holding it.
writes('hold', function(keys, args)
  local holder = redis.call('GET', keys[1])
  if holder and holder ~= args[1] then return 0 end
  redis.call('SET', keys[1], args[1], 'PX', args[2])
  return 1
end, { 'allow-oom' })

writes('release', function(keys, args)
  if redis.call('GET', keys[1]) == args[1] then redis.call('DEL', keys[1]) end
end, { 'allow-oom' })
`,
);

export class RedisOwner {
  readonly #connection: RedisConnection;
  readonly #keys: RedisKeys;
  readonly #beats: string;
  /** Its connection and its process, for who comes after. */
  readonly #token: string;
  readonly #stopping = new AbortController();
  #renewing: Promise<void> = Promise.resolve();
  /** On this process's monotonic clock. */
  #until = 0;
  #watchdog: NodeJS.Timeout | undefined;

  private constructor(connection: RedisConnection, prefix: string) {
    this.#connection = connection;
    this.#token = `${connection.name} ${thisProcess()}`;
    this.#keys = new RedisKeys(prefix, null);
    this.#beats = clusterKeys(prefix).beats;
  }

  /** Waits for a predecessor that is ending, or has died; `onLost` is told once when this process has to end. Throws `CannotStart`. */
  static async take(connection: RedisConnection, prefix: string, onLost: () => void): Promise<RedisOwner> {
    const owner = new RedisOwner(connection, prefix);
    const until = performance.now() + HELD_MS + MARGIN_MS;
    while (!(await owner.#hold(HELD_MS))) {
      if (performance.now() > until)
        throw new CannotStart('Another runtime works with this Redis; stop that one, or choose another REDIS_PREFIX.');
      if (!(await owner.#endDead())) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    if (await owner.#areWorkersThere()) {
      await owner.release();
      throw new CannotStart(
        'Workers share the sessions of this Redis. Stop them, set CLUSTER_URL to be one of them, or choose another REDIS_PREFIX.',
      );
    }
    owner.#renewing = owner.#renew(onLost);
    return owner;
  }

  /** Lets the next one begin at once. */
  async release(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#watchdog);
    await this.#renewing;
    // What cannot be given back runs out by itself.
    await this.#call('release', [this.#token], HELD_MS).catch(() => undefined);
  }

  async #renew(onLost: () => void): Promise<void> {
    const { signal } = this.#stopping;
    const lost = () => {
      this.#stopping.abort();
      onLost();
    };
    const watch = () => {
      clearTimeout(this.#watchdog);
      // Released while the answer was on its way.
      if (signal.aborted) return;
      this.#watchdog = setTimeout(lost, Math.max(0, this.#until - performance.now()));
    };
    watch();
    while (await sleepUnlessAborted(RENEW_MS, signal)) {
      const left = this.#until - performance.now();
      // The watchdog is next when there is none left; an outage is waited out until then.
      const holds = left > 0 && (await this.#hold(left).catch(() => null));
      if (signal.aborted) return;
      if (holds === false && left > 0) return lost();
      // One that began at the same moment may not have seen this one.
      if (holds && (await this.#areWorkersThere().catch(() => false))) return lost();
      if (holds) watch();
    }
  }

  /** Takes it from a holder that was killed on this machine, whose time has not run out; false when nothing says so for certain. */
  async #endDead(): Promise<boolean> {
    const holder = await this.#connection.command('GET', [this.#keys.holder]);
    if (typeof holder !== 'string') return true;
    const [connection = '', process = ''] = holder.split(' ');
    if (!isOver(process) || !(await this.#endConnection(connection).catch(() => false))) return false;
    await this.#call('release', [holder], HELD_MS);
    return true;
  }

  /** Nothing that was sent by this connection is done any more. False, or rejects, where Redis does not let it be known. */
  async #endConnection(name: string): Promise<boolean> {
    const list = String(await this.#connection.command('CLIENT', ['LIST'])).split('\n');
    const called = (wanted: string) => list.filter((line) => line.split(' ').includes(`name=${wanted}`));
    if (called(this.#connection.name).length === 0) return false;
    for (const line of called(name)) {
      const [, id = ''] = /^id=(\d+)/.exec(line) ?? [];
      await this.#connection.command('CLIENT', ['KILL', 'ID', id]);
    }
    return true;
  }

  /** Whether workers that share the sessions (`cluster/`) were heard of lately, by the clock of Redis. */
  async #areWorkersThere(): Promise<boolean> {
    const since = Math.floor((await this.#connection.time()) / 1_000) - WORKER_LIFE_MS;
    return Number(await this.#connection.command('ZCOUNT', [this.#beats, since, '+inf'])) > 0;
  }

  async #hold(within: number): Promise<boolean> {
    const asked = performance.now();
    const holds = (await this.#call('hold', [this.#token, HELD_MS], within)) === 1;
    if (holds) this.#until = asked + HELD_MS - MARGIN_MS;
    return holds;
  }

  async #call(name: string, args: (string | number)[], within: number): Promise<unknown> {
    const call = { library: LIBRARY, name, keys: [this.#keys.holder], args, owner: this.#keys.owner, generation: null };
    return await this.#connection.change(call, { within });
  }
}
