import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Operation, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
/** All answers that were given. */
const answers: string[] = [];
let metrics: string;

const issue = 'mutation { cognitoCredentials { identityId openIdToken awsCredentials { secretAccessKey } } }';
const renamed = 'mutation Named { again: cognitoCredentials { identityId openIdToken } }';
const token = 'GetOpenIdTokenForDeveloperIdentity';

beforeAll(async () => {
  stack = await startStack();
  const { faults } = stack.emulator;
  for (let i = 0; i < 3; i += 1) await send({ query: issue, user: 'alice-the-user' });
  faults.add({ operation: token, latencyMs: 700, times: 1 });
  await Promise.all([1, 2].map(() => send({ query: renamed, user: 'bob-the-user' })));
  faults.add({ operation: token, error: { name: 'InternalErrorException' }, status: 500, times: 1 });
  await send({ query: renamed, user: 'carol-the-user' });
  faults.add({ operation: token, error: { name: 'AccessDeniedException' }, times: 1 });
  await send({ query: renamed, user: 'dave-the-user' });

  const skipping = 'query ($no: Boolean!) { me { userId } identityPool @skip(if: $no) { id } }';
  await send({ query: skipping, variables: { no: true }, user: 'alice-the-user' });
  const inFragment = 'fragment F on Query { pool: identityPool { name } } { ...F }';
  await send({ query: inFragment, user: 'alice-the-user' });
  await send({ query: inFragment, user: 'admin-the-user', scope: 'admin' });
  await send({ query: '{ me { userId } }' });
  await send({ query: '{ nothingLikeThis }', user: 'alice-the-user' });
  await send({ query: '{', user: 'alice-the-user' });
  await fetch(`${stack.app.url}/no-such-path/of-alice-the-user`);
  metrics = await scrape();
}, 60_000);
afterAll(() => stack.stop());

async function send(operation: Operation): Promise<void> {
  answers.push((await stack.send(operation)).text);
}

const scrape = async () => (await fetch(`${stack.app.url}/metrics`)).text();

/** Samples of one metric as `labels: value`, sorted. */
const samples = (text: string, name: string) =>
  text
    .split('\n')
    .flatMap((line) => /^cognito_graphql_(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [])
    .flatMap((_, i, parts) =>
      i % 4 === 1 && parts[i] === name
        ? [`${(parts[i + 1] ?? '').replaceAll('"', '')}: ${parts[i + 2]}`]
        : [],
    )
    .sort();

describe('/metrics after real traffic', () => {
  it('counts requests by route and status', () => {
    expect(samples(metrics, 'http_requests_total')).toEqual([
      'route=/graphql,status=200: 10',
      'route=/graphql,status=400: 2',
      'route=/graphql,status=401: 1',
      'route=unknown,status=404: 1',
    ]);
    expect(samples(metrics, 'http_request_duration_seconds_count')).toEqual([
      'route=/graphql: 13',
      'route=unknown: 1',
    ]);
  });

  it('counts root fields by their names in the schema, whatever they are called in the document', () => {
    expect(samples(metrics, 'operations_total')).toEqual([
      'field=cognitoCredentials,code=OK: 6',
      'field=cognitoCredentials,code=UPSTREAM_FORBIDDEN: 1',
      'field=identityPool,code=FORBIDDEN: 1',
      'field=identityPool,code=OK: 1',
      'field=invalid,code=GRAPHQL_PARSE_FAILED: 1',
      'field=invalid,code=GRAPHQL_VALIDATION_FAILED: 1',
      'field=me,code=OK: 1',
      'field=me,code=UNAUTHENTICATED: 1',
    ]);
  });

  it('counts attempts at Cognito by operation and outcome, repetitions included', () => {
    expect(samples(metrics, 'upstream_attempt_duration_seconds_count')).toEqual([
      'operation=describeIdentityPool,outcome=ok: 1',
      'operation=exchangeOpenIdToken,outcome=ok: 3',
      'operation=issueOpenIdToken,outcome=UPSTREAM_FORBIDDEN: 1',
      'operation=issueOpenIdToken,outcome=UPSTREAM_UNAVAILABLE: 1',
      'operation=issueOpenIdToken,outcome=ok: 3',
    ]);
  });

  it('measures attempts in seconds', () => {
    const slow = /attempt_duration_seconds_sum\{operation="issueOpenIdToken",outcome="ok"\} (\S+)/.exec(
      metrics,
    );
    expect(Number(slow?.[1])).toBeGreaterThan(0.7);
    expect(Number(slow?.[1])).toBeLessThan(60);
  });

  it('counts look-ups in the cache and what it holds', () => {
    expect(samples(metrics, 'token_cache_lookups_total')).toEqual([
      'outcome=hit: 2',
      'outcome=joined: 1',
      'outcome=miss: 4',
      'outcome=repeated: 0',
    ]);
    expect(samples(metrics, 'token_cache_entries')).toEqual([': 3']);
    expect(Number(samples(metrics, 'token_cache_bytes')[0]?.slice(2))).toBeGreaterThan(3 * 600);
  });

  it('shows how long attempts have waited for their turn, by quota', () => {
    expect(samples(metrics, 'upstream_wait_seconds_count')).toEqual([
      'quota=credentials: 3',
      'quota=pools: 1',
      'quota=tokens: 5',
    ]);
    expect(samples(metrics, 'upstream_wait_seconds_bucket')).toContain('le=+Inf,quota=tokens: 5');
  });

  it('shows budget, waiting line, circuit breaker, readiness and event loop', () => {
    expect(samples(metrics, 'upstream_budget_calls_per_second')).toContain('quota=tokens: 50');
    expect(samples(metrics, 'upstream_budget_left')).toContain('quota=merges: 20');
    expect(samples(metrics, 'upstream_waiting')).toContain('quota=tokens: 0');
    expect(samples(metrics, 'upstream_breaker_state')).toEqual([
      'state=closed: 1',
      'state=half-open: 0',
      'state=open: 0',
    ]);
    expect(samples(metrics, 'problem')).toEqual([
      'check=audit log: 0',
      'check=cognito: 1',
      'check=login: 0',
      'check=server: 0',
    ]);
    expect(metrics).toMatch(/^nodejs_eventloop_lag_p99_seconds [\d.e-]+$/m);
  });

  it('holds no user, no identity, no token and no path of a client', () => {
    expect(answers.join()).toMatch(/us-east-1:[0-9a-f-]{36}/);
    expect(metrics).not.toMatch(
      /the-user|us-east-1|eyJ|[0-9a-f]{8}-[0-9a-f]{4}-|no-such-path|nothingLikeThis/,
    );
  });

  it('counts down what is left of a budget, and shows who waits for more', async () => {
    const listing = { query: '{ identities { edges { node { id } } } }', user: 'root', scope: 'admin' };
    const sent: Promise<void>[] = [];
    const used = async () => {
      sent.push(send(listing), send(listing));
      const text = await scrape();
      return ['upstream_budget_left', 'upstream_waiting'].map((name) =>
        Number(new RegExp(`${name}\\{quota="lists"\\} (\\d+)`).exec(text)?.[1]),
      );
    };
    await expect.poll(used, { timeout: 15_000 }).toEqual([0, expect.toSatisfy((waiting) => waiting > 0)]);
    await Promise.all(sent);
    const [waited] = samples(await scrape(), 'upstream_wait_seconds_sum').filter((line) =>
      /lists/.test(line),
    );
    expect(Number(waited?.split(' ')[1])).toBeGreaterThan(0.1);
  });

  it('counts what is refused while Cognito does not answer, and shows the open circuit breaker', async () => {
    stack.emulator.faults.add({ operation: token, reset: true });
    await Promise.all(
      Array.from({ length: 12 }, (_, i) => send({ query: renamed, user: `late-the-user-${i}` })),
    );
    stack.emulator.faults.clear();
    const later = await scrape();
    expect(samples(later, 'upstream_breaker_state')).toEqual([
      'state=closed: 0',
      'state=half-open: 0',
      'state=open: 1',
    ]);
    expect(samples(later, 'upstream_shed_total')).toEqual([
      expect.stringMatching(/^operation=issueOpenIdToken: [1-9]\d*$/),
    ]);
    expect(samples(later, 'operations_total')).toContain(
      'field=cognitoCredentials,code=UPSTREAM_UNAVAILABLE: 12',
    );
  });
});
