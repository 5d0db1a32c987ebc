import type { Change } from '../mutants.ts';

export const tokensChanges: readonly Change[] = [
  { file: 'src/tokens/logins.ts', from: 'userIdHmacKey === undefined', to: 'true' },
  {
    file: 'src/tokens/logins.ts',
    from: "createHmac('sha256', userIdHmacKey)",
    to: "createHmac('sha256', '')",
  },
  {
    file: 'src/tokens/tokenService.ts',
    from: '        await userRateLimit.take(principal.userId, 1);\n        if (renew)',
    to: '        if (renew)',
  },
  {
    file: 'src/tokens/tokenService.ts',
    from: '        await userRateLimit.take(principal.userId, 1);\n        await guestProof',
    to: '        await guestProof',
  },
  {
    file: 'src/tokens/tokenService.ts',
    from: '        await guestProof(guestIdentityId, guestOpenIdToken, scope.signal);\n',
    to: '',
  },
  {
    file: 'src/tokens/tokenService.ts',
    from: '    await assertUnclaimed(guestIdentityId, null, signal);\n',
    to: '',
  },
  {
    file: 'src/tokens/tokenService.ts',
    from: '      await assertUnclaimed(guestIdentityId, user, signal);\n',
    to: '',
  },
  { file: 'src/tokens/cachingGateway.ts', from: '    forget(what);\n    try {', to: '    try {' },
  {
    file: 'src/tokens/cachingGateway.ts',
    from: '    } finally {\n      forget(what);\n    }',
    to: '    } finally {\n    }',
  },
  {
    file: 'src/tokens/cachingGateway.ts',
    from: "        ? 'everything'\n",
    to: '        ? { users: [sourceUserIdentifier, destinationUserIdentifier] }\n',
  },
  {
    file: 'src/tokens/cachingGateway.ts',
    from: 'users: [link.developerUserIdentifier], identityIds: [link.identityId]',
    to: 'identityIds: [link.identityId]',
  },
  {
    file: 'src/tokens/cachingGateway.ts',
    from: 'users: [request.developerUserIdentifier], identityIds: [request.identityId]',
    to: 'identityIds: [request.identityId]',
  },
  {
    file: 'src/tokens/cachingGateway.ts',
    from: 'users: [sourceUserIdentifier, destinationUserIdentifier], identityIds }',
    to: 'users: [sourceUserIdentifier, destinationUserIdentifier] }',
  },
  { file: 'src/tokens/tokenCache.ts', from: 'everything > flight.began ||', to: '' },
  { file: 'src/tokens/tokenCache.ts', from: '(users.get(flight.user) ?? 0) > flight.began ||', to: '' },
  {
    file: 'src/tokens/tokenCache.ts',
    from: ' ||\n    (identityId !== undefined && (identities.get(identityId) ?? 0) > flight.began)',
    to: '',
  },
  {
    file: 'src/tokens/tokenCache.ts',
    from: 'Math.min(minTokenLife, request.tokenDuration / 2) * 1000',
    to: '0',
  },
  { file: 'src/tokens/tokenCache.ts', from: 'flight && !isVoid(flight)', to: 'flight' },
  { file: 'src/tokens/tokenCache.ts', from: 'untilAborted(flight.answer, signal)', to: 'flight.answer' },
  { file: 'src/tokens/tokenKey.ts', from: '    scope.identityPoolId,\n', to: '' },
  { file: 'src/tokens/tokenKey.ts', from: '    scope.developerProviderName,\n', to: '' },
  {
    file: 'src/tokens/tokenKey.ts',
    from: '    request.developerUserIdentifier,\n',
    to: '    request.developerUserIdentifier.toLowerCase(),\n',
  },
  { file: 'src/tokens/tokenKey.ts', from: '    request.tokenDuration,\n', to: '' },
  { file: 'src/tokens/tokenKey.ts', from: '    tags,\n', to: '' },
  {
    file: 'src/tokens/tokenCipher.ts',
    from: 'cipher.setAAD(Buffer.from(context));\n      const body = Buffer.concat([cipher',
    to: 'const body = Buffer.concat([cipher',
  },
  { file: 'src/tokens/tokenCipher.ts', from: '        decipher.setAAD(Buffer.from(context));\n', to: '' },
  {
    file: 'src/tokens/tokenCipher.ts',
    from: 'keys.length === 0 || keys.some((key) => key.length !== 32)',
    to: 'keys.length === 0',
  },
  { file: 'src/tokens/tokenCipher.ts', from: '.update(JSON.stringify([kind, text]))', to: '.update(text)' },
  {
    file: 'src/tokens/tokenCipher.ts',
    from: "naming: part('cognito-graphql cache names', 32)",
    to: "naming: part('cognito-graphql cache seal', 32)",
  },
  { file: 'src/tokens/redisTokens.ts', from: 'clock.now() <= usableUntil ? token : undefined', to: 'token' },
  { file: 'src/tokens/redisTokens.ts', from: 'seen.token && pending.length === 0', to: 'seen.token' },
  {
    file: 'src/tokens/redisScripts.ts',
    from: 'return math.max(epoch, gone) >= start',
    to: 'return gone >= start',
  },
  {
    file: 'src/tokens/redisScripts.ts',
    from: 'return math.max(epoch, gone) >= start',
    to: 'return epoch >= start',
  },
  {
    file: 'src/tokens/redisScripts.ts',
    from: 'return math.max(epoch, gone) >= start',
    to: 'return math.max(epoch, gone) > start',
  },
  {
    file: 'src/tokens/redisScripts.ts',
    from: "if (redis.call('HGET', KEYS[1], 'gen') or '') ~= ARGV[3] then return { 0 } end\n",
    to: '',
  },
  {
    file: 'src/tokens/redisScripts.ts',
    from: 'if isVoid(tonumber(ARGV[4]), ARGV[6]) then return { 0 } end\n',
    to: '',
  },
  { file: 'src/tokens/redisPermits.ts', from: 'if free > now then', to: 'if false then' },
  {
    file: 'src/tokens/redisUserRateLimit.ts',
    from: 'if taken + count > tonumber(ARGV[2]) then',
    to: 'if false then',
  },
  { file: 'src/tokens/cachingGateway.ts', from: '      forget(await usersOf(merged, signal));\n', to: '' },
  {
    file: 'src/tokens/tokenCache.ts',
    from: 'sharedCallTimeoutMs, ending, timers',
    to: 'sharedCallTimeoutMs, new AbortController().signal, timers',
  },
  {
    file: 'src/tokens/tokenService.ts',
    from: 'identity.logins.length > (own === null ? 0 : 1)',
    to: 'own === null && identity.logins.length > 0',
  },
];
