import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createEmulator, type Emulator } from '../../src/emulator/index.ts';
import { createPoolClients, destroyClients } from '../../src/pool/awsClients.ts';
import { provisionPool } from '../../src/pool/provisionPool.ts';
import { bundleExample } from '../support/bundleExample.ts';
import { type InstalledPackage, installPackage } from '../support/installedPackage.ts';

vi.setConfig({ testTimeout: 60_000 });

/** The examples of the README as they are, in the folder of somebody who has installed the package, with the embedded Cognito for AWS. */
let installed: InstalledPackage;
let emulator: Emulator;
let identityPoolId: string;
const developerProviderName = 'login.app';
beforeAll(async () => {
  emulator = createEmulator();
  const { url } = await emulator.listen();
  const clients = createPoolClients({
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    endpoints: { cognitoIdentity: url, sts: url, iam: url },
  });
  const pool = { poolName: 'app', developerProviderName, allowGuests: true, allowClassicFlow: true };
  ({ identityPoolId } = await provisionPool({ ...pool, withTags: false }, clients));
  destroyClients(clients);
  // In production, so that what only a trial needs is not there.
  vi.stubEnv('NODE_ENV', 'production');
  vi.stubEnv('AWS_ENDPOINT_URL_COGNITO_IDENTITY', url);
  vi.stubEnv('COGNITO_IDENTITY_POOL_ID', identityPoolId);
  vi.stubEnv('COGNITO_DEVELOPER_PROVIDER_NAME', developerProviderName);
  vi.stubEnv('LOG_LEVEL', 'silent');
  installed = await installPackage();
  vi.stubEnv('AUDIT_FILE', join(installed.home, 'audit.log'));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await emulator.close();
  await installed?.remove();
});

/** Runs code after an example, with what the example exports in `example`, and resolves with the code's `answer`. */
async function runExample<T>(name: string, code: string): Promise<T> {
  const filledIn = {
    'us-east-1:11111111-2222-4333-8444-555555555555': identityPoolId,
    '/var/log/cognito-graphql.log': join(installed.home, 'audit.log'),
    4000: '0',
  };
  // The host's own server is part of the module, so that it and the package share one copy of graphql.
  const shared = ['cognito-graphql', 'graphql', 'type-graphql', 'reflect-metadata'];
  const module = await bundleExample(`test/embed/examples/${name}.ts`, installed.home, filledIn, shared);
  const output = await installed.script(`
    const example = await import('./${module}');
    const listening = async (server) => {
      if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
      return 'http://127.0.0.1:' + server.address().port;
    };
    const ask = async (url, query, session) => {
      const headers = { 'content-type': 'application/json', ...(session && { authorization: 'Session ' + session }) };
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) });
      return response.json();
    };
    const issue = 'mutation { cognitoCredentials { identityId loginsKey } }';
    const tooShort = 'mutation { cognitoCredentials(input: { tokenDuration: 5 }) { region } }';
    ${code}
    process.stdout.write(JSON.stringify(answer));
    process.exit(0);`);
  return JSON.parse(output);
}

const issued = (identityId: unknown = expect.stringMatching(/^us-east-1:[0-9a-f-]{36}$/)) => ({
  data: { cognitoCredentials: { identityId, loginsKey: 'cognito-identity.amazonaws.com' } },
});
const refused = (code: string) => ({
  errors: [expect.objectContaining({ extensions: expect.objectContaining({ code }) })],
  data: null,
});

describe('the examples of embedding', () => {
  it('issue in an Apollo Server, refuse with the documented codes, and write their audit log', async () => {
    const answers = await runExample<object[]>(
      'apolloServer',
      `const answer = [await ask(example.url, issue, 'alice'), await ask(example.url, issue), await ask(example.url, tooShort, 'alice')];`,
    );
    expect(answers).toEqual([issued(), refused('UNAUTHENTICATED'), refused('BAD_USER_INPUT')]);
    const records = (await readFile(join(installed.home, 'audit.log'), 'utf8')).trim().split('\n');
    expect(JSON.parse(records[0] ?? '')).toMatchObject({ action: 'issue', outcome: 'OK', userId: 'alice' });
  });

  it('stand in a type-graphql schema next to the resolvers of the host', async () => {
    const code = `
      const { graphql } = await import('graphql');
      const { createCognitoService } = await import('cognito-graphql');
      const cognito = createCognitoService({ identityPoolId: '${identityPoolId}', developerProviderName: '${developerProviderName}', audit: '/dev/null' });
      const as = (caller, source) => graphql({ schema: example.schema, source, contextValue: cognito.context(caller) });
      const answer = [await as({ userId: 'bob' }, '{ news me { userId } }'), await as({ userId: 'bob' }, issue), await as(null, issue)];`;
    expect(await runExample('typeGraphql', code)).toEqual([
      { data: { news: 'none', me: { userId: 'bob' } } },
      issued(),
      refused('UNAUTHENTICATED'),
    ]);
  });

  it('merge SDL and resolvers into a Yoga, whose hiding of errors lets the codes through', async () => {
    const code = `
      const url = await listening(example.server) + '/graphql';
      const answer = [await ask(url, '{ news me { userId } }', 'carol'), await ask(url, issue, 'carol'), await ask(url, issue), await ask(url, tooShort, 'carol')];`;
    expect(await runExample('yoga', code)).toEqual([
      { data: { news: 'none', me: { userId: 'carol' } } },
      issued(),
      refused('UNAUTHENTICATED'),
      refused('BAD_USER_INPUT'),
    ]);
  });

  it.each([
    ['nodeHttp', 'a node:http server'],
    ['express', 'an Express app'],
    ['fastify', 'a Fastify app'],
  ])(
    'mount the whole service, as %s.ts does in %s, with the login of the host and no setting of a login',
    async (name) => {
      const code = `
      const url = await listening(example.server);
      const rest = await (await fetch(url)).text();
      const get = await fetch(url + '/graphql', { method: 'DELETE' });
      const answer = { rest, allow: get.headers.get('allow'), answers: [
        await ask(url + '/graphql', issue, 'dave'), await ask(url + '/graphql', issue)] };`;
      expect(await runExample(name, code)).toEqual({
        rest: 'the rest of your service',
        allow: 'GET, POST, OPTIONS',
        answers: [
          issued(),
          { errors: [expect.objectContaining({ extensions: { code: 'UNAUTHENTICATED' } })] },
        ],
      });
    },
  );
});
