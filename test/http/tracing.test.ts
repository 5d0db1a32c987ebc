import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';
import { type RecordedSpan, recordSpans } from '../support/tracer.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

let recording: ReturnType<typeof recordSpans> | undefined;
afterEach(() => {
  recording?.stop();
  recording = undefined;
  stack.emulator.faults.clear();
});

function record(sampled?: () => boolean) {
  recording = recordSpans(sampled);
  return recording;
}

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
const credentials = 'mutation { cognitoCredentials { identityId openIdToken } }';
const token = 'GetOpenIdTokenForDeveloperIdentity';

/** The spans as a tree of names, from outside to inside. */
function tree(spans: readonly RecordedSpan[], parent: string): unknown[] {
  return spans
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .map(({ name, spanId }) => [name, ...tree(spans, spanId)]);
}

async function traced(operation: Parameters<Stack['send']>[0], spanCount: number): Promise<RecordedSpan[]> {
  const { spans } = record();
  await stack.send({ ...operation, headers: { traceparent } });
  await expect.poll(() => spans.length).toBe(spanCount);
  return spans;
}

describe('spans', () => {
  it('go from the request to the root field to each attempt at Cognito, in the trace of the caller', async () => {
    stack.emulator.faults.add({
      operation: token,
      error: { name: 'InternalErrorException' },
      status: 500,
      times: 1,
    });
    const spans = await traced({ query: credentials, user: 'alice-the-user' }, 4);
    expect(tree(spans, '00f067aa0ba902b7')).toEqual([
      [
        'POST /graphql',
        ['mutation cognitoCredentials', ['Cognito issueOpenIdToken'], ['Cognito issueOpenIdToken']],
      ],
    ]);
    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
    const [failed, repeated, field, request] = spans;
    const call = {
      'rpc.system': 'aws-api',
      'rpc.service': 'CognitoIdentity',
      'rpc.method': 'issueOpenIdToken',
    };
    expect(failed).toMatchObject({
      kind: SpanKind.CLIENT,
      attributes: { ...call, 'error.type': 'UPSTREAM_UNAVAILABLE' },
      status: { code: SpanStatusCode.ERROR },
    });
    expect(repeated).toMatchObject({ attributes: call, status: undefined });
    expect(field?.attributes).toEqual({
      'graphql.operation.type': 'mutation',
      'graphql.field.name': 'cognitoCredentials',
      'cognito_graphql.cache': 'miss',
    });
    expect(request).toMatchObject({
      kind: SpanKind.SERVER,
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/graphql',
        'http.response.status_code': 200,
      },
    });
  });

  it('say that an answer came from the cache', async () => {
    await stack.send({ query: credentials, user: 'bob-the-user' });
    const spans = await traced({ query: credentials, user: 'bob-the-user' }, 2);
    expect(tree(spans, '00f067aa0ba902b7')).toEqual([['POST /graphql', ['mutation cognitoCredentials']]]);
    expect(spans[0]?.attributes['cognito_graphql.cache']).toBe('hit');
  });

  it('hold the code of an error, but no text of it, no user, no token and no path of a client', async () => {
    const spans = await traced({ query: '{ identityPool { id } }', user: 'carol-the-user' }, 2);
    expect(spans[0]).toMatchObject({
      name: 'query identityPool',
      attributes: { 'error.type': 'FORBIDDEN' },
      status: { code: SpanStatusCode.ERROR },
    });
    // A refusal is no failure of the server.
    expect(spans[1]).toMatchObject({ name: 'POST /graphql', status: undefined });
    await fetch(`${stack.app.url}/secret-path?token=secret`);
    await expect.poll(() => spans.map(({ name }) => name)).toContain('GET');
    expect(JSON.stringify(spans)).not.toMatch(/the-user|eyJ|secret|us-east-1:/);
  });

  it('leave a trace alone that the caller does not record', async () => {
    const { spans } = record();
    await stack.send({
      query: credentials,
      user: 'dave-the-user',
      headers: { traceparent: traceparent.replace(/01$/, '00') },
    });
    await stack.send({ query: '{ me { userId } }', user: 'dave-the-user' });
    await expect.poll(() => spans.map(({ name }) => name)).toEqual(['query me', 'POST /graphql']);
    expect(spans[1]?.parentSpanId).toBeUndefined();
  });

  it('below an unrecorded request are not recorded either', async () => {
    const { spans } = record(() => false);
    await stack.send({ query: credentials, user: 'erin-the-user' });
    expect(spans).toEqual([]);
  });

  // The last one: calls are refused for a while afterwards.
  it('tell that a request failed on our side', async () => {
    stack.emulator.faults.add({ operation: token, error: { name: 'InternalErrorException' }, status: 500 });
    const { spans } = record();
    await stack.send({ query: credentials, user: 'frank-the-user' });
    await expect
      .poll(() => spans.at(-1))
      .toMatchObject({
        name: 'POST /graphql',
        attributes: { 'http.response.status_code': 503, 'error.type': '503' },
        status: { code: SpanStatusCode.ERROR },
      });
  });
});
