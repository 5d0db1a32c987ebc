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
  {
    file: 'src/cognito/rateLimiter.ts',
    from: 'starts.length > 2 * ceiling + 64',
    because: 'only memory is saved: older starts are never looked at',
  },
  {
    file: 'src/cognito/rateLimiter.ts',
    from: 'unreported.length > ceiling',
    because: 'only memory is saved: what is older than the window is not told',
  },
  {
    file: 'src/cognito/rateLimiter.ts',
    from: 'asking || permits === undefined || arrivals.size === 0 || nextGrant > clock.now()',
    because: 'a limiter that asks without a pause keeps the tests from ever ending, which everybody notices',
  },
  {
    file: 'src/client/acrossTabs.ts',
    from: '!locks',
    because: 'without locks the call throws inside the try, and the work is done all the same',
  },
  {
    file: 'src/client/acrossTabs.ts',
    from: "storage === 'indexedDB'",
    because: 'only browsers have one: test/e2e/client/tabs.test.ts notices',
  },
  {
    file: 'src/cognito/awsGateway.ts',
    from: 'answer === null',
    because: 'no error of these operations is translated into an absence; the compiler wants it said',
  },
  {
    file: 'src/cognito/resilientGateway.ts',
    from: '!(error instanceof ServiceError)',
    because: 'other errors have none of the codes asked for next; the compiler wants it said',
  },
  {
    file: 'src/http/accept.ts',
    from: 'remembered !== undefined',
    because: 'only work is saved: the header comes to the same again',
  },
  {
    file: 'src/http/accept.ts',
    from: 'known.size < maxRemembered',
    because: 'only work is saved: the header comes to the same again',
  },
  {
    file: 'src/http/requestBody.ts',
    from: "contentType === 'application/json'",
    because: 'only work is saved: read as any other media type, it comes to the same',
  },
  {
    file: 'src/http/drain.ts',
    from: 'leaving',
    because: 'only work is saved: several that wait for the same silence close the same connections',
  },
];
