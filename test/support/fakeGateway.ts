import type { CognitoGateway, OpenIdToken } from '../../src/cognito/gateway.ts';

/** A gateway of which a test writes the operations it needs; calling another one is a mistake in the test. */
export function fakeGateway(operations: Partial<CognitoGateway>): CognitoGateway {
  const missing = (name: string) => async () => {
    throw new Error(`the test did not expect ${name}`);
  };
  return {
    issueOpenIdToken: missing('issueOpenIdToken'),
    linkIdentity: missing('linkIdentity'),
    exchangeOpenIdToken: missing('exchangeOpenIdToken'),
    findIdentityId: missing('findIdentityId'),
    listDeveloperUserIdentifiers: missing('listDeveloperUserIdentifiers'),
    describeIdentity: missing('describeIdentity'),
    listIdentities: missing('listIdentities'),
    describeIdentityPool: missing('describeIdentityPool'),
    mergeDeveloperIdentities: missing('mergeDeveloperIdentities'),
    unlinkDeveloperIdentity: missing('unlinkDeveloperIdentity'),
    deleteIdentities: missing('deleteIdentities'),
    ...operations,
  };
}

/** A token of the given identity that lives for `seconds` from `now` (milliseconds). */
export function fakeToken(identityId: string, now: number, seconds = 900): OpenIdToken {
  return {
    identityId,
    openIdToken: `token of ${identityId} until ${now + seconds * 1000}`,
    expiresAt: now + seconds * 1000,
  };
}
