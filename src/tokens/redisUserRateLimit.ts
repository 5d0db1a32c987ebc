import type { RedisLink } from './redisLink.ts';
import type { TokenCipher } from './tokenCipher.ts';
import type { UserRateLimit } from './tokenService.ts';
import { tooManyRequests } from './userRateLimit.ts';

export interface RedisUserRateLimitOptions {
  readonly link: RedisLink;
  /** Gives users names that mean nothing to a reader of Redis. */
  readonly cipher: TokenCipher;
  /** Requests of one user within a minute, at all processes together. */
  readonly requestsPerMinute: number;
  /** Counts in this process while Redis does not answer. */
  readonly local: UserRateLimit;
}

const windowMs = 60_000;

/** Takes all or nothing; the window begins with the first request after the last one ended. */
const takeScript = `
local taken = tonumber(redis.call('GET', KEYS[1]) or '0')
local count = tonumber(ARGV[1])
if taken + count > tonumber(ARGV[2]) then return { 0, redis.call('PTTL', KEYS[1]) } end
if redis.call('INCRBY', KEYS[1], count) == count then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return { 1, 0 }
`;

/** Counts requests per user for all processes that share a Redis, and goes on with its own count while there is none. */
export function createRedisUserRateLimit(options: RedisUserRateLimitOptions): UserRateLimit {
  const { link, cipher, requestsPerMinute, local } = options;
  return {
    async take(userId, count) {
      const [name] = cipher.names('rate', userId);
      const answer = await link.run(takeScript, [`rate:${name}`], [count, requestsPerMinute, windowMs]);
      if (answer === null) return local.take(userId, count);
      const [taken, waitMs] = answer.map(Number);
      if (taken !== 1) throw tooManyRequests(count > requestsPerMinute ? undefined : waitMs);
    },
  };
}
