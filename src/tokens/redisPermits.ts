import type { RedisLink } from './redisLink.ts';

/** What a limiter asks; the same shape as the limiter's own port. */
export interface RedisPermitRequest {
  readonly count: number;
  readonly calls: number;
  readonly windowMs: number;
  readonly unreported: readonly number[];
}

/**
 * Start times of the latest calls of all processes in a sorted set, by Redis's clock. A start is granted when the call that lies
 * `calls` starts back is older than the window: no window ever holds more. A set that is not there (the first time, or
 * Redis was wiped) is filled as if calls had been made evenly, since nobody knows what was: from then on the budget is paced.
 */
const takeScript = `
local log, demand = KEYS[1], KEYS[2]
local replica, count, calls, window, keep = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local stamp = time[1] .. '.' .. time[2] .. ':' .. replica .. ':'

if redis.call('EXISTS', log) == 0 then
  for i = 0, calls - 1 do redis.call('ZADD', log, now - i * window / calls, stamp .. 'assumed' .. i) end
end
for i = 6, #ARGV do redis.call('ZADD', log, now - tonumber(ARGV[i]), stamp .. 'told' .. i) end

local granted, wait = 0, 0
while granted < count do
  local nth = redis.call('ZREVRANGE', log, calls - 1, calls - 1, 'WITHSCORES')
  local free = nth[2] and tonumber(nth[2]) + window or 0
  if free > now then
    wait = math.ceil(free - now)
    break
  end
  redis.call('ZADD', log, now, stamp .. granted)
  granted = granted + 1
end
redis.call('ZREMRANGEBYRANK', log, 0, -keep - 1)
redis.call('PEXPIRE', log, 3600000)

redis.call('ZADD', demand, now, replica)
redis.call('ZREMRANGEBYSCORE', demand, '-inf', now - 1000)
redis.call('PEXPIRE', demand, 10000)
return { granted, wait, redis.call('ZCARD', demand) }
`;

/**
 * One budget for all processes, counted in Redis: a `PermitSource` for the limiter of a quota.
 *
 * @param ratePerSecond the whole budget, so that starts are remembered long enough even while the rate is reduced
 */
export function createRedisPermits(link: RedisLink, quota: string, ratePerSecond: number) {
  const keep = Math.ceil(ratePerSecond) + 1;
  return {
    get available() {
      return link.available;
    },
    get replicas() {
      return link.replicas;
    },
    async take({ count, calls, windowMs, unreported }: RedisPermitRequest) {
      const answer = await link.run(
        takeScript,
        [`starts:${quota}`, `demand:${quota}`],
        [link.replicaId, count, calls, windowMs, keep, ...unreported],
      );
      if (answer === null) return null;
      const [granted, waitMs, sharers] = answer.map(Number) as [number, number, number];
      return { granted, waitMs, sharers };
    },
  };
}
