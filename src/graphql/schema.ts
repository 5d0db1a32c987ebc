import 'reflect-metadata';
import { GraphQLEnumType, GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql';
import { buildSchema as buildTypeGraphqlSchema, type ClassType } from 'type-graphql';
import { errorCodes } from '../errors.ts';
import type { IdentityService } from '../identities/identityService.ts';
import type { TokenService } from '../tokens/tokenService.ts';
import { authChecker } from './authChecker.ts';
import { type CredentialsOptions, CredentialsResolver } from './credentials/credentials.resolver.ts';
import { IdentityResolver } from './identity/identity.resolver.ts';
import { ViewerResolver } from './identity/viewer.resolver.ts';
import { IdentityPoolResolver } from './pool/identityPool.resolver.ts';

export const resolvers = [
  CredentialsResolver,
  ViewerResolver,
  IdentityResolver,
  IdentityPoolResolver,
] as const;

/** What the resolvers are made of. */
export interface ResolverServices {
  readonly tokens: TokenService;
  readonly identities: IdentityService;
  readonly credentials: CredentialsOptions;
}

/** Resolvers take what they need by constructor; a container library has nothing to add to that. */
const containerOf = (services: ResolverServices) => ({
  get: (resolver: ClassType) => new resolver(services),
});

const errorCodeEnum = new GraphQLEnumType({
  name: 'ErrorCode',
  description:
    "What `extensions.code` of an error can be, beside Apollo Server's own codes for requests that are not valid GraphQL.",
  values: Object.fromEntries(errorCodes.map((code) => [code, {}])),
});

/** The executable schema over the given services. */
export async function buildSchema(services: ResolverServices): Promise<GraphQLSchema> {
  const container = containerOf(services);
  const instances = new Map(resolvers.map((resolver) => [resolver as ClassType, container.get(resolver)]));
  const schema = await buildTypeGraphqlSchema({
    resolvers: [...resolvers],
    container: { get: (resolver: ClassType) => instances.get(resolver) },
    authChecker,
    // Checks of shape are made in the resolvers, where the rules of Cognito's API model are named field by field.
    validate: false,
    // type-graphql would run an introspection query at every start to see that the schema is sound; the contract tests see to that.
    skipCheck: true,
  });
  // No field has the type ErrorCode; clients generate their union of codes from it all the same.
  const config = schema.toConfig();
  return new GraphQLSchema({ ...config, types: [...config.types, errorCodeEnum] });
}

/** The SDL as it is committed in `schema/schema.graphql`: sorted, so that its changes are changes of the contract. */
export async function printedSchema(): Promise<string> {
  const nothing = {} as ResolverServices;
  const schema = await buildSchema({ ...nothing, credentials: {} as CredentialsOptions });
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}
