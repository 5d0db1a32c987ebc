import { afterEach, expect, it } from 'vitest';
import type { Authenticator } from '../../src/auth/authenticator.ts';
import { ServiceError } from '../../src/errors.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { captureText } from '../support/writtenLogs.ts';

let stack: Stack;
afterEach(() => stack.stop());

async function ask(authenticator: Authenticator) {
  const log = captureText();
  stack = await startStack({ parts: { authenticator, logger: createLogger('info', log.stream) } });
  stack.upstreamCalls();
  const answer = await stack.send({
    query: 'mutation { cognitoCredentials { identityId } }',
    headers: { 'x-request-id': 'r1' },
  });
  expect(stack.upstreamCalls()).toEqual([]);
  return {
    answer,
    lines: log
      .text()
      .split('\n')
      .filter((line) => line.includes('"r1"')),
  };
}

it('a fault of an authenticator is hidden behind the request id, and in the log as a fault', async () => {
  const { answer, lines } = await ask({
    authenticate: async () => {
      throw new TypeError('no such column: users.token');
    },
  });
  expect([answer.status, answer.headers.get('x-request-id')]).toEqual([500, 'r1']);
  expect(answer.errors).toEqual([
    {
      message: 'Something went wrong on our side. The request id names it in the log of the server.',
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    },
  ]);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('no such column');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'error' });
});

it.each([
  ['UNAUTHENTICATED', 401, 'info'],
  ['AUTH_UNAVAILABLE', 503, 'warn'],
] as const)(
  'what it refuses with %s is told with its words, and in the log as no fault',
  async (code, status, level) => {
    const { answer, lines } = await ask({
      authenticate: async () => {
        throw new ServiceError(code, 'Sign in at the desk.', { cause: new Error('the reason') });
      },
    });
    expect([answer.status, answer.errors]).toEqual([
      status,
      [{ message: 'Sign in at the desk.', extensions: { code } }],
    ]);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level, code, msg: 'A request was not authenticated', err: { message: 'the reason' } },
    ]);
  },
);
