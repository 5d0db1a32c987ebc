/** One change to one file that takes a guard away. */
export interface Mutant {
  readonly file: string;
  /** Where the replaced text begins. */
  readonly offset: number;
  readonly from: string;
  readonly to: string;
}

/** Files whose every `if` is a guard, and the tests that must notice when one is gone. */
export const guardedFiles: Readonly<Record<string, readonly string[]>> = {
  'src/auth/bearerToken.ts': [
    'test/unit/auth/bearerToken.test.ts',
    'test/unit/auth/jwtAuthenticator.test.ts',
  ],
  'src/auth/claims.ts': ['test/unit/auth/claims.test.ts'],
  'src/auth/jwtAuthenticator.ts': [
    'test/unit/auth/jwtAuthenticator.test.ts',
    'test/unit/auth/keySet.test.ts',
  ],
  'src/auth/keys.ts': ['test/unit/auth/jwtAuthenticator.test.ts'],
  'src/auth/keySet.ts': ['test/unit/auth/keySet.test.ts'],
  'src/auth/keyDocuments.ts': ['test/unit/auth/keySet.test.ts'],
  'src/auth/fetchJson.ts': [
    'test/unit/auth/fetchJson.test.ts',
    'test/unit/auth/keySet.test.ts',
    'test/unit/auth/introspection.test.ts',
    'test/unit/auth/jwtAuthenticator.test.ts',
  ],
  'src/auth/introspection.ts': ['test/unit/auth/introspection.test.ts'],
  'src/auth/verifiedTokens.ts': ['test/unit/auth/verifiedTokens.test.ts'],
  'src/graphql/limits/limitOperations.ts': ['test/unit/graphql/limits'],
  'src/graphql/limits/operationSize.ts': ['test/unit/graphql/limits'],
  'src/graphql/authChecker.ts': ['test/unit/graphql/authorization.test.ts'],
  'src/graphql/identity/identity.resolver.ts': ['test/unit/graphql/authorization.test.ts'],
  'src/graphql/identity/viewer.resolver.ts': ['test/unit/graphql/authorization.test.ts'],
  'src/graphql/pool/identityPool.resolver.ts': ['test/unit/graphql/authorization.test.ts'],
  'src/graphql/credentials/credentials.resolver.ts': [
    'test/unit/graphql/authorization.test.ts',
    'test/api/settings.test.ts',
  ],
  'src/identities/identityService.ts': ['test/unit/identities/identityService.test.ts'],
  'src/graphql/apolloServer.ts': [
    'test/api/authorization.test.ts',
    'test/api/hostileRequests.test.ts',
    'test/http/negotiation.test.ts',
    'test/http/pages.test.ts',
    'test/api/settings.test.ts',
    'test/api/credentials.test.ts',
  ],
  'src/graphql/errors.ts': [
    'test/unit/graphql/errors.test.ts',
    'test/api/authorization.test.ts',
    'test/api/hostileRequests.test.ts',
  ],
  'src/graphql/validatedOperations.ts': ['test/api/validatedOperations.test.ts'],
  'src/graphql/trustedDocuments.ts': ['test/api/trustedDocuments.test.ts'],
  'src/http/graphqlRoute.ts': [
    'test/api/validatedOperations.test.ts',
    'test/http/negotiation.test.ts',
    'test/api/authorization.test.ts',
    'test/api/trustedDocuments.test.ts',
    'test/api/hostileRequests.test.ts',
    'test/http/pages.test.ts',
  ],
  'src/http/accept.ts': ['test/unit/http/accept.test.ts'],
  'src/http/requestBody.ts': [
    'test/unit/http/requestBody.test.ts',
    'test/http/server.test.ts',
    'test/api/hostileRequests.test.ts',
  ],
  'src/http/cors.ts': ['test/http/server.test.ts'],
  'src/cognito/guestProof.ts': ['test/unit/cognito/guestProof.test.ts'],
  'src/tokens/logins.ts': ['test/api/settings.test.ts'],
  'src/tokens/tokenService.ts': ['test/api/credentials.test.ts', 'test/api/settings.test.ts'],
  'src/tokens/userRateLimit.ts': ['test/unit/tokens/userRateLimit.test.ts'],
  'src/telemetry/auditLog.ts': ['test/unit/telemetry/auditLog.test.ts'],
};

/** Guards that are no `if`: parts of conditions, bounds, options handed to a library. */
export const handKept: readonly Omit<Mutant, 'offset'>[] = [
  { file: 'src/auth/bearerToken.ts', from: '^bearer +', to: '^bearer *' },
  { file: 'src/auth/bearerToken.ts', from: '+=*)$/i', to: '+=*)/i' },
  { file: 'src/auth/bearerToken.ts', from: 'const token68 = /^[', to: 'const token68 = /[' },
  { file: 'src/auth/claims.ts', from: '[\\p{Cc}\\p{Cs}]', to: '[\\p{Cs}]' },
  { file: 'src/auth/claims.ts', from: '[\\p{Cc}\\p{Cs}]', to: '[\\p{Cc}]' },
  { file: 'src/auth/claims.ts', from: 'exp <= now - tolerance', to: 'exp < now - tolerance' },
  { file: 'src/auth/claims.ts', from: 'iat > now + tolerance', to: 'iat > now + 2 * tolerance' },
  { file: 'src/auth/claims.ts', from: ' || !Number.isFinite(value)', to: '' },
  { file: 'src/auth/claims.ts', from: 'value.length < 1 || value.length > 1024', to: 'value.length > 1024' },
  { file: 'src/auth/claims.ts', from: 'value.length < 1 || value.length > 1024', to: 'value.length < 1' },
  { file: 'src/auth/claims.ts', from: 'value.length < 1 || value.length > 256', to: 'value.length > 256' },
  { file: 'src/auth/claims.ts', from: 'value.length < 1 || value.length > 256', to: 'value.length < 1' },
  {
    file: 'src/auth/claims.ts',
    from: "scope.split(' ').includes(adminScope)",
    to: 'scope.includes(adminScope)',
  },
  { file: 'src/auth/claims.ts', from: "scp.split(' ').includes(adminScope)", to: 'scp.includes(adminScope)' },
  { file: 'src/auth/claims.ts', from: 'Array.isArray(roles) && ', to: 'roles && ' },
  {
    file: 'src/auth/claims.ts',
    from: 'Array.isArray(scp) && scp.includes(adminScope)',
    to: 'Array.isArray(scp) && String(scp).includes(adminScope)',
  },
  { file: 'src/auth/claims.ts', from: 'Number.isSafeInteger(value)', to: 'Number.isFinite(value)' },
  {
    file: 'src/auth/claims.ts',
    from: 'Object.hasOwn(claims, name) ? claims[name] : undefined',
    to: 'claims[name]',
  },
  { file: 'src/auth/claims.ts', from: 'return Object.freeze({', to: 'return ({' },
  {
    file: 'src/auth/jwtAuthenticator.ts',
    from: 'checkLifetime(claims, this.#rules, this.#clock.now())',
    to: '(claims.exp as number) * 1000',
  },
  {
    file: 'src/auth/jwtAuthenticator.ts',
    from: 'new Set(keys.algorithms)',
    to: "new Set([...keys.algorithms, 'RS256', 'HS256', 'none'])",
  },
  {
    file: 'src/auth/jwtAuthenticator.ts',
    from: 'unlessAborted(this.#check(token, digest), signal)',
    to: 'this.#check(token, digest)',
  },
  { file: 'src/auth/keyDocuments.ts', from: "(use === undefined || use === 'sig') && ", to: '' },
  { file: 'src/auth/keyDocuments.ts', from: 'd === undefined && ', to: '' },
  { file: 'src/auth/keyDocuments.ts', from: ' && canBeImported(key as JsonWebKey)', to: '' },
  { file: 'src/auth/keyDocuments.ts', from: ' >= 2048', to: ' >= 0' },
  { file: 'src/auth/keySet.ts', from: 'this.#options.clock.now() >= activity.refetchFromMs', to: 'true' },
  { file: 'src/auth/keySet.ts', from: ' || kid.length > maxKeyIdLength', to: '' },
  { file: 'src/auth/keySet.ts', from: 'now < good.freshUntilMs + this.#options.maxOutageMs', to: 'true' },
  { file: 'src/auth/keySet.ts', from: 'this.#generation += 1', to: 'this.#generation += 0' },
  { file: 'src/auth/fetchJson.ts', from: "redirect: 'manual'", to: "redirect: 'follow'" },
  { file: 'src/auth/fetchJson.ts', from: '      signal,\n', to: '' },
  { file: 'src/auth/fetchJson.ts', from: '\\d{1,3}$/.test(hostname)', to: '\\d{1,3}/.test(hostname)' },
  { file: 'src/auth/introspection.ts', from: 'this.#asking.set(digest, answer)', to: 'void digest' },
  {
    file: 'src/auth/introspection.ts',
    from: 'Math.min(now + this.#cacheMs, endsMs)',
    to: 'now + this.#cacheMs',
  },
  { file: 'src/auth/introspection.ts', from: "return body['active'] ? body : null", to: 'return body' },
  { file: 'src/auth/verifiedTokens.ts', from: 'this.#tokens?.clear()', to: 'void 0' },
  {
    file: 'src/graphql/limits/limitOperations.ts',
    from: 'size.watchedTopFields > 1',
    to: 'size.watchedTopFields > 2',
  },
  { file: 'src/graphql/limits/limitOperations.ts', from: 'amount > limit', to: 'amount > limit + 1' },
  { file: 'src/telemetry/auditLog.ts', from: ').nlink > 0', to: ').nlink >= 0' },
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a piece of source
  { file: 'src/telemetry/auditLog.ts', from: 'this.#torn ? `\\n${text}` : text', to: 'text' },
  { file: 'src/graphql/authChecker.ts', from: "roles.includes('ADMINISTRATOR') && ", to: '' },
  {
    file: 'src/graphql/identity/identity.resolver.ts',
    from: "@Authorized<Role>('ADMINISTRATOR')\n  @Query(() => Identity,",
    to: '@Query(() => Identity,',
  },
  {
    file: 'src/graphql/identity/identity.resolver.ts',
    from: "@Authorized<Role>('ADMINISTRATOR')\n  @Query(() => Identity,",
    to: '@Authorized()\n  @Query(() => Identity,',
  },
  {
    file: 'src/graphql/identity/identity.resolver.ts',
    from: "@Authorized<Role>('ADMINISTRATOR')\n  @Query(() => IdentityConnection,",
    to: '@Query(() => IdentityConnection,',
  },
  {
    file: 'src/graphql/identity/identity.resolver.ts',
    from: "@Authorized<Role>('ADMINISTRATOR')\n  @Query(() => IdentityConnection,",
    to: '@Authorized()\n  @Query(() => IdentityConnection,',
  },
  {
    file: 'src/graphql/identity/identity.resolver.ts',
    from: "@Authorized<Role>('ADMINISTRATOR')\n  @Mutation(() => Identity, {\n    description",
    to: '@Mutation(() => Identity, {\n    description',
  },
  {
    file: 'src/graphql/identity/identity.resolver.ts',
    from: "@Authorized<Role>('ADMINISTRATOR')\n  @Mutation(() => Identity, {\n    description",
    to: '@Authorized()\n  @Mutation(() => Identity, {\n    description',
  },
  {
    file: 'src/graphql/identity/identity.resolver.ts',
    from: "@Authorized<Role>('ADMINISTRATOR')\n  @Mutation(() => Identity, {\n    nullable",
    to: '@Mutation(() => Identity, {\n    nullable',
  },
  {
    file: 'src/graphql/identity/identity.resolver.ts',
    from: "@Authorized<Role>('ADMINISTRATOR')\n  @Mutation(() => Identity, {\n    nullable",
    to: '@Authorized()\n  @Mutation(() => Identity, {\n    nullable',
  },
  {
    file: 'src/graphql/identity/identity.resolver.ts',
    from: "@Authorized<Role>('ADMINISTRATOR')\n  @Mutation(() => DeleteIdentitiesPayload,",
    to: '@Mutation(() => DeleteIdentitiesPayload,',
  },
  {
    file: 'src/graphql/identity/identity.resolver.ts',
    from: "@Authorized<Role>('ADMINISTRATOR')\n  @Mutation(() => DeleteIdentitiesPayload,",
    to: '@Authorized()\n  @Mutation(() => DeleteIdentitiesPayload,',
  },
  {
    file: 'src/graphql/identity/identity.resolver.ts',
    from: '@Authorized()\n  @Query(() => Identity,',
    to: '@Query(() => Identity,',
  },
  { file: 'src/graphql/identity/viewer.resolver.ts', from: '@Authorized()\n  @Query', to: '@Query' },
  {
    file: 'src/graphql/pool/identityPool.resolver.ts',
    from: "@Authorized<Role>('ADMINISTRATOR')\n  @Query",
    to: '@Query',
  },
  {
    file: 'src/graphql/pool/identityPool.resolver.ts',
    from: "@Authorized<Role>('ADMINISTRATOR')\n  @Query",
    to: '@Authorized()\n  @Query',
  },
  {
    file: 'src/graphql/credentials/credentials.resolver.ts',
    from: '@Authorized()\n  @Mutation(() => CognitoCredentials, {\n    description:\n      "An',
    to: '@Mutation(() => CognitoCredentials, {\n    description:\n      "An',
  },
  {
    file: 'src/graphql/credentials/credentials.resolver.ts',
    from: '@Authorized()\n  @Mutation(() => CognitoCredentials, {\n    description:\n      "Makes',
    to: '@Mutation(() => CognitoCredentials, {\n    description:\n      "Makes',
  },
  {
    file: 'src/identities/identityService.ts',
    from: 'request.principal.administrator || (await ownId(request)) === identityId',
    to: 'true',
  },
  {
    file: 'src/identities/identityService.ts',
    from: 'request.principal.administrator || (await ownId(request)) === identityId',
    to: 'request.principal.administrator',
  },
  {
    file: 'src/identities/identityService.ts',
    from: '(await ownId(request)) === identityId',
    to: '(await request.identities.describeIdentity(identityId)) !== null && (await ownId(request)) === identityId',
  },
  {
    file: 'src/identities/identityService.ts',
    from: 'permit: () => assertAdministrator(request)',
    to: 'permit: () => undefined',
  },
  {
    file: 'src/identities/identityService.ts',
    from: '      assertAdministrator(request);\n      const id',
    to: '            const id',
  },
  {
    file: 'src/identities/identityService.ts',
    from: '      assertAdministrator(request);\n      const found',
    to: '            const found',
  },
  {
    file: 'src/identities/identityService.ts',
    from: '      assertAdministrator(request);\n      return gateway',
    to: '            return gateway',
  },
  {
    file: 'src/identities/identityService.ts',
    from: '(await mayRead(identityId, request)) ? request',
    to: 'true ? request',
  },
  { file: 'src/identities/identityService.ts', from: 'request.identities.forgetAll()', to: 'void 0' },
  {
    file: 'src/graphql/apolloServer.ts',
    from: 'hideSchemaDetailsFromClientErrors: !introspection',
    to: 'hideSchemaDetailsFromClientErrors: false',
  },
  {
    file: 'src/graphql/apolloServer.ts',
    from: 'allowBatchedHttpRequests: false',
    to: 'allowBatchedHttpRequests: true',
  },
  { file: 'src/graphql/apolloServer.ts', from: 'csrfPrevention: true', to: 'csrfPrevention: false' },
  { file: 'src/graphql/apolloServer.ts', from: '    formatError,\n', to: '' },
  {
    file: 'src/graphql/apolloServer.ts',
    from: '    parseOptions: parseOptionsFor(defaultOperationLimits),\n',
    to: '',
  },
  {
    file: 'src/graphql/apolloServer.ts',
    from: 'validationRules: [limitOperations()]',
    to: 'validationRules: []',
  },
  { file: 'src/graphql/apolloServer.ts', from: '      refuseAnonymous,\n', to: '' },
  { file: 'src/graphql/apolloServer.ts', from: "selection.name.value.startsWith('__')", to: 'true' },
  { file: 'src/graphql/apolloServer.ts', from: 'asksForMetaOnly(inner.selectionSet, fragments)', to: 'true' },
  { file: 'src/graphql/errors.ts', from: 'original === error && documentCodes', to: 'documentCodes' },
  {
    file: 'src/graphql/errors.ts',
    from: 'withoutValues(formatted.message, error as GraphQLError)',
    to: 'formatted.message',
  },
  {
    file: 'src/http/graphqlRoute.ts',
    from: 'page ? request.headers.accept : answerTypeFor(request)',
    to: "page ? request.headers.accept : 'application/json'",
  },
  {
    file: 'src/http/graphqlRoute.ts',
    from: 'trustedDocuments === undefined || page ? received',
    to: 'true ? received',
  },
  {
    file: 'src/http/graphqlRoute.ts',
    from: 'await authenticator.authenticate(headers, scope.signal)',
    to: 'await authenticator.authenticate(headers, scope.signal).catch(() => null)',
  },
  {
    file: 'src/http/graphqlRoute.ts',
    from: 'context === null || context.principal === null',
    to: 'context === null',
  },
  { file: 'src/http/graphqlRoute.ts', from: ' || !isLeftOut(extensions)', to: '' },
  { file: 'src/graphql/validatedOperations.ts', from: 'contextValue.principal === null || ', to: '' },
  {
    file: 'src/graphql/validatedOperations.ts',
    from: 'found?.operationName === operationName ? found',
    to: 'true ? found',
  },
  { file: 'src/graphql/validatedOperations.ts', from: 'if (data === undefined) return null;', to: '' },
  {
    file: 'src/http/graphqlRoute.ts',
    from: 'values.push(rawHeaders[i + 1] as string)',
    to: 'values[0] = rawHeaders[i + 1] as string',
  },
  {
    file: 'src/http/accept.ts',
    from: 'quality > (best?.quality ?? 0)',
    to: 'quality >= (best?.quality ?? 0)',
  },
  { file: 'src/http/requestBody.ts', from: "  assertJson(request.headers['content-type']);\n", to: '' },
  {
    file: 'src/http/requestBody.ts',
    from: "  assertIdentity(request.headers['content-encoding']);\n",
    to: '',
  },
  { file: 'src/http/requestBody.ts', from: 'fatal: true', to: 'fatal: false' },
  {
    file: 'src/http/cors.ts',
    from: 'origin === undefined || !allowed.has(origin)',
    to: 'origin === undefined',
  },
  {
    file: 'src/http/cors.ts',
    from: "response.setHeader('access-control-allow-origin', origin)",
    to: "response.setHeader('access-control-allow-origin', '*')",
  },
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
];

/** Changes that no test can notice, because another guard behind them gives the same answer or only work is saved. */
export const unnoticeable: readonly {
  readonly file: string;
  readonly from: string;
  readonly because: string;
}[] = [
  {
    file: 'src/auth/keySet.ts',
    from: "activity.kind === 'retrying' && activity.atMs - this.#options.clock.now() > eagerRetryMs",
    because: 'the answer is the same, two seconds later',
  },
  {
    file: 'src/auth/keySet.ts',
    from: "activity.kind === 'resting' || activity.kind === 'closed'",
    because:
      'there is no outcome then, and waiting for none is the same as not waiting; the compiler wants it said',
  },
  {
    file: 'src/graphql/errors.ts',
    from: 'original instanceof ServiceError',
    because: 'the question behind it, about the original error of a GraphQL error, is answered the same',
  },
  {
    file: 'src/cognito/guestProof.ts',
    from: 'guestOpenIdToken.length > longestToken',
    because: 'a longer one is refused for its signature, after more work',
  },
  {
    file: 'src/http/cors.ts',
    from: 'allowed.size === 0',
    because: 'nobody is in an empty set; only a Vary header is saved',
  },
  {
    file: 'src/http/requestBody.ts',
    from: "Number(request.headers['content-length'] ?? 0) > limit",
    because: 'the bytes are counted as they come, too',
  },
  {
    file: 'src/graphql/limits/operationSize.ts',
    from: 'known !== undefined',
    because: 'the test of documents that expand without bound never ends then, which everybody notices',
  },
];

/** Every `if` of a source, each with a condition that is never true. */
export function conditionMutants(file: string, source: string): Mutant[] {
  const mutants: Mutant[] = [];
  for (const { index } of source.matchAll(/(?<=^\s*(?:else )?)if \(/gm)) {
    const start = index + 'if ('.length;
    let depth = 1;
    let end = start;
    while (depth > 0) {
      if (source[end] === '(') depth++;
      if (source[end] === ')') depth--;
      end++;
    }
    mutants.push({ file, offset: start, from: source.slice(start, end - 1), to: 'false' });
  }
  return mutants;
}

/** A hand-kept change at its place, which must be the only one. */
export function locate(change: Omit<Mutant, 'offset'>, source: string): Mutant {
  const offset = source.indexOf(change.from);
  if (offset < 0 || source.includes(change.from, offset + 1)) {
    throw new Error(`${change.file} must hold exactly once: ${change.from}`);
  }
  return { ...change, offset };
}
