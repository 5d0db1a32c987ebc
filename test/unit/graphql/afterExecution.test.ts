import { GraphQLError } from 'graphql';
import { describe, expect, it } from 'vitest';
import { countRootFields, headOf, reportUnexpected } from '../../../src/graphql/afterExecution.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { captureText } from '../../support/writtenLogs.ts';

const errorOf = (code: string, more: object = {}) => ({ message: 'no', extensions: { code, ...more } });

describe('the status of an answer', () => {
  it('is that of the first error that has one, with its headers', () => {
    const head = headOf(null, [errorOf('FORBIDDEN'), errorOf('UPSTREAM_THROTTLED', { retryAfter: 7 })]);
    expect([head?.status, head?.headers.get('retry-after')]).toEqual([503, '7']);
  });

  it.each([[null], [undefined], [{ me: null, identity: null }]])(
    'is that of the error beside the data %o',
    (data) => expect(headOf(data, [errorOf('UNAUTHENTICATED')])?.status).toBe(401),
  );

  it('is a good one beside any data: what was issued is not to be taken for a failure', () => {
    expect(headOf({ cognitoCredentials: {}, me: null }, [errorOf('UPSTREAM_UNAVAILABLE')])).toBeNull();
    expect(headOf({ none: 0 }, [errorOf('UPSTREAM_UNAVAILABLE')])).toBeNull();
  });

  it('is left alone where the code asks for nothing special', () => {
    expect(headOf(null, [errorOf('FORBIDDEN')])).toBeNull();
    expect(headOf(null, [])).toBeNull();
  });
});

describe('an unexpected error', () => {
  it('gets the request id and is written to the log, and no other is', async () => {
    const log = captureText();
    const [expected, unexpected] = [errorOf('NOT_FOUND'), errorOf('INTERNAL_SERVER_ERROR')];
    reportUnexpected(
      [
        new GraphQLError('not found'),
        new GraphQLError('wrapped', { originalError: new Error('the reason') }),
      ],
      [expected, unexpected],
      'r1',
      createLogger('info', log.stream),
    );
    expect(expected.extensions).toEqual({ code: 'NOT_FOUND' });
    expect(unexpected.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', requestId: 'r1' });
    await expect.poll(log.text).toContain('"requestId":"r1"');
    expect(log.text()).toContain('the reason');
    expect(log.text()).not.toContain('not found');
  });
});

describe('the count of root fields', () => {
  const counted = (data: Record<string, unknown> | null, errors: object[]) => {
    const counts: [string, string][] = [];
    const fields = new Map([
      ['a', 'me'],
      ['b', 'identity'],
    ]);
    countRootFields((field, code) => counts.push([field, code]), fields, data, errors as never);
    return counts;
  };

  it('names the field and the code of the error in or below it', () => {
    const below = { ...errorOf('NOT_FOUND'), path: ['b', 'logins', 0] };
    expect(counted({ a: {}, b: null }, [below])).toEqual([
      ['me', 'OK'],
      ['identity', 'NOT_FOUND'],
    ]);
  });

  it('gives an error of the whole to every field', () => {
    expect(counted(null, [errorOf('UNAUTHENTICATED')])).toEqual([
      ['me', 'UNAUTHENTICATED'],
      ['identity', 'UNAUTHENTICATED'],
    ]);
  });

  it('leaves out what was left out by a directive', () => {
    expect(counted({ a: {} }, [])).toEqual([['me', 'OK']]);
    expect(counted(null, [])).toEqual([]);
  });
});
