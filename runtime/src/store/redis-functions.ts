/**
 * What Redis runs itself, as libraries of Redis Functions. A library's name carries a hash of its code, so that processes of
 * two versions share a Redis while one takes the place of the other.
 */
import { createHash } from 'node:crypto';
import { CannotStart } from '../errors.ts';

const OLDEST_VERSION = 7;

/** Throws `CannotStart` when a Redis of which this is the INFO has no functions yet. */
export function checkVersion(info: string): void {
  const version = /^redis_version:(\S+)/m.exec(info)?.[1] ?? 'unknown';
  if (Number.parseInt(version, 10) >= OLDEST_VERSION) return;
  throw new CannotStart(`Redis ${OLDEST_VERSION}.0 or newer is needed, REDIS_URL leads to ${version}.`);
}

export interface FunctionLibrary {
  readonly name: string;
  readonly code: string;
}

/**
 * What every library begins with. A function that `writes` is called with the owner's key before its own keys and with the
 * time until which it may begin and the caller's generation before its own arguments: who was told that a command failed must
 * not see it done later, and who is no longer the owner must change nothing.
 */
const BEGINNING = `
-- As text; Lua would write a long number with an exponent.
local function integer(number) return string.format('%.0f', number) end

-- Microseconds since 1970, on this server's clock.
local function clock()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end

local function refused(owner, deadline, generation)
  if clock() > tonumber(deadline) * 1000 then return redis.error_reply('LATE the caller does not wait any more') end
  if generation ~= '' then
    local present = redis.call('HGET', owner, 'generation')
    if present and tonumber(present) > tonumber(generation) then
      return redis.error_reply('FENCED another process owns this now')
    end
  end
end

local function writes(name, run, flags)
  redis.register_function({ function_name = LIBRARY .. '_' .. name, flags = flags or {}, callback = function(keys, args)
    local refusal = refused(keys[1], args[1], args[2])
    if refusal then return refusal end
    table.remove(keys, 1)
    table.remove(args, 1)
    table.remove(args, 1)
    return run(keys, args)
  end })
end

local function reads(name, run)
  redis.register_function({ function_name = LIBRARY .. '_' .. name, flags = { 'no-writes' }, callback = run })
end
`;

/** A library of functions that are registered with `writes` and `reads`. */
export function functionLibrary(subject: string, lua: string): FunctionLibrary {
  const hash = createHash('sha256').update(BEGINNING).update(lua).digest('hex').slice(0, 16);
  const name = `wa_${subject}_${hash}`;
  return { name, code: `#!lua name=${name}\nlocal LIBRARY = '${name}'\n${BEGINNING}${lua}` };
}
