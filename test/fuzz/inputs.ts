import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';

/** Stands in every value that is sent, and must come back in no answer and no log line. */
export const marker = 'MARKER7f3a';

export interface Input {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly as?: 'user' | 'administrator';
}

const folder = 'schema/operations';
export const documents = readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`, 'utf8'));

const jsonHeaders = { 'content-type': 'application/json' };
const post = (body: string | Uint8Array, rest: Partial<Input> = {}): Input => ({
  method: 'POST',
  path: '/graphql',
  headers: jsonHeaders,
  body,
  ...rest,
});
/** Mostly somebody, so that the input gets past the door. */
const caller = fc.constantFrom('user', 'user', 'administrator', undefined);
const as = (who: Input['as']) => (who === undefined ? {} : { as: who });

const words = [
  ...'{ } ( ) [ ] : ! $ @ = | & ... , # " """ \\ \n \0 \ufeff -1 0 1e999 true null'.split(' '),
  ...'query mutation subscription fragment on me identity identities identityPool cognitoCredentials userId id'.split(
    ' ',
  ),
  ...'input first after edges node pageInfo __schema __type __typename include skip if a b f Query Mutation'.split(
    ' ',
  ),
  `"${marker}"`,
  '$v',
];
const tokens = fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((list) => list.join(' '));
const deep = fc
  .tuple(
    fc.constantFrom('{ me', '[', '{a:', '(a:{', '... on Query {', '@a(b:['),
    fc.integer({ min: 1, max: 3_000 }),
  )
  .map(([part, times]) => part.repeat(times));
/** A document of the product with a piece of it gone, doubled, or replaced. */
const damaged = fc
  .tuple(
    fc.constantFrom(...documents),
    fc.nat(400),
    fc.nat(40),
    fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 12 })),
  )
  .map(([text, at, length, inserted]) => text.slice(0, at) + inserted + text.slice(at + length));

export const anyDocument = fc
  .tuple(fc.oneof(tokens, damaged, damaged, deep, fc.string({ unit: 'binary', maxLength: 80 })), caller)
  .map(([query, who]) => post(JSON.stringify({ query }), as(who)));

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }).map((value) => marker + value),
  fc.constantFrom('', '\ud800', '\0', `${marker}${'x'.repeat(2_000)}`, `us-east-1:${marker}`),
  fc.constant('us-east-1:00000000-0000-4000-8000-000000000000'),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 60, 900, 2 ** 31, 1e308),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.dictionary(
      fc.constantFrom(
        'identityId',
        'identityIds',
        'tokenDuration',
        'guestOpenIdToken',
        'developerUserIdentifier',
        '__proto__',
        'x',
      ),
      tie('any'),
      { maxKeys: 4 },
    ),
  ),
})).any;
const inputFields = fc.record(
  {
    identityId: text,
    developerUserIdentifier: text,
    identityIds: fc.array(text, { maxLength: 70 }),
    sourceUserIdentifier: text,
    destinationUserIdentifier: text,
    guestIdentityId: text,
    guestOpenIdToken: fc.oneof(text, fc.constant(`eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.${marker}`)),
    tokenDuration: fc.oneof(fc.integer(), value),
    previousIdentityId: text,
  },
  { requiredKeys: [] },
);
export const anyVariables = fc
  .tuple(
    // What issues a good token costs a signature; the others show the same.
    fc.constantFrom(...documents),
    fc.record(
      {
        input: fc.oneof(inputFields, value),
        id: text,
        first: value,
        after: value,
        developerUserIdentifier: value,
        hideDisabled: value,
      },
      { requiredKeys: [] },
    ),
    caller,
    fc.oneof(
      { weight: 8, arbitrary: fc.constant({}) },
      { weight: 1, arbitrary: fc.record({ operationName: value, extensions: value, variables: value }) },
    ),
  )
  .map(([query, variables, who, rest]) => post(JSON.stringify({ query, variables, ...rest }), as(who)));

const headerText = fc.oneof(
  fc.string({ maxLength: 60 }).map((value) => value.trim()),
  fc.constantFrom(
    '*/*',
    'application/json',
    'text/html',
    'gzip',
    'identity',
    'utf-8',
    '0',
    'null',
    ',,;=',
    '1'.repeat(5_000),
  ),
);
const headerName = fc.constantFrom(
  ...'accept accept-encoding accept-language content-type content-encoding origin cookie x-request-id traceparent tracestate'.split(
    ' ',
  ),
  ...'x-forwarded-for forwarded x-apollo-operation-name apollo-require-preflight authorization if-none-match range referer'.split(
    ' ',
  ),
);
export const anyHeaders = fc
  .tuple(
    fc.dictionary(headerName, headerText, { maxKeys: 5 }),
    fc.boolean(),
    fc.constantFrom('POST', 'POST', 'GET', 'OPTIONS'),
  )
  .map(([headers, signedIn, method]): Input => {
    const search = new URLSearchParams({ query: '{ me { userId } }' });
    return method === 'POST'
      ? post(JSON.stringify({ query: '{ me { userId } }' }), {
          headers: { ...jsonHeaders, ...headers },
          ...as(signedIn ? 'user' : undefined),
        })
      : { method, path: `/graphql?${search}`, headers, ...as(signedIn ? 'user' : undefined) };
  });

const part = (json: unknown) => Buffer.from(JSON.stringify(json)).toString('base64url');
const claims = fc.record(
  {
    iss: value,
    aud: value,
    sub: value,
    exp: fc.oneof(fc.double(), value),
    iat: value,
    nbf: value,
    scope: value,
    roles: value,
  },
  { requiredKeys: [] },
);
const header = fc.record(
  {
    alg: fc.constantFrom('none', 'HS256', 'RS256', 'ES256', 'EdDSA', 'x', ''),
    kid: value,
    typ: value,
    jwk: value,
    jku: text,
    crit: value,
    b64: value,
  },
  { requiredKeys: [] },
);
/** `good` is a token that works: one damaged in a single place is the hardest to refuse. */
export const anyToken = (good: string) =>
  fc
    .oneof(
      fc.tuple(header, claims).map(([h, c]) => `${part(h)}.${part(c)}.${marker}`),
      fc
        .tuple(fc.nat(good.length - 3), fc.constantFrom(...'AZaz09-_.'))
        .map(([at, letter]) => good.slice(0, at) + (good[at] === letter ? '~' : letter) + good.slice(at + 1)),
      fc.nat(good.length - 2).map((length) => good.slice(0, length)),
      fc.string({ maxLength: 100 }).map((value) => value.trim()),
    )
    .chain((token) =>
      fc.constantFrom(
        `Bearer ${token}`,
        `bearer  ${token}`,
        token,
        `Basic ${token}`,
        `Bearer ${token},Bearer ${token}`,
      ),
    )
    .map((authorization) =>
      post('{"query":"{ me { userId } }"}', {
        headers: { ...jsonHeaders, authorization: authorization.trim() },
      }),
    );

export const anyBody = fc
  .tuple(
    fc.oneof<fc.Arbitrary<string | Uint8Array>[]>(
      fc.uint8Array({ maxLength: 200 }),
      value.map((json) => JSON.stringify(json)),
      fc
        .tuple(fc.constantFrom(...documents), fc.nat(300))
        .map(([query, length]) => JSON.stringify({ query }).slice(0, length)),
      fc.integer({ min: 1, max: 40_000 }).map((times) => '['.repeat(times)),
      fc.integer({ min: 1, max: 200_000 }).map((length) => JSON.stringify({ query: '#'.repeat(length) })),
      fc
        .array(fc.constant({ query: '{ me { userId } }' }), { maxLength: 20 })
        .map((batch) => JSON.stringify(batch)),
    ),
    caller,
  )
  .map(([body, who]) => post(body, as(who)));

const places = [
  '/',
  '/graphql',
  '/livez',
  '/readyz',
  '/graphql/',
  '/GRAPHQL',
  '//graphql',
  '/%2e%2e/',
  '/demo/x',
  '/demo-login/token',
];
export const anyPlace = fc
  .tuple(
    fc.constantFrom(...'GET POST PUT DELETE PATCH OPTIONS HEAD TRACE PROPFIND'.split(' ')),
    fc.oneof(
      fc.constantFrom(...places),
      fc.webPath().map((path) => path || '/'),
    ),
    fc.oneof(
      fc.constant(''),
      fc.webQueryParameters().map((query) => `?${query}`),
      fc.constantFrom('?query=%', '?query={me}&query={me}', '?variables={', '?extensions=[]'),
    ),
  )
  .map(([method, path, search]): Input => ({ method, path: path + search, headers: {} }));
