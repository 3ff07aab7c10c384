/** How jobs get on, in Lua: what falls due, who is the front of a lane, what is forgotten. As `sqlite-jobs.ts` has it. */

export const LANES = `
local PROMOTED_AT_ONCE = 200
local PURGED_AT_ONCE = 100

local function goesBefore(one, other)
  local priority, others = tonumber(one.priority), tonumber(other.priority)
  if priority ~= others then return priority < others end
  return tonumber(one.place) < tonumber(other.place)
end

local function frontOf(q, lane)
  local id = redis.call('HGET', q.front, lane)
  return id and read(q, id)
end

local function firstQueued(q, lane)
  local prefix = measured(lane)
  local member = searched(q.queued, prefix, 1)[1]
  return member and read(q, idInTurn(string.sub(member, #prefix + 1)))
end

-- Makes the lane's first due job its front, unless a front that was started holds the place.
local function advance(q, lane)
  local front = frontOf(q, lane)
  if front and front.step ~= 'ready' then return end
  local first = firstQueued(q, lane)
  if not first then return end
  if front then
    if goesBefore(front, first) then return end
    change(q, front, { step = 'queued' })
  end
  change(q, first, { step = 'ready' })
end

-- Back into line, where its place is.
local function enqueue(q, row, place)
  change(q, row, { step = 'queued', dueAt = NONE, reason = NONE, place = place or row.place })
end

-- Moves what has fallen due to where it may be claimed; false when that was not all of it.
local function promote(q)
  local due = redis.call('ZRANGEBYSCORE', q.due, '-inf', q.now, 'LIMIT', 0, PROMOTED_AT_ONCE)
  local lanes = {}
  for _, stamped in ipairs(due) do
    local row = read(q, idIn(stamped))
    if row.step == 'held' then
      change(q, row, { step = 'returned', dueAt = NONE, reason = NONE })
    else
      -- What stepped aside keeps its old place, before all that came later.
      enqueue(q, row, row.step == 'scheduled' and nextOf(q, 'place') or row.place)
      lanes[row.lane] = true
    end
  end
  for lane in pairs(lanes) do advance(q, lane) end
  return #due < PROMOTED_AT_ONCE
end

local function isOver(q, row)
  return row.step == 'done' and tonumber(row.finishedAt) <= q.now - q.keepDone
end

local function purge(q)
  local over = redis.call('ZRANGEBYSCORE', q.finished, '-inf', q.now - q.keepDone, 'LIMIT', 0, PURGED_AT_ONCE)
  for _, stamped in ipairs(over) do forget(q, read(q, idIn(stamped))) end
end

-- Who has the better claim to be the front of a lane: what is active, then what was started, then what came first.
local function rank(row)
  if row.step == 'active' then return 0 end
  return row.step == 'ready' and 2 or 1
end

local function hasBetterClaim(one, other)
  if rank(one) ~= rank(other) then return rank(one) < rank(other) end
  return tonumber(one.place) < tonumber(other.place)
end
`;
