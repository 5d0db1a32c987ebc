import {
  CognitoIdentityClient,
  CreateIdentityPoolCommand,
  DeleteIdentitiesCommand,
  DeleteIdentityPoolCommand,
  DescribeIdentityCommand,
  DescribeIdentityPoolCommand,
  GetCredentialsForIdentityCommand,
  GetIdCommand,
  GetIdentityPoolRolesCommand,
  GetOpenIdTokenCommand,
  GetOpenIdTokenForDeveloperIdentityCommand,
  GetPrincipalTagAttributeMapCommand,
  ListIdentitiesCommand,
  ListIdentityPoolsCommand,
  ListTagsForResourceCommand,
  LookupDeveloperIdentityCommand,
  MergeDeveloperIdentitiesCommand,
  SetIdentityPoolRolesCommand,
  SetPrincipalTagAttributeMapCommand,
  TagResourceCommand,
  UnlinkDeveloperIdentityCommand,
  UnlinkIdentityCommand,
  UntagResourceCommand,
  UpdateIdentityPoolCommand,
} from '@aws-sdk/client-cognito-identity';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { unsignedOperations } from '../../../src/emulator/operations/index.ts';
import { inputs } from '../../../src/emulator/validation/cognitoShapes.ts';
import { deviations, operationNames, outputMembers, unsignedNames } from './outputShapes.ts';
import {
  createPoolWithRoles,
  credentials,
  developerToken,
  provider,
  type Running,
  start,
} from './support.ts';

const facebook = 'graph.facebook.com';
let running: Running;
/** All bodies that were answered, by operation. */
const bodies = new Map<string, string[]>();

beforeAll(async () => {
  running = await start({ opaqueTokens: { [facebook]: 'fb-(\\w+)' } });
});
afterAll(() => running.emulator.close());

it('knows exactly the operations of the model, and which of them are unsigned', () => {
  expect(Object.keys(inputs).sort()).toEqual(operationNames);
  expect([...unsignedOperations].sort()).toEqual(unsignedNames);
});

it('answers every operation in the shape of the model', async () => {
  const client = new CognitoIdentityClient({ endpoint: running.url, region: 'us-east-1', credentials });
  // The body as it came over the wire, before the SDK makes anything of it.
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      const response = result.response as { body: AsyncIterable<Uint8Array> };
      const chunks: Uint8Array[] = [];
      for await (const chunk of response.body) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      const operation = (context as { commandName?: string }).commandName?.replace(/Command$/, '') ?? '';
      bodies.set(operation, [...(bodies.get(operation) ?? []), body.toString()]);
      const { Readable } = await import('node:stream');
      (result.response as { body: unknown }).body = Readable.from([body]);
      return result;
    },
    { step: 'deserialize', priority: 'low' },
  );
  const settings = {
    AllowClassicFlow: true,
    SupportedLoginProviders: { [facebook]: '1' },
    DeveloperProviderName: provider,
    OpenIdConnectProviderARNs: ['arn:aws:iam::000000000000:oidc-provider/login.example'],
    SamlProviderARNs: ['arn:aws:iam::000000000000:saml-provider/corporate'],
    IdentityPoolTags: { a: 'b' },
    CognitoIdentityProviders: [
      {
        ProviderName: 'cognito-idp.us-east-1.amazonaws.com/us-east-1_abc',
        ClientId: 'abc',
        ServerSideTokenCheck: false,
      },
    ],
  };
  const IdentityPoolId = await createPoolWithRoles(running, settings);
  const ResourceArn = `arn:aws:cognito-identity:us-east-1:000000000000:identitypool/${IdentityPoolId}`;
  const { identityId: IdentityId, token } = await developerToken(running, IdentityPoolId, 'alice');
  await developerToken(running, IdentityPoolId, 'bob');
  const Logins = { [facebook]: 'fb-1' };
  const roles = await client.send(new GetIdentityPoolRolesCommand({ IdentityPoolId }));

  await client.send(new DescribeIdentityPoolCommand({ IdentityPoolId }));
  await client.send(new SetIdentityPoolRolesCommand({ IdentityPoolId, Roles: roles.Roles ?? {} }));
  const full = { IdentityPoolName: 'full', AllowUnauthenticatedIdentities: false, ...settings };
  const second = (await client.send(new CreateIdentityPoolCommand(full))).IdentityPoolId as string;
  await client.send(new UpdateIdentityPoolCommand({ IdentityPoolId: second, ...full }));
  await client.send(
    new SetIdentityPoolRolesCommand({
      IdentityPoolId: second,
      Roles: {},
      RoleMappings: { [facebook]: { Type: 'Token', AmbiguousRoleResolution: 'Deny' } },
    }),
  );
  await client.send(new GetIdentityPoolRolesCommand({ IdentityPoolId: second }));
  await client.send(new ListIdentityPoolsCommand({ MaxResults: 1 }));
  await client.send(new TagResourceCommand({ ResourceArn, Tags: { c: 'd' } }));
  await client.send(new ListTagsForResourceCommand({ ResourceArn }));
  await client.send(new UntagResourceCommand({ ResourceArn, TagKeys: ['c'] }));
  const IdentityProviderName = facebook;
  await client.send(
    new SetPrincipalTagAttributeMapCommand({ IdentityPoolId, IdentityProviderName, UseDefaults: true }),
  );
  await client.send(new GetPrincipalTagAttributeMapCommand({ IdentityPoolId, IdentityProviderName }));
  const guest = await client.send(new GetIdCommand({ IdentityPoolId, Logins }));
  const publicId = guest.IdentityId as string;
  await client.send(new GetOpenIdTokenCommand({ IdentityId: publicId, Logins }));
  await client.send(
    new GetCredentialsForIdentityCommand({ IdentityId, Logins: { 'cognito-identity.amazonaws.com': token } }),
  );
  await client.send(new UnlinkIdentityCommand({ IdentityId: publicId, Logins, LoginsToRemove: [facebook] }));
  await client.send(
    new GetOpenIdTokenForDeveloperIdentityCommand({ IdentityPoolId, Logins: { [provider]: 'alice' } }),
  );
  await client.send(new DescribeIdentityCommand({ IdentityId }));
  await client.send(new ListIdentitiesCommand({ IdentityPoolId, MaxResults: 1 }));
  await developerToken(running, IdentityPoolId, 'alice2', { IdentityId });
  await client.send(new LookupDeveloperIdentityCommand({ IdentityPoolId, IdentityId, MaxResults: 1 }));
  await client.send(
    new MergeDeveloperIdentitiesCommand({
      IdentityPoolId,
      DeveloperProviderName: provider,
      SourceUserIdentifier: 'bob',
      DestinationUserIdentifier: 'alice',
    }),
  );
  await client.send(
    new UnlinkDeveloperIdentityCommand({
      IdentityPoolId,
      IdentityId,
      DeveloperProviderName: provider,
      DeveloperUserIdentifier: 'bob',
    }),
  );
  await client.send(new DeleteIdentitiesCommand({ IdentityIdsToDelete: [IdentityId, 'us-east-1:0'] }));
  await client.send(
    new UpdateIdentityPoolCommand({
      IdentityPoolId,
      IdentityPoolName: 'x',
      AllowUnauthenticatedIdentities: false,
    }),
  );
  await client.send(new DeleteIdentityPoolCommand({ IdentityPoolId }));

  expect([...bodies.keys()].sort()).toEqual(operationNames);
  const all = [...bodies].flatMap(([name, each]) => each.map((body) => [name, body] as const));
  const empty = new Set(all.filter(([, body]) => body === '').map(([name]) => name));
  expect([...empty].sort()).toEqual([
    'DeleteIdentityPool',
    'SetIdentityPoolRoles',
    'UnlinkDeveloperIdentity',
    'UnlinkIdentity',
  ]);
  const answered = all.filter(([, body]) => body !== '');
  expect(answered.flatMap(([name, body]) => deviations(name, JSON.parse(body)))).toEqual([]);
  const seen = answered.flatMap(([name, body]) =>
    Object.keys(JSON.parse(body)).map((member) => `${name}.${member}`),
  );
  expect(operationNames.flatMap(outputMembers).filter((member) => !seen.includes(member))).toEqual([]);
  expect(deviations('CreateIdentityPool', { IdentityPoolId: 'x', IdentityPoolName: 'y' })).toEqual([
    'CreateIdentityPool.AllowUnauthenticatedIdentities is missing',
  ]);
  expect(deviations('GetId', { IdentityID: 'x' })).toEqual(['GetId.IdentityID is not in the model']);
});
