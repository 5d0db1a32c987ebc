import type { Suite } from './session.ts';
import { clientSize } from './suites/clientSize.ts';
import { coldStart } from './suites/coldStart.ts';
import { coldUser, mixedLoad } from './suites/coldUser.ts';
import { emulator } from './suites/emulator.ts';
import { manyUsers, millionUsers } from './suites/manyUsers.ts';
import { memory } from './suites/memory.ts';
import { overHttp } from './suites/overHttp.ts';
import { verification } from './suites/verification.ts';
import { graphqlRequest, mainMutation, userCount } from './users.ts';

const steadyLoad = 0.7;

export const suites: Readonly<Record<string, Suite>> = {
  mutation: {
    about: `the main mutation, ${userCount} users with RS256 and ES256 tokens, everything served from memory`,
    run: overHttp('mutation', 200, ({ tokens }) =>
      tokens.map((token) => graphqlRequest(mainMutation, token)),
    ),
  },
  steady: {
    about: `the same at ${steadyLoad * 100} % of what each server can do: what counts there is the time until the answer`,
    unnamed: 'not with --quick',
    run: overHttp('steady', 200, ({ tokens }) => tokens.map((token) => graphqlRequest(mainMutation, token)), {
      load: steadyLoad,
    }),
  },
  coldUser: {
    about: 'the main mutation with a new token each time, from an upstream that answers at once',
    run: coldUser,
  },
  mixedLoad: { about: 'the main mutation, one in ten with a new token', run: mixedLoad },
  manyUsers: {
    about: 'the main mutation from memory, by number of users',
    run: manyUsers,
    unnamed: 'not with --quick',
  },
  millionUsers: {
    about: 'the same with a million, which takes the better part of an hour; only by name',
    run: millionUsers,
    unnamed: 'never',
  },
  lookup: {
    about:
      'a query for the signed-in user, without a call at Cognito (those have a fixed budget of 25 a second)',
    run: overHttp('lookup', 200, ({ tokens }) =>
      tokens.map((token) => graphqlRequest({ query: 'query { me { userId administrator } }' }, token)),
    ),
  },
  invalidToken: {
    about: 'the main mutation with a signature that is not right: checked and refused each time',
    run: overHttp('invalidToken', 401, ({ badTokens }) =>
      badTokens.map((token) => graphqlRequest(mainMutation, token)),
    ),
  },
  verification: {
    about: 'checking a bearer token, without HTTP',
    run: verification,
    unnamed: 'not with --quick',
  },
  memory: { about: 'memory for one cached token of 905 characters, by number of users', run: memory },
  coldStart: { about: 'from the start of the process to the first answer, in ms', run: coldStart },
  emulator: {
    about: 'embedded Cognito: GetOpenIdTokenForDeveloperIdentity over HTTP against RSA-2048 signing alone',
    run: emulator,
  },
  client: { about: 'size of the client in a browser bundle, gzipped', run: clientSize },
};
