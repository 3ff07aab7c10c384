/**
 * A Keyv storage adapter on one hash of Redis. Expiry is absolute and kept with the value, by the clock of the runtime;
 * expired rows are invisible at once and removed a few at a time by later writes to the database.
 */
import { EventEmitter } from 'node:events';
import type { RedisAccess } from './redis-access.ts';
import { functionLibrary } from './redis-functions.ts';
import { expiry, type KeyValueEntry } from './rows.ts';

const PAGE = 200;

export const ROWS_LIBRARY = functionLibrary(
  'rows',
  `
local PURGE_BATCH = 200

-- A row is when it expires, ms since 1970 or nothing, a bar, and its value.
local function isOver(row, now)
  local expires = string.match(row, '^%-?(%d*)|')
  return expires ~= '' and tonumber(expires) <= now
end

-- Names a row among those of all namespaces that expire.
local function named(namespace, key) return #namespace .. ':' .. namespace .. key end

local function parts(name)
  local colon = string.find(name, ':', 1, true)
  local stop = colon + tonumber(string.sub(name, 1, colon - 1))
  return string.sub(name, colon + 1, stop), string.sub(name, stop + 1)
end

-- A row that was written anew since may have another expiry, or none.
local function purge(base, expiries, now)
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', expiries, '-inf', integer(now), 'LIMIT', 0, PURGE_BATCH)) do
    local namespace, key = parts(name)
    local row = redis.call('HGET', base .. namespace, key)
    if row and isOver(row, now) then redis.call('HDEL', base .. namespace, key) end
    redis.call('ZREM', expiries, name)
  end
end

-- What every change has: the keys of the rows, of what expires and of the versions; the beginning of the names of rows,
-- the namespace and the time.
local function begun(keys, args)
  local c = { rows = keys[1], expiries = keys[2], versions = keys[3], base = args[1], namespace = args[2] }
  c.now = tonumber(args[3])
  purge(c.base, c.expiries, c.now)
  redis.call('HINCRBY', c.versions, c.namespace, 1)
  return c
end

local function remove(c, key)
  local row = redis.call('HGET', c.rows, key)
  if not row then return 0 end
  redis.call('HDEL', c.rows, key)
  redis.call('ZREM', c.expiries, named(c.namespace, key))
  return isOver(row, c.now) and 0 or 1
end

-- Sets so many rows, each a key, an expiry and a value, and removes the keys behind them.
writes('write', function(keys, args)
  local c = begun(keys, args)
  local stop = 4 + 3 * tonumber(args[4])
  for at = 5, stop, 3 do
    local key, expires, value = args[at], args[at + 1], args[at + 2]
    if expires ~= '' and tonumber(expires) <= c.now then
      remove(c, key)
    else
      redis.call('HSET', c.rows, key, expires .. '|' .. value)
      if expires ~= '' then redis.call('ZADD', c.expiries, expires, named(c.namespace, key)) end
    end
  end
  local removed = 0
  for at = stop + 1, #args do removed = removed + remove(c, args[at]) end
  return removed
end)

writes('clear', function(keys, args) redis.call('UNLINK', begun(keys, args).rows) end)
`,
);

export class RedisKeyValue extends EventEmitter {
  /** Keyv knows by this that it may iterate. */
  readonly opts = { dialect: 'redis' };
  namespace: string | undefined;
  readonly #access: RedisAccess;

  constructor(access: RedisAccess, namespace: string | undefined) {
    super();
    this.#access = access;
    this.namespace = namespace;
  }

  async get(key: string): Promise<string | undefined> {
    return (await this.getMany([key]))[0];
  }

  async getMany(keys: string[]): Promise<(string | undefined)[]> {
    if (keys.length === 0) return [];
    const now = this.#access.now();
    const rows = (await this.#access.command('HMGET', [this.#rows(), ...keys])) as (string | null)[];
    return rows.map((row) => (row === null ? undefined : liveValue(row, now)));
  }

  async has(key: string): Promise<boolean> {
    return (await this.get(key)) !== undefined;
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

  /** Writes and removes at once; returns how many there were of what was removed. */
  async write({ set, remove }: { set: KeyValueEntry[]; remove: string[] }): Promise<number> {
    const now = this.#access.now();
    const rows = set.flatMap(({ key, value, ttl }) => [key, expiry(now, ttl) ?? '', value]);
    return (await this.#change('write', now, [set.length, ...rows, ...remove])) as number;
  }

  /** All rows, as they were at one moment. */
  async all(): Promise<{ key: string; value: string }[]> {
    const now = this.#access.now();
    const found = (await this.#access.command('HGETALL', [this.#rows()])) as string[];
    const rows: { key: string; value: string }[] = [];
    for (let at = 0; at < found.length; at += 2) {
      const value = liveValue(found[at + 1] ?? '', now);
      if (value !== undefined) rows.push({ key: found[at] ?? '', value });
    }
    return rows.sort((one, other) => (one.key < other.key ? -1 : 1));
  }

  async delete(key: string): Promise<boolean> {
    return this.deleteMany([key]);
  }

  /** All of them at once; true if there was any. */
  async deleteMany(keys: string[]): Promise<boolean> {
    return (await this.write({ set: [], remove: keys })) > 0;
  }

  async clear(): Promise<void> {
    await this.#change('clear', this.#access.now(), []);
  }

  /** Those that were there when it began and still are when their page is read. */
  async *iterator(namespace: string | undefined = this.namespace): AsyncGenerator<[string, string], void> {
    const rows = this.#access.keys.rows(namespace ?? '');
    const keys = ((await this.#access.command('HKEYS', [rows])) as string[]).sort();
    for (let at = 0; at < keys.length; at += PAGE) {
      const page = keys.slice(at, at + PAGE);
      const now = this.#access.now();
      const found = (await this.#access.command('HMGET', [rows, ...page])) as (string | null)[];
      for (const [index, row] of found.entries()) {
        const value = row === null ? undefined : liveValue(row, now);
        if (value !== undefined) yield [page[index] ?? '', value];
      }
    }
  }

  async #change(name: string, now: number, args: (string | number)[]): Promise<unknown> {
    const { keys } = this.#access;
    const names = [this.#rows(), keys.expiries, keys.versions];
    return await this.#access.write(ROWS_LIBRARY, name, names, [keys.rows(''), this.namespace ?? '', now, ...args]);
  }

  #rows(): string {
    return this.#access.keys.rows(this.namespace ?? '');
  }
}

function liveValue(row: string, now: number): string | undefined {
  const bar = row.indexOf('|');
  const isOver = bar > 0 && Number(row.slice(0, bar)) <= now;
  return isOver ? undefined : row.slice(bar + 1);
}
