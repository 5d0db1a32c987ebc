import 'reflect-metadata';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { execute, extendSchema, parse, validate } from 'graphql';
import { buildSchema, Query, Resolver } from 'type-graphql';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type AuditEvent,
  authChecker,
  type Caller,
  type CognitoService,
  createApp,
  createCognitoService,
  loadConfig,
  resolvers,
  ServiceError,
} from '../../src/index.ts';
import { silentLogger } from '../support/silentLogger.ts';
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

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** The host's own login, which is none of the service's business. */
async function yourLogin(authorization: string | undefined): Promise<Caller | null> {
  const userId = /^Session (\w+)$/.exec(authorization ?? '')?.[1];
  return userId === undefined ? null : { userId };
}

const query = 'mutation { cognitoCredentials { identityId awsCredentials { sessionToken } } }';
const issued = {
  cognitoCredentials: {
    identityId: expect.stringMatching(/^us-east-1:[0-9a-f-]{36}$/),
    awsCredentials: { sessionToken: expect.any(String) },
  },
};

async function ask(url: string, text: string, session?: string) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(session && { authorization: `Session ${session}` }) },
    body: JSON.stringify({ query: text }),
  });
  return (await response.json()) as { data?: unknown; errors?: { message: string; extensions: object }[] };
}

describe('embedded', () => {
  it('in an Apollo Server of somebody else, with that login', async () => {
    const server = new ApolloServer({ schema: await cognito.schema() });
    const { url } = await startStandaloneServer(server, {
      listen: { port: 0, host: '127.0.0.1' },
      context: async ({ req }) => cognito.context(await yourLogin(req.headers.authorization)),
    });
    closing.push(() => server.stop());

    expect(await ask(url, query, 'alice')).toEqual({ data: issued });
    expect(records.at(-1)).toMatchObject({ action: 'issue', outcome: 'OK', userId: 'alice' });
    const anonymous = await ask(url, query);
    expect(anonymous.errors?.[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED' });
    const wrong = await ask(
      url,
      'mutation { cognitoCredentials(input: { tokenDuration: 5 }) { region } }',
      'alice',
    );
    expect(wrong.errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      problems: [{ field: 'input.tokenDuration' }],
    });
  });

  it('in a type-graphql schema, next to its resolvers', async () => {
    @Resolver()
    class NewsResolver {
      @Query(() => String)
      news(): string {
        return 'none';
      }
    }
    const schema = await buildSchema({
      resolvers: [NewsResolver, ...resolvers],
      container: { get: (Type) => new Type(cognito) },
      authChecker,
      validate: false,
    });

    const contextValue = cognito.context({ userId: 'bob' });
    const both = await execute({ schema, document: parse('{ news me { userId } }'), contextValue });
    expect(both).toEqual({ data: { news: 'none', me: { userId: 'bob' } } });
    expect(await execute({ schema, document: parse(query), contextValue })).toEqual({ data: issued });
  });

  it('in a node:http server, behind an address that it shares', async () => {
    const config = loadConfig({ EMULATOR_PORT: '0', AUDIT_FILE: '/dev/null' });
    const login = {
      authenticate: async () => ({ userId: 'carol', administrator: false, principalTags: {} }),
    };
    const app = createApp(config, { authenticator: login, logger: silentLogger });
    const { handle } = await app.startWithoutListening();
    const server = createServer(async (request, response) => {
      if (request.url !== '/graphql') return void response.end('the rest of your service');
      const { method = 'GET', url: path, headersDistinct, socket } = request;
      const headers = Object.entries(headersDistinct).flatMap(([name, values = []]) =>
        values.map((value) => [name, value] as const),
      );
      const body = Buffer.concat(await request.toArray());
      const clientAddress = socket.remoteAddress ?? '';
      const answer = await handle({ method, path, headers, body, clientAddress });
      response.writeHead(answer.status, answer.headers.flat()).end(answer.body);
    });
    closing.push(
      () => app.stop(),
      () => server.close(),
    );

    const url = await listen(server);
    expect(await ask(`${url}/graphql`, query)).toEqual({ data: issued });
    expect(await (await fetch(`${url}/other`)).text()).toBe('the rest of your service');
    const refused = await fetch(`${url}/graphql`, { method: 'DELETE' });
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, POST, OPTIONS']);
  });

  it('in plain graphql-js, with another field beside it', async () => {
    const schema = extendSchema(await cognito.schema(), parse('extend type Query { hello: String! }'));
    Object.assign(schema.getQueryType()?.getFields()['hello'] ?? {}, { resolve: () => 'hello' });

    const document = parse('{ hello me { userId administrator } }');
    expect(validate(schema, document)).toEqual([]);
    const contextValue = cognito.context({ userId: 'dave', administrator: true });
    expect(await execute({ schema, document, contextValue })).toEqual({
      data: { hello: 'hello', me: { userId: 'dave', administrator: true } },
    });
  });
});

const listen = (server: Server) =>
  new Promise<string>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
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
});
