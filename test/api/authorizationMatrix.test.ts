import { readFileSync } from 'node:fs';
import { GetIdCommand, GetOpenIdTokenCommand } from '@aws-sdk/client-cognito-identity';
import {
  buildSchema,
  type GraphQLObjectType,
  getNamedType,
  isInputObjectType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';

/**
 * Everybody × everything: who may ask for which field of the schema, and what an argument that points at somebody else gets them. The
 * rows are compared with the schema, so that a new field or argument fails here until somebody has said whose it is.
 */
const callers = {
  anonymous: {},
  owner: { user: 'alice' },
  other: { user: 'bob' },
  administrator: { user: 'root', scope: 'openid admin' },
} as const;
type Caller = keyof typeof callers;
const everybody = Object.keys(callers) as Caller[];

let stack: Stack;
/** Identity ids of those who have one. */
const ids = { owner: '', other: '', administrator: '' };
beforeAll(async () => {
  stack = await startStack({
    env: { USER_REQUESTS_PER_MINUTE: '10000', COGNITO_REQUESTS_PER_SECOND: '1000' },
  });
  for (const caller of ['owner', 'other', 'administrator'] as const)
    ids[caller] = await identityOf(callers[caller].user);
});
afterAll(() => stack.stop());
beforeEach(() => void stack.upstreamCalls());

const issue = 'mutation { cognitoCredentials { identityId openIdToken } }';
const credentialsOf = async (user: string) =>
  (await stack.send({ query: issue, user })).data.cognitoCredentials;
const identityOf = async (user: string): Promise<string> => (await credentialsOf(user)).identityId;

/** A guest of the pool as a frontend makes one. */
async function newGuest() {
  const { cognito } = stack.clients;
  const { IdentityId = '' } = await cognito.send(new GetIdCommand({ IdentityPoolId: stack.identityPoolId }));
  const { Token = '' } = await cognito.send(new GetOpenIdTokenCommand({ IdentityId }));
  return { guestIdentityId: IdentityId, guestOpenIdToken: Token };
}
let made = 0;
/** Somebody to be changed by an administrator. */
async function newUser() {
  made++;
  const user = `user-${made}`;
  return { user, identityId: await identityOf(user) };
}
const literal = (input: object) =>
  `(input: {${Object.entries(input)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join(', ')}})`;

type Outcome = 'UNAUTHENTICATED' | 'FORBIDDEN' | 'null' | 'data';
interface Row {
  /** What stands behind the field's name. Whoever may not ask points at what is there: it would work for those who may. */
  readonly args: (caller: Caller) => Promise<string> | string;
  readonly outcomes: readonly [anonymous: Outcome, owner: Outcome, other: Outcome, administrator: Outcome];
}
const forUsers = ['UNAUTHENTICATED', 'data', 'data', 'data'] as const;
const forAdministrators = ['UNAUTHENTICATED', 'FORBIDDEN', 'FORBIDDEN', 'data'] as const;
const toBeChanged = async (caller: Caller) =>
  caller === 'administrator' ? newUser() : { user: 'alice', identityId: ids.owner };

const roots: Readonly<Record<string, Row>> = {
  'Query.me': { args: () => '', outcomes: forUsers },
  'Query.identity': {
    args: () => `(id: "${ids.owner}")`,
    outcomes: ['UNAUTHENTICATED', 'data', 'null', 'data'],
  },
  'Query.identityByDeveloperUserIdentifier': {
    args: () => '(developerUserIdentifier: "alice")',
    outcomes: forAdministrators,
  },
  'Query.identities': { args: () => '', outcomes: forAdministrators },
  'Query.identityPool': { args: () => '', outcomes: forAdministrators },
  'Mutation.cognitoCredentials': { args: () => '', outcomes: forUsers },
  'Mutation.linkGuestIdentity': { args: async () => literal(await newGuest()), outcomes: forUsers },
  'Mutation.mergeDeveloperIdentities': {
    args: async (caller) =>
      literal({
        sourceUserIdentifier: (await toBeChanged(caller)).user,
        destinationUserIdentifier: caller === 'administrator' ? (await newUser()).user : 'bob',
      }),
    outcomes: forAdministrators,
  },
  'Mutation.unlinkDeveloperIdentity': {
    args: async (caller) => {
      const { user, identityId } = await toBeChanged(caller);
      return literal({ identityId, developerUserIdentifier: user });
    },
    outcomes: forAdministrators,
  },
  'Mutation.deleteIdentities': {
    args: async (caller) => literal({ identityIds: [(await toBeChanged(caller)).identityId] }),
    outcomes: forAdministrators,
  },
};

/** The fields below the roots. Who may have the object may have each of them; what may not be so gets rights of its own. */
const members: Readonly<Record<string, string>> = {
  AwsCredentials: 'accessKeyId expiration secretAccessKey sessionToken',
  CognitoCredentials:
    'awsCredentials expiresAt identityChanged identityId identityPoolId linked loginsKey openIdToken region',
  DeleteIdentitiesPayload: 'deletedIdentityIds unprocessedIdentities',
  DeveloperUserIdentifierConnection: 'edges pageInfo',
  DeveloperUserIdentifierEdge: 'cursor node',
  Identity: 'createdAt developerUserIdentifiers id lastModifiedAt logins',
  IdentityConnection: 'edges pageInfo',
  IdentityEdge: 'cursor node',
  IdentityPool: 'classicFlowAllowed developerProviderName guestsAllowed id name region',
  PageInfo: 'endCursor hasNextPage hasPreviousPage startCursor',
  UnprocessedIdentity: 'identityId reason',
  Viewer: 'administrator identity userId',
};

const schema = buildSchema(readFileSync('schema/schema.graphql', 'utf8'));
const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));
const objects = types.filter(isObjectType);
const isRoot = ({ name }: { name: string }) => name === 'Query' || name === 'Mutation';

/** Every way from a type to a value, as a selection. */
function selectionsOf(type: GraphQLObjectType): string[] {
  return Object.values(type.getFields()).flatMap(({ name, type, args }) => {
    expect(args.filter(isRequiredArgument)).toEqual([]);
    const inner = getNamedType(type);
    return isObjectType(inner) ? selectionsOf(inner).map((selection) => `${name} { ${selection} }`) : [name];
  });
}

const cases = objects
  .filter(isRoot)
  .flatMap((root) =>
    Object.values(root.getFields()).flatMap((field) =>
      selectionsOf(getNamedType(field.type) as GraphQLObjectType).map(
        (selection) => [`${root.name}.${field.name}`, selection] as const,
      ),
    ),
  );

describe('the matrix', () => {
  it('has a row for every root field', () => {
    const fields = objects
      .filter(isRoot)
      .flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`));
    expect(Object.keys(roots).sort()).toEqual(fields.sort());
  });

  it('knows every other field', () => {
    const others = objects.filter((type) => !isRoot(type));
    expect(
      Object.fromEntries(others.map((type) => [type.name, Object.keys(type.getFields()).sort().join(' ')])),
    ).toEqual(members);
  });

  it('has a row for every argument and every member of an input', () => {
    const ofFields = objects.flatMap((type) =>
      Object.values(type.getFields()).flatMap(({ name, args }) =>
        args.map((arg) => `${type.name}.${name}(${arg.name}:)`),
      ),
    );
    const ofInputs = types
      .filter(isInputObjectType)
      .flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`));
    const plain = ofFields.filter((coordinate) => !coordinate.endsWith('(input:)'));
    expect([...new Set(argumentRows.map(([coordinate]) => coordinate))].sort()).toEqual(
      [...plain, ...ofInputs].sort(),
    );
  });
});

function expectOutcome(answer: Awaited<ReturnType<Stack['send']>>, outcome: Outcome): void {
  if (outcome === 'data' || outcome === 'null') {
    expect(answer.errors).toBeUndefined();
    expect(Object.values(answer.data)[0] === null).toBe(outcome === 'null');
    return;
  }
  expect(answer.errors?.map(({ extensions }) => extensions['code'])).toEqual([outcome]);
  expect(answer.status).toBe(outcome === 'UNAUTHENTICATED' ? 401 : 200);
  expect(Object.values(answer.data ?? {}).filter((value) => value !== null)).toEqual([]);
  expect(stack.upstreamCalls()).toEqual([]);
}

describe.each(everybody)('%s', (caller) => {
  it.each(cases)('%s { %s }', async (root, selection) => {
    const { args, outcomes } = roots[root] as Row;
    const [operation = '', field = ''] = root.split('.');
    const query = `${operation.toLowerCase()} { ${field}${await args(caller)} { ${selection} } }`;
    stack.upstreamCalls();
    expectOutcome(
      await stack.send({ query, ...callers[caller] }),
      outcomes[everybody.indexOf(caller)] as Outcome,
    );
  });
});

/** What the other user gets who points an argument at the owner, or at what administrators may have. */
const own = (data: unknown) => JSON.stringify(data).includes(ids.other);
const argumentRows: readonly (readonly [
  coordinate: string,
  what: string,
  query: () => Promise<string> | string,
  outcome: Outcome | 'own',
])[] = [
  ['Query.identity(id:)', "the owner's", () => `{ identity(id: "${ids.owner}") { id } }`, 'null'],
  [
    'Query.identity(id:)',
    'of nobody',
    () => '{ identity(id: "us-east-1:00000000-0000-4000-8000-000000000000") { id } }',
    'null',
  ],
  ['Query.identity(id:)', 'their own', () => `{ identity(id: "${ids.other}") { id } }`, 'own'],
  ...['alice', 'bob', 'nobody'].map(
    (user) =>
      [
        'Query.identityByDeveloperUserIdentifier(developerUserIdentifier:)',
        user,
        () => `{ identityByDeveloperUserIdentifier(developerUserIdentifier: "${user}") { id } }`,
        'FORBIDDEN',
      ] as const,
  ),
  ...['first: 1', 'after: "x"', 'hideDisabled: false'].map(
    (argument) =>
      [
        `Query.identities(${argument.split(' ')[0]})`,
        argument,
        () => `{ identities(${argument}) { edges { node { id } } } }`,
        'FORBIDDEN',
      ] as const,
  ),
  ...['first: 60', 'after: null'].flatMap((argument) => {
    const coordinate = `Identity.developerUserIdentifiers(${argument.split(' ')[0]})`;
    const selection = `{ id developerUserIdentifiers(${argument}) { edges { node } } }`;
    return [
      [coordinate, "the owner's", () => `{ identity(id: "${ids.owner}") ${selection} }`, 'null'] as const,
      [coordinate, 'their own', () => `{ me { identity ${selection} } }`, 'own'] as const,
    ];
  }),
  ...['previousIdentityId', 'renew', 'tokenDuration'].map(
    (member) =>
      [
        `CognitoCredentialsInput.${member}`,
        'beside their own',
        () => {
          const value = { previousIdentityId: ids.owner, renew: true, tokenDuration: 60 }[member];
          return `mutation { cognitoCredentials${literal({ [member]: value })} { identityId } }`;
        },
        'own',
      ] as const,
  ),
  ...(
    [
      [
        'guestIdentityId',
        "the owner's, with the token of a guest",
        async () => ({ ...(await newGuest()), guestIdentityId: ids.owner }),
        'FORBIDDEN',
      ],
      [
        'guestOpenIdToken',
        "the owner's own",
        async () => ({
          guestIdentityId: ids.owner,
          guestOpenIdToken: (await credentialsOf('alice')).openIdToken,
        }),
        'FORBIDDEN',
      ],
      ['tokenDuration', 'beside a guest', async () => ({ ...(await newGuest()), tokenDuration: 60 }), 'own'],
    ] as const
  ).map(
    ([member, what, input, outcome]) =>
      [
        `LinkGuestIdentityInput.${member}`,
        what,
        async () => `mutation { linkGuestIdentity${literal(await input())} { identityId } }`,
        outcome,
      ] as const,
  ),
  ...(
    [
      ['sourceUserIdentifier', 'alice', 'bob'],
      ['destinationUserIdentifier', 'bob', 'alice'],
    ] as const
  ).map(
    ([member, source, destination]) =>
      [
        `MergeDeveloperIdentitiesInput.${member}`,
        'the owner',
        () =>
          `mutation { mergeDeveloperIdentities${literal({ sourceUserIdentifier: source, destinationUserIdentifier: destination })} { id } }`,
        'FORBIDDEN',
      ] as const,
  ),
  ...(
    [
      ['identityId', "the owner's", 'owner', 'bob'],
      ['identityId', 'their own', 'other', 'bob'],
      ['developerUserIdentifier', 'the owner', 'other', 'alice'],
    ] as const
  ).map(
    ([member, what, whose, user]) =>
      [
        `UnlinkDeveloperIdentityInput.${member}`,
        what,
        () =>
          `mutation { unlinkDeveloperIdentity${literal({ identityId: ids[whose], developerUserIdentifier: user })} { id } }`,
        'FORBIDDEN',
      ] as const,
  ),
  ...(['owner', 'other'] as const).map(
    (whose) =>
      [
        'DeleteIdentitiesInput.identityIds',
        `of the ${whose}`,
        () => `mutation { deleteIdentities${literal({ identityIds: [ids[whose]] })} { deletedIdentityIds } }`,
        'FORBIDDEN',
      ] as const,
  ),
];

describe('an argument of another user', () => {
  it.each(argumentRows)('%s %s', async (coordinate, _, query, outcome) => {
    const text = await query();
    stack.upstreamCalls();
    const answer = await stack.send({ query: text, ...callers.other });
    if (outcome === 'own') {
      expect(answer.errors).toBeUndefined();
      expect([own(answer.data), answer.text.includes(ids.owner)]).toEqual([true, false]);
    } else if (coordinate.startsWith('LinkGuestIdentityInput')) {
      // Here Cognito has to be asked first; but nothing is linked.
      expect(answer.errors?.map(({ extensions }) => extensions['code'])).toEqual([outcome]);
      expect(stack.upstreamCalls()).not.toContain('GetOpenIdTokenForDeveloperIdentity');
    } else expectOutcome(answer, outcome as Outcome);
  });

  it('has changed nothing', async () => {
    expect([await identityOf('alice'), await identityOf('bob')]).toEqual([ids.owner, ids.other]);
  });
});
