/** What the runner of a queue asks for, in Lua: the next job, and what became of it. */

/** Safe to repeat, and of no effect for who has lost the job to somebody else. */
export const RUNS = `
local running = {}

local function superseded() return redis.error_reply('SUPERSEDED another process works on this queue') end

-- Whoever processes a queue begins with it: what the last one had in hand goes back to the front of its lane. It does so again
-- when Redis may have forgotten something, and says how many claims it has settled by then: none of those is in hand.
function running.recover(q, epoch, settled)
  local present, last = unpack(redis.call('HMGET', q.meta, 'epoch', 'claims'))
  if settled == '' then
    if present == epoch then return end
    settled, last = '0', '0'
  elseif present and present > epoch then
    return superseded()
  end
  if present ~= epoch or tonumber(last) < tonumber(settled) then
    redis.call('HSET', q.meta, 'epoch', epoch, 'claims', settled)
  end
  local prefix = among(q, 'active')
  for _, member in ipairs(searched(q.steps, prefix)) do
    local row = read(q, idIn(string.sub(member, #prefix + 1)))
    local by, number = string.match(row.claim or '', '^(.*):(%d+)$')
    if by ~= epoch or tonumber(number) <= tonumber(settled) then change(q, row, { step = 'returned', claim = NONE }) end
  end
end

-- Claims are numbered: the same number again is the answer that was lost, a lower one comes too late.
function running.claim(q, epoch, number)
  local present, last, lastId = unpack(redis.call('HMGET', q.meta, 'epoch', 'claims', 'claimed'))
  if present ~= epoch or tonumber(number) < tonumber(last) then return superseded() end
  local claim = epoch .. ':' .. number
  if number == last then
    local row = lastId and read(q, lastId)
    return row and row.step == 'active' and row.claim == claim and answer(q, row) or 'spent'
  end
  if not promote(q) then return 'again' end
  local first = redis.call('ZRANGE', q.ready, 0, 0)[1]
  if not first then return { redis.call('ZRANGE', q.due, 0, 0, 'WITHSCORES')[2] or false } end
  local row = read(q, idInTurn(first))
  redis.call('HSET', q.meta, 'claims', number, 'claimed', row.id)
  change(q, row, { step = 'active', claim = claim, started = integer(row.started + 1) })
  return answer(q, row)
end

-- The job somebody claimed, or what became of the claim: 'repeated' when this was answered before, 'late' when it is over.
local function inHand(q, id, claim)
  local row = read(q, id)
  if not row or row.claim ~= claim then return nil, 'late' end
  if row.step ~= 'active' then return nil, 'repeated' end
  return row
end

local function noted(q, id, note)
  if note ~= '' then redis.call('HSET', q.notes, id, note) end
end

function running.finish(q, id, claim, step, attemptsMade, reason, note)
  local row, refused = inHand(q, id, claim)
  if not row then return refused end
  noted(q, id, note)
  change(q, row, { step = step, attemptsMade = attemptsMade, finishedAt = q.at, reason = step == 'dead' and reason or NONE })
  purge(q)
  advance(q, row.lane)
  return 'applied'
end

function running.hold(q, id, claim, step, dueAt, attemptsMade, reason, note)
  local row, refused = inHand(q, id, claim)
  if not row then return refused end
  noted(q, id, note)
  change(q, row, { step = step, dueAt = dueAt, attemptsMade = attemptsMade, reason = reason })
  if step == 'aside' then advance(q, row.lane) end
  return 'applied'
end

function running.release(q, id, claim, unstarted)
  local row, refused = inHand(q, id, claim)
  if not row then return refused end
  change(q, row, { step = 'returned', started = integer(row.started - unstarted) })
  return 'applied'
end
`;
