/** What a queue can be asked for, in Lua; `redis-jobs.ts` asks. */

/** Verbs that change nothing. */
export const READING = `
local STEPS = { 'scheduled', 'queued', 'ready', 'held', 'returned', 'aside', 'active', 'done', 'dead' }
local reading = {}

function reading.get(q, id)
  local row = read(q, id)
  return row and not isOver(q, row) and answer(q, row)
end

function reading.counts(q)
  local counts = {}
  for _, step in ipairs(STEPS) do
    table.insert(counts, step)
    table.insert(counts, counted(q.steps, among(q, step)))
  end
  return counts
end

-- Jobs in some steps by their sequence; the lane is one of all when it is given with a '=' before it.
function reading.page(q, order, limit, from, lane, ...)
  local stamps = {}
  for _, step in ipairs({ ... }) do
    local key, prefix = q.steps, among(q, step)
    if lane ~= '' then key, prefix = q.lanes, ofLane(string.sub(lane, 2), step) end
    local last = prefix .. (from == '' and PAST_ANY or padded(from))
    local found = order == 'oldest' and searched(key, prefix, limit)
      or redis.call('ZREVRANGEBYLEX', key, '(' .. last, '[' .. prefix, 'LIMIT', 0, limit)
    for _, member in ipairs(found) do table.insert(stamps, string.sub(member, #prefix + 1)) end
  end
  local function sequence(stamped) return tonumber(string.sub(stamped, 1, 16)) end
  table.sort(stamps, function(one, other)
    if order == 'oldest' then one, other = other, one end
    return sequence(one) > sequence(other)
  end)
  local jobs = {}
  for n = 1, math.min(#stamps, tonumber(limit)) do jobs[n] = answer(q, read(q, idIn(stamps[n]))) end
  return jobs
end

-- The fronts by step and reason: the first of each group is the one that was due first.
function reading.fronts(q)
  local groups, behind = {}, '-'
  while true do
    local member = redis.call('ZRANGEBYLEX', q.fronts, behind, '+', 'LIMIT', 0, 1)[1]
    if not member then return groups end
    local step, length = string.match(member, '^(%l+):([%d%-]+):')
    local reason = length ~= '-' and string.sub(member, #step + #length + 3, #step + #length + 2 + tonumber(length))
    local prefix = heldBy(step, reason)
    local first = read(q, idIn(string.sub(member, #prefix + 18)))
    table.insert(groups, { step, reason, counted(q.fronts, prefix), first.runAt })
    behind = '(' .. prefix .. PAST_ANY
  end
end
`;

/** Verbs of whoever uses a queue, which change something: safe to repeat. */
export const CHANGING = `
local changing = {}

local TOLD_OF_MOST = 200

-- What an asker was told of a change that cannot be told from the job itself when it asks again.
local function once(q, token, run)
  if redis.call('LPOS', q.told, token) then return 1 end
  if not run() then return 0 end
  redis.call('LPUSH', q.told, token)
  redis.call('LTRIM', q.told, 0, TOLD_OF_MOST - 1)
  return 1
end

function changing.add(q, id, data, lane, priority, runAt, attempts)
  local former = read(q, id)
  if former and not isOver(q, former) then return answer(q, former) end
  if former then forget(q, former) end
  purge(q)
  if runAt == '' then runAt = q.at end
  local isDue = tonumber(runAt) <= q.now
  -- What has fallen due meanwhile stands before what comes now, whoever looks first.
  if isDue and not promote(q) then return 'again' end
  local row = {
    id = id, lane = lane, step = isDue and 'queued' or 'scheduled', sequence = nextOf(q, 'sequence'), priority = priority,
    place = isDue and nextOf(q, 'place') or '0', runAt = runAt, dueAt = not isDue and runAt or nil, createdAt = q.at,
    attemptsMade = '0', attempts = attempts ~= '' and attempts or nil, started = '0',
  }
  redis.call('HSET', q.data, id, data)
  write(q, row)
  if isDue then advance(q, lane) end
  return answer(q, read(q, id))
end

-- Jobs of another engine as they stood there, each its row, its data and its note; one that is there stays.
function changing.restore(q, ...)
  local given = { ... }
  for at = 1, #given, 3 do
    local row, note = cjson.decode(given[at]), given[at + 2]
    if not read(q, row.id) then
      row.sequence = nextOf(q, 'sequence')
      local last = redis.call('HGET', q.meta, 'place')
      if not last or tonumber(row.place) > tonumber(last) then redis.call('HSET', q.meta, 'place', row.place) end
      redis.call('HSET', q.data, row.id, given[at + 1])
      if note ~= '' then redis.call('HSET', q.notes, row.id, note) end
      write(q, row)
    end
  end
end

function changing.remove(q, token, id)
  return once(q, token, function()
    local row = read(q, id)
    if not row or row.step == 'active' then return false end
    forget(q, row)
    advance(q, row.lane)
    return true
  end)
end

function changing.bury(q, token, id, reason)
  return once(q, token, function()
    local row = read(q, id)
    if not row or not IS_WAITING[row.step] then return false end
    change(q, row, { step = 'dead', dueAt = NONE, reason = reason, finishedAt = q.at })
    advance(q, row.lane)
    return true
  end)
end

function changing.redrive(q, token, id)
  return once(q, token, function()
    local row = read(q, id)
    if not row or row.step ~= 'dead' then return false end
    change(q, row, { step = 'queued', attemptsMade = '0', reason = NONE, finishedAt = NONE })
    advance(q, row.lane)
    return true
  end)
end

local function hasten(q, row)
  if tonumber(row.dueAt) > q.now then change(q, row, { dueAt = q.at }) end
end

local HASTENED_AT_ONCE = 200

-- Some of what is held for a reason, behind the one named; says where to go on.
function changing.hasten(q, reason, behind)
  local prefix = heldBy('held', reason)
  local from = behind == '' and '[' .. prefix or '(' .. behind
  local found = redis.call('ZRANGEBYLEX', q.fronts, from, '(' .. prefix .. PAST_ANY, 'LIMIT', 0, HASTENED_AT_ONCE)
  for _, member in ipairs(found) do hasten(q, read(q, idIn(string.sub(member, #prefix + 18)))) end
  return #found == HASTENED_AT_ONCE and found[#found]
end

-- What is held in a lane or stepped aside: for one of these reasons, or for any.
function changing.hastenLane(q, lane, any, ...)
  local isMeant = {}
  for _, reason in ipairs({ ... }) do isMeant[reason] = true end
  local prefix = ofLane(lane, 'aside')
  local rows = {}
  for _, member in ipairs(searched(q.lanes, prefix)) do
    table.insert(rows, read(q, idIn(string.sub(member, #prefix + 1))))
  end
  local front = frontOf(q, lane)
  if front and front.step == 'held' then table.insert(rows, front) end
  for _, row in ipairs(rows) do
    if any == '1' or isMeant[row.reason] then hasten(q, row) end
  end
end

-- A lane has one front: what was started first keeps the place, the other goes back into line.
function changing.join(q, from, into)
  local one, other = frontOf(q, from), frontOf(q, into)
  local first, second = one or other, one and other
  if second and hasBetterClaim(second, first) then first, second = second, first end
  if second and second.step == 'active' then
    return redis.error_reply('TWOACTIVE two lanes whose jobs are both active cannot be joined')
  end
  if second then enqueue(q, second) end
  for _, member in ipairs(searched(q.lanes, measured(from))) do
    local rest = string.sub(member, #measured(from) + 1)
    change(q, read(q, idIn(string.match(rest, '^%l+:(.*)$'))), { lane = into })
  end
  if not first or first.step == 'ready' then advance(q, into) end
end
`;
