import { execute, extendSchema, parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuditEvent, type CognitoService, createCognitoService, ServiceError } from '../../src/index.ts';
import { developerProviderName, type Stack, startStack } from '../support/stack.ts';

let stack: Stack;
let cognito: CognitoService;
const records: AuditEvent[] = [];
beforeAll(async () => {
  stack = await startStack();
  const { identityPoolId, cognitoUrl } = stack;
  cognito = createCognitoService({
    identityPoolId,
    developerProviderName,
    endpoint: cognitoUrl,
    audit: { write: async (event) => void records.push(event) },
  });
});
afterAll(async () => {
  await cognito.close();
  await stack.stop();
});

const query = 'mutation { cognitoCredentials { identityId awsCredentials { sessionToken } } }';
const issued = {
  cognitoCredentials: {
    identityId: expect.stringMatching(/^us-east-1:[0-9a-f-]{36}$/),
    awsCredentials: { sessionToken: expect.any(String) },
  },
};

describe('embedded', () => {
  it('in plain graphql-js, with another field beside it', async () => {
    const schema = extendSchema(await cognito.schema(), parse('extend type Query { hello: String! }'));
    Object.assign(schema.getQueryType()?.getFields()['hello'] ?? {}, { resolve: () => 'hello' });

    const issuing = { schema, document: parse(query), contextValue: cognito.context({ userId: 'alice' }) };
    expect(await execute(issuing)).toEqual({ data: issued });
    expect(records.at(-1)).toMatchObject({ action: 'issue', outcome: 'OK', userId: 'alice' });
    const document = parse('{ hello me { userId administrator } }');
    expect(validate(schema, document)).toEqual([]);
    const contextValue = cognito.context({ userId: 'dave', administrator: true });
    expect(await execute({ schema, document, contextValue })).toEqual({
      data: { hello: 'hello', me: { userId: 'dave', administrator: true } },
    });
  });
});

describe('a service for a host', () => {
  it.each([[undefined], [''], ['x'.repeat(1025)], ['a\u0000b'], ['\ud800'], [7]])(
    'takes no user id like %j',
    (userId) => {
      expect(() => cognito.context({ userId: userId as string })).toThrow(TypeError);
    },
  );

  it('issues nothing when the host cannot write its audit record', async () => {
    const { identityPoolId, cognitoUrl } = stack;
    const strict = createCognitoService({
      identityPoolId,
      developerProviderName,
      endpoint: cognitoUrl,
      audit: {
        write: async () => {
          throw new ServiceError('AUDIT_UNAVAILABLE', 'The audit log cannot be written.');
        },
      },
    });
    const schema = await strict.schema();
    const contextValue = strict.context({ userId: 'erin' });
    const { data, errors } = await execute({ schema, document: parse(query), contextValue });
    expect([data, errors?.[0]?.extensions]).toEqual([null, { code: 'AUDIT_UNAVAILABLE' }]);
  });

  it('refuses a pool id that is none', () => {
    expect(() => createCognitoService({ identityPoolId: 'pool', developerProviderName: 'd' })).toThrow(
      TypeError,
    );
  });

  it.each([
    [{ tokenDuration: 59 }, 'tokenDuration'],
    [{ tokenDuration: 86_401 }, 'tokenDuration'],
    [{ tokenDuration: 90.5 }, 'tokenDuration'],
    [{ minTokenLife: 900 }, 'minTokenLife'],
    [{ minTokenLife: -1 }, 'minTokenLife'],
    [{ userIdHmacKey: new Uint8Array(31) }, 'userIdHmacKey'],
    [{ requestsPerSecond: 0 }, 'ratePerSecond'],
    [{ userRequestsPerMinute: 0 }, 'requestsPerMinute'],
  ])('refuses %j, which is out of its range', (option, named) => {
    const { identityPoolId } = stack;
    expect(() => createCognitoService({ identityPoolId, developerProviderName, ...option })).toThrow(
      expect.objectContaining({ name: 'RangeError', message: expect.stringContaining(named) }),
    );
  });

  it('answers with the key of Logins that the host has chosen', async () => {
    const { identityPoolId, cognitoUrl } = stack;
    const elsewhere = createCognitoService({
      identityPoolId,
      developerProviderName,
      endpoint: cognitoUrl,
      loginsKey: 'cognito-identity.example',
      audit: { write: async () => undefined },
    });
    const schema = await elsewhere.schema();
    const contextValue = elsewhere.context({ userId: 'frank' });
    const document = parse('mutation { cognitoCredentials { loginsKey } }');
    expect(await execute({ schema, document, contextValue })).toEqual({
      data: { cognitoCredentials: { loginsKey: 'cognito-identity.example' } },
    });
  });

  it('keeps what went wrong unexpectedly from clients, and hands it to the host', async () => {
    const { identityPoolId, cognitoUrl } = stack;
    const fault = new Error('connect ECONNREFUSED 10.0.0.7:514');
    const broken = createCognitoService({
      identityPoolId,
      developerProviderName,
      endpoint: cognitoUrl,
      audit: { write: () => Promise.reject(fault) },
    });
    const schema = await broken.schema();
    const contextValue = broken.context({ userId: 'grace' });
    const { errors } = await execute({ schema, document: parse(query), contextValue });
    expect(errors?.map((error) => error.toJSON())).toEqual([
      expect.objectContaining({
        message: 'Something went wrong on our side.',
        extensions: { code: 'INTERNAL_SERVER_ERROR' },
      }),
    ]);
    const [error] = errors ?? [];
    expect(error?.originalError).toMatchObject({ originalError: fault });
  });

  it('shows the error of a field that failed alone as one of its own making', async () => {
    const { emulator } = stack;
    const schema = await cognito.schema();
    const contextValue = cognito.context({ userId: 'heidi' });
    emulator.faults.add({
      operation: 'GetCredentialsForIdentity',
      error: { name: 'InvalidIdentityPoolConfigurationException' },
    });
    const { data, errors } = await execute({ schema, document: parse(query), contextValue });
    emulator.faults.clear();
    expect(data).toMatchObject({ cognitoCredentials: { awsCredentials: null } });
    expect(errors?.[0]?.extensions).toEqual({ code: 'UPSTREAM_MISCONFIGURED' });
    expect(errors?.[0]?.originalError).toMatchObject({
      name: 'GraphQLError',
      cause: { name: 'ServiceError' },
    });
  });
});
