import type { Handler, Services } from '../services.ts';
import type { OperationName } from '../validation/cognitoShapes.ts';
import { createIdentityPool } from './createIdentityPool.ts';
import { deleteIdentities } from './deleteIdentities.ts';
import { deleteIdentityPool } from './deleteIdentityPool.ts';
import { describeIdentity } from './describeIdentity.ts';
import { describeIdentityPool } from './describeIdentityPool.ts';
import { getCredentialsForIdentity } from './getCredentialsForIdentity.ts';
import { getId } from './getId.ts';
import { getIdentityPoolRoles } from './getIdentityPoolRoles.ts';
import { getOpenIdToken } from './getOpenIdToken.ts';
import { getOpenIdTokenForDeveloperIdentity } from './getOpenIdTokenForDeveloperIdentity.ts';
import { getPrincipalTagAttributeMap } from './getPrincipalTagAttributeMap.ts';
import { listIdentities } from './listIdentities.ts';
import { listIdentityPools } from './listIdentityPools.ts';
import { listTagsForResource } from './listTagsForResource.ts';
import { lookupDeveloperIdentity } from './lookupDeveloperIdentity.ts';
import { mergeDeveloperIdentities } from './mergeDeveloperIdentities.ts';
import { setIdentityPoolRoles } from './setIdentityPoolRoles.ts';
import { setPrincipalTagAttributeMap } from './setPrincipalTagAttributeMap.ts';
import { tagResource } from './tagResource.ts';
import { unlinkDeveloperIdentity } from './unlinkDeveloperIdentity.ts';
import { unlinkIdentity } from './unlinkIdentity.ts';
import { untagResource } from './untagResource.ts';
import { updateIdentityPool } from './updateIdentityPool.ts';

/** Operations that AWS's model marks as unsigned: no SDK ever signs them. Every other one needs a signature. */
export const unsignedOperations: ReadonlySet<OperationName> = new Set([
  'GetId',
  'GetOpenIdToken',
  'GetCredentialsForIdentity',
  'UnlinkIdentity',
]);

export type Handlers = { readonly [N in OperationName]: Handler<N> };

/** All operations of cognito-identity 2014-06-30. */
export function createHandlers(services: Services): Handlers {
  return {
    CreateIdentityPool: createIdentityPool(services),
    UpdateIdentityPool: updateIdentityPool(services),
    DescribeIdentityPool: describeIdentityPool(services),
    DeleteIdentityPool: deleteIdentityPool(services),
    ListIdentityPools: listIdentityPools(services),
    GetIdentityPoolRoles: getIdentityPoolRoles(services),
    SetIdentityPoolRoles: setIdentityPoolRoles(services),
    GetPrincipalTagAttributeMap: getPrincipalTagAttributeMap(services),
    SetPrincipalTagAttributeMap: setPrincipalTagAttributeMap(services),
    TagResource: tagResource(services),
    UntagResource: untagResource(services),
    ListTagsForResource: listTagsForResource(services),
    GetId: getId(services),
    GetOpenIdToken: getOpenIdToken(services),
    GetCredentialsForIdentity: getCredentialsForIdentity(services),
    GetOpenIdTokenForDeveloperIdentity: getOpenIdTokenForDeveloperIdentity(services),
    UnlinkIdentity: unlinkIdentity(services),
    DescribeIdentity: describeIdentity(services),
    ListIdentities: listIdentities(services),
    DeleteIdentities: deleteIdentities(services),
    LookupDeveloperIdentity: lookupDeveloperIdentity(services),
    MergeDeveloperIdentities: mergeDeveloperIdentities(services),
    UnlinkDeveloperIdentity: unlinkDeveloperIdentity(services),
  };
}
