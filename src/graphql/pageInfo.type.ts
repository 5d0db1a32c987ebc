import { Field, ObjectType } from 'type-graphql';

@ObjectType({
  description: 'Where a page stands in its list, as in the Relay cursor connections specification.',
})
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether more follows after `endCursor`.' })
  hasNextPage!: boolean;

  @Field(() => Boolean, {
    description: 'Whether the page began after a cursor. Lists are read forwards only.',
  })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the first edge; null on an empty page.' })
  startCursor!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Pass this as `after` to read on; null on an empty page.',
  })
  endCursor!: string | null;
}
