import { authChecker, resolvers } from 'cognito-graphql';
import { buildSchema, Query, Resolver } from 'type-graphql';
import { cognito } from './cognito.ts';

@Resolver()
class NewsResolver {
  @Query(() => String)
  news(): string {
    return 'none';
  }
}

export const schema = await buildSchema({
  resolvers: [NewsResolver, ...resolvers],
  container: { get: (Type) => new Type(cognito) },
  authChecker, // looks at `principal` in the context, which cognito.context(…) puts there
  validate: false,
});
