/**
 * What is kept in Redis, per user a hash: field `gen` changes with every invalidation of the user; the other fields hold a token
 * each as `<start> <usable until> <name of its identity> <sealed token>`, times in milliseconds, where start is Redis's time when
 * the call that made it began. `gone:<name>` and `epoch` hold the time when an identity, or everything, was invalidated. A token whose call began at
 * that time or before is void, however late it arrives.
 */

const time = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
`;

const voided = `
local function isVoid(start, identity)
  local epoch = tonumber(redis.call('GET', KEYS[2]) or '0')
  local gone = tonumber(redis.call('GET', KEYS[3] .. identity) or '0')
  return math.max(epoch, gone) >= start
end
`;

/**
 * KEYS: user's hash, epoch, prefix of gone, lease. ARGV: field, replica, milliseconds of the lease.
 * Answers now, gen, the sealed token or '', and 1 when this process is the one to make a new one.
 */
export const findScript = `${time}${voided}
local gen = redis.call('HGET', KEYS[1], 'gen') or ''
local value = redis.call('HGET', KEYS[1], ARGV[1])
if value then
  local start, till, identity, sealed = string.match(value, '^(%d+) (%d+) (%S+) (%S+)$')
  if start and tonumber(till) > now and not isVoid(tonumber(start), identity) then return { now, gen, sealed, 0 } end
  redis.call('HDEL', KEYS[1], ARGV[1])
end
local lead = redis.call('SET', KEYS[4], ARGV[2], 'NX', 'PX', ARGV[3])
return { now, gen, '', lead and 1 or 0 }
`;

/** KEYS as above. ARGV: field, replica, gen, start, usable until, name of the identity, sealed token. */
export const keepScript = `${time}${voided}
if redis.call('GET', KEYS[4]) == ARGV[2] then redis.call('DEL', KEYS[4]) end
if (redis.call('HGET', KEYS[1], 'gen') or '') ~= ARGV[3] then return { 0 } end
if isVoid(tonumber(ARGV[4]), ARGV[6]) then return { 0 } end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[4] .. ' ' .. ARGV[5] .. ' ' .. ARGV[6] .. ' ' .. ARGV[7])
local life = math.max(1, tonumber(ARGV[5]) - now)
if redis.call('PTTL', KEYS[1]) < life then redis.call('PEXPIRE', KEYS[1], life) end
return { 1 }
`;

/** KEYS: lease. ARGV: replica. */
export const leaveScript = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return {}
`;

/**
 * KEYS: epoch, then the hashes of users, then the gone of identities. ARGV: number of users, whether everything is meant,
 * a generation that never was, milliseconds for which the longest-lived token can be kept.
 */
export const invalidateScript = `${time}
local users = tonumber(ARGV[1])
if ARGV[2] == '1' then redis.call('SET', KEYS[1], now) end
for i = 2, #KEYS do
  if i <= users + 1 then
    redis.call('DEL', KEYS[i])
    redis.call('HSET', KEYS[i], 'gen', ARGV[3])
    redis.call('PEXPIRE', KEYS[i], ARGV[4])
  else
    redis.call('SET', KEYS[i], now, 'PX', ARGV[4])
  end
end
return {}
`;
