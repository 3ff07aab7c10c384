/**
 * What Redis itself runs for a queue, one function a call, so that a call happens wholly or not at all. Here is how a job is
 * kept and found again; `redis-jobs-lua-lanes.ts` has how jobs get on, `-verbs.ts` and `-runs.ts` what can be asked for.
 *
 * The numbers of a row are texts, for Lua would round long ones; `data` and `note` are kept apart and never looked into. A
 * queue has the same few keys however many jobs and lanes it has: its indexes are sorted sets of score 0, whose members are
 * in the order of their bytes, and what is searched for is the beginning of a member.
 */
import { functionLibrary } from './redis-functions.ts';
import { LANES } from './redis-jobs-lua-lanes.ts';
import { RUNS } from './redis-jobs-lua-runs.ts';
import { CHANGING, READING } from './redis-jobs-lua-verbs.ts';

const ROWS = `
local PAST_ANY = '\\255'

local function padded(number) return string.format('%016.0f', tonumber(number)) end

-- A number as a text that sorts as the number does, also below zero.
local function ordered(number)
  number = tonumber(number)
  if number < 0 then return '0' .. padded(9007199254740992 + number) end
  return '1' .. padded(number)
end

-- Said with its length, so that no text begins with another.
local function measured(text) return #text .. ':' .. text .. ':' end

local function because(reason) return reason and measured(reason) or '-:' end

local function stamp(row) return padded(row.sequence) .. ':' .. row.id end

local function idIn(stamped) return string.sub(stamped, 18) end

local function turn(row) return ordered(row.priority) .. padded(row.place) .. ':' .. row.id end

local function idInTurn(member) return string.sub(member, 35) end

local IS_FRONT = { ready = true, active = true, held = true, returned = true }
local IS_WAITING = { scheduled = true, queued = true, ready = true, held = true, returned = true, aside = true }

local function among(q, step, row) return 'step:' .. step .. ':' .. (row and stamp(row) or '') end

local function ofLane(lane, step, row) return measured(lane) .. step .. ':' .. (row and stamp(row) or '') end

local function heldBy(step, reason) return step .. ':' .. because(reason) end

local function read(q, id)
  local text = redis.call('HGET', q.rows, id)
  return text and cjson.decode(text)
end

local function searched(key, prefix, count)
  return redis.call('ZRANGEBYLEX', key, '[' .. prefix, '(' .. prefix .. PAST_ANY, 'LIMIT', 0, count or -1)
end

local function counted(key, prefix)
  return redis.call('ZLEXCOUNT', key, '[' .. prefix, '(' .. prefix .. PAST_ANY)
end

-- Takes a row out of the indexes that name its step; it is in the same ones as index puts it into.
local function unindex(q, row)
  redis.call('ZREM', q.steps, among(q, row.step, row))
  redis.call('ZREM', q.lanes, ofLane(row.lane, row.step, row))
  if row.dueAt then redis.call('ZREM', q.due, stamp(row)) end
  if row.step == 'queued' then redis.call('ZREM', q.queued, measured(row.lane) .. turn(row)) end
  if row.step == 'ready' or row.step == 'returned' then redis.call('ZREM', q.ready, turn(row)) end
  if row.step == 'done' then redis.call('ZREM', q.finished, stamp(row)) end
  if IS_FRONT[row.step] then redis.call('HDEL', q.front, row.lane) end
  if IS_FRONT[row.step] or row.step == 'aside' then
    redis.call('ZREM', q.fronts, heldBy(row.step, row.reason) .. ordered(row.runAt) .. stamp(row))
  end
end

local function index(q, row)
  redis.call('ZADD', q.steps, 0, among(q, row.step, row))
  redis.call('ZADD', q.lanes, 0, ofLane(row.lane, row.step, row))
  if row.dueAt then redis.call('ZADD', q.due, row.dueAt, stamp(row)) end
  if row.step == 'queued' then redis.call('ZADD', q.queued, 0, measured(row.lane) .. turn(row)) end
  if row.step == 'ready' or row.step == 'returned' then redis.call('ZADD', q.ready, 0, turn(row)) end
  if row.step == 'done' then redis.call('ZADD', q.finished, row.finishedAt, stamp(row)) end
  if IS_FRONT[row.step] then redis.call('HSET', q.front, row.lane, row.id) end
  if IS_FRONT[row.step] or row.step == 'aside' then
    redis.call('ZADD', q.fronts, 0, heldBy(row.step, row.reason) .. ordered(row.runAt) .. stamp(row))
  end
end

local NONE = {}

local function write(q, row)
  index(q, row)
  redis.call('HSET', q.rows, row.id, cjson.encode(row))
end

-- Every change of a row: what is NONE is taken out of it.
local function change(q, row, changes)
  unindex(q, row)
  for field, value in pairs(changes) do
    if value == NONE then row[field] = nil else row[field] = value end
  end
  write(q, row)
end

local function forget(q, row)
  unindex(q, row)
  for _, key in ipairs({ q.rows, q.data, q.notes }) do redis.call('HDEL', key, row.id) end
end

local function answer(q, row)
  return { cjson.encode(row), redis.call('HGET', q.data, row.id), redis.call('HGET', q.notes, row.id) }
end

local function nextOf(q, field) return integer(redis.call('HINCRBY', q.meta, field, 1)) end
`;

/** Lua has no loops while a library is loaded. */
function registered(as: 'reads' | 'writes', lua: string, how: (run: string) => string): string {
  const functions = [...lua.matchAll(/^function (\w+\.(\w+))\(/gm)];
  return functions.map(([, run = '', verb]) => `${as}('${verb}', onQueue(${how(run)}))`).join('\n');
}

const REGISTERED = `
local KEYS_OF_A_QUEUE = { 'meta', 'rows', 'data', 'notes', 'steps', 'lanes', 'due', 'queued', 'ready', 'front', 'fronts', 'finished', 'told' }

-- Each is called with a queue's name and the time; the keys are made here of the name, in whose slot they all are. What is
-- news to a runner elsewhere is told there.
local function onQueue(run, isNews)
  return function(keys, args)
    local q = { at = args[1], now = tonumber(args[1]), keepDone = tonumber(args[2]) }
    for _, name in ipairs(KEYS_OF_A_QUEUE) do q[name] = keys[1] .. ':' .. name end
    local answer = run(q, unpack(args, 4))
    if isNews and args[3] ~= '' then redis.call('PUBLISH', args[3], '') end
    return answer
  end
end

${registered('reads', READING, (run) => run)}
${registered('writes', CHANGING, (run) => `${run}, true`)}
${registered('writes', RUNS, (run) => run)}
`;

/**
 * Its functions are called with the first part of the queue's keys, and with the time, how long done jobs are kept, where
 * news is told or nothing, and what the verb takes.
 */
export const QUEUE_LIBRARY = functionLibrary('queue', [ROWS, LANES, READING, CHANGING, RUNS, REGISTERED].join(''));
