/**
 * A ledger in Redis. Entries are kept by their sequence, which has no gap, and both their position and the time they are
 * reckoned from grow with it: so they are looked for by halves, and no index is kept. An entry's position is of the clock of
 * Redis at the moment it is written: of what several processes write, what is seen later has the greater one.
 */
import { MICROSECONDS } from './positions.ts';
import type { RedisAccess } from './redis-access.ts';
import { functionLibrary } from './redis-functions.ts';
import type { Added, Ledger, LedgerEntry, LedgerRange } from './store.ts';
import type { SessionId } from '../ids.ts';

export const LEDGER_LIBRARY = functionLibrary(
  'ledger',
  `
local PURGE_BATCH = 200

-- A row is its position, the time it is reckoned from, its id and its body, with bars between.
local function times(keys, sequence)
  local position, time, id = string.match(redis.call('HGET', keys[1], integer(sequence)), '^(%d+)|(%-?%d+)|([^|]*)|')
  return tonumber(position), tonumber(time), id
end

local function ends(keys)
  local found = redis.call('HMGET', keys[3], 'first', 'last', 'position', 'time')
  return tonumber(found[1] or 1), tonumber(found[2] or 0), tonumber(found[3] or 0), tonumber(found[4] or 0)
end

local function known(keys, id, oldest)
  local sequence = redis.call('HGET', keys[2], id)
  if not sequence then return end
  local row = redis.call('HGET', keys[1], sequence)
  if not row or tonumber(string.match(row, '^%d+|(%-?%d+)|')) <= oldest then return end
  return { sequence, row }
end

-- The last is never removed: it may be asked for.
local function purge(keys, first, last, oldest)
  local stop = math.min(last, first + PURGE_BATCH)
  while first < stop do
    local _, time, id = times(keys, first)
    if time > oldest then break end
    redis.call('HDEL', keys[1], integer(first))
    if redis.call('HGET', keys[2], id) == integer(first) then redis.call('HDEL', keys[2], id) end
    first = first + 1
  end
  redis.call('HSET', keys[3], 'first', integer(first))
end

-- Adds an entry when it would have the sequence that was expected; otherwise says which it would have.
writes('append', function(keys, args)
  local id, body, now, oldest, expected = args[1], args[2], tonumber(args[3]), tonumber(args[4]), tonumber(args[5])
  local found = known(keys, id, oldest)
  if found then return found end
  local first, last, position, time = ends(keys)
  if last + 1 ~= expected then return { integer(last), integer(position) , '' } end
  position, time = math.max(clock(), position + 1), math.max(now, time)
  local row = integer(position) .. '|' .. integer(time) .. '|' .. id .. '|' .. body
  local sequence = integer(expected)
  redis.call('HSET', keys[1], sequence, row)
  redis.call('HSET', keys[2], id, sequence)
  redis.call('HSET', keys[3], 'last', sequence, 'position', integer(position), 'time', integer(time))
  purge(keys, first, expected, oldest)
  -- With the entry or not at all, and in the order of the positions.
  if args[6] ~= '' then redis.call('PUBLISH', args[6], integer(position) .. ' ' .. args[7]) end
  return { sequence, row }
end)

-- Entries of another engine, in their order; one that is there stays.
writes('restore', function(keys, args)
  for at = 1, #args, 4 do
    local sequence, position, id, body = unpack(args, at, at + 3)
    redis.call('HSETNX', keys[1], sequence, position .. '|' .. position .. '|' .. id .. '|' .. body)
    redis.call('HSETNX', keys[2], id, sequence)
    redis.call('HSETNX', keys[3], 'first', sequence)
    redis.call('HSET', keys[3], 'last', sequence, 'position', position, 'time', position)
  end
end)

reads('get', function(keys, args) return known(keys, args[1], tonumber(args[2])) end)

-- The first sequence from here on that fits, when all behind it do.
local function search(from, behind, fits)
  while from < behind do
    local middle = math.floor((from + behind) / 2)
    if fits(middle) then behind = middle else from = middle + 1 end
  end
  return from
end

reads('read', function(keys, args)
  local after, before, oldest, limit = tonumber(args[1]), tonumber(args[2]), tonumber(args[3]), tonumber(args[4])
  local first, last = ends(keys)
  local from = search(first, last + 1, function(sequence)
    local position, time = times(keys, sequence)
    return position > after and time > oldest
  end)
  local behind = search(from, last + 1, function(sequence) return times(keys, sequence) >= before end)
  local found = {}
  local start, stop, step = from, math.min(behind, from + limit) - 1, 1
  if args[5] == '1' then start, stop, step = behind - 1, math.max(from, behind - limit), -1 end
  for sequence = start, stop, step do
    found[#found + 1] = integer(sequence)
    found[#found + 1] = redis.call('HGET', keys[1], integer(sequence))
  end
  return found
end)
`,
);

export class RedisLedger implements Ledger {
  readonly #access: RedisAccess;
  readonly #names: string[];
  readonly #keep: number;
  /** Where it is told of entries, and of whose. */
  readonly #told: readonly [channel: string, session: string];
  #last: { sequence: number; position: number } = { sequence: 0, position: 0 };
  #turn: Promise<unknown> = Promise.resolve();

  constructor(access: RedisAccess, name: string, keep: number) {
    this.#access = access;
    this.#names = (['rows', 'ids', 'ends'] as const).map((part) => access.keys.ledger(part, name));
    this.#keep = keep;
    const { session } = access.keys;
    this.#told = session === null ? ['', ''] : [access.keys.ledgerChannel(name), session];
  }

  append(id: string, body: (entry: Omit<LedgerEntry, 'body'>) => string): Promise<LedgerEntry> {
    // One after another: they stand in the order in which they were asked for.
    const appended = this.#turn.then(() => this.#append(id, body));
    this.#turn = appended.catch(() => undefined);
    return appended;
  }

  async #append(id: string, body: (entry: Omit<LedgerEntry, 'body'>) => string): Promise<LedgerEntry> {
    for (;;) {
      const now = this.#access.now() * MICROSECONDS;
      const { sequence, position } = this.#last;
      const head = { sequence: sequence + 1, id, position: Math.max(now, position + 1) };
      const args = [encodeURIComponent(id), body(head), now, this.#oldest(), head.sequence, ...this.#told];
      const [at, row, isBehind] = (await this.#access.write(LEDGER_LIBRARY, 'append', this.#names, args)) as [
        string,
        string,
        string?,
      ];
      if (isBehind !== undefined) {
        this.#last = { sequence: Number(at), position: Number(row) };
        continue;
      }
      const entry = toEntry(at, row);
      if (entry.sequence === head.sequence) this.#last = entry;
      return entry;
    }
  }

  async get(id: string): Promise<LedgerEntry | undefined> {
    const args = [encodeURIComponent(id), this.#oldest()];
    const found = (await this.#access.read({ library: LEDGER_LIBRARY, name: 'get', keys: this.#names, args })) as
      | [string, string]
      | null;
    return found ? toEntry(...found) : undefined;
  }

  async read(range: LedgerRange): Promise<LedgerEntry[]> {
    const { after = 0, before = Number.MAX_SAFE_INTEGER, limit, newestFirst = false } = range;
    const args = [after, before, this.#oldest(), limit, newestFirst ? '1' : '0'];
    const found = (await this.#access.read({
      library: LEDGER_LIBRARY,
      name: 'read',
      keys: this.#names,
      args,
    })) as string[];
    const entries: LedgerEntry[] = [];
    for (let at = 0; at < found.length; at += 2) entries.push(toEntry(found[at] ?? '', found[at + 1] ?? ''));
    return entries;
  }

  /** Entries reckoned from this time and before are over. */
  #oldest(): number {
    return (this.#access.now() - this.#keep) * MICROSECONDS;
  }
}

/** An entry as it is kept under its sequence. */
export function toEntry(sequence: string, row: string): LedgerEntry {
  const bars = [row.indexOf('|')];
  for (let bar = 0; bar < 2; bar++) bars.push(row.indexOf('|', (bars.at(-1) ?? 0) + 1));
  const [first, second, third] = bars as [number, number, number];
  return {
    sequence: Number(sequence),
    id: decodeURIComponent(row.slice(second + 1, third)),
    position: Number(row.slice(0, first)),
    body: row.slice(third + 1),
  };
}

/** What is told of an entry. */
export function addedFrom(message: string): Added {
  const space = message.indexOf(' ');
  return { position: Number(message.slice(0, space)), session: message.slice(space + 1) as SessionId };
}
