import { inSpan, SpanKind } from '../telemetry/tracing.ts';
import type { CognitoOperation } from './awsErrors.ts';
import type { CognitoGateway } from './gateway.ts';

/** The same port with a span around every call. Below the resilient one, so that each attempt has its own. */
export function createTracedGateway(gateway: CognitoGateway): CognitoGateway {
  const traced = <T>(operation: CognitoOperation, call: () => Promise<T>) =>
    inSpan(
      () => ({
        name: `Cognito ${operation}`,
        kind: SpanKind.CLIENT,
        attributes: { 'rpc.system': 'aws-api', 'rpc.service': 'CognitoIdentity', 'rpc.method': operation },
      }),
      call,
    );
  const wrap = <K extends CognitoOperation>(operation: K) =>
    ((...args: unknown[]) =>
      traced(operation, () =>
        (gateway[operation] as (...args: unknown[]) => Promise<unknown>)(...args),
      )) as CognitoGateway[K];
  return {
    issueOpenIdToken: wrap('issueOpenIdToken'),
    linkIdentity: wrap('linkIdentity'),
    exchangeOpenIdToken: wrap('exchangeOpenIdToken'),
    findIdentityId: wrap('findIdentityId'),
    listDeveloperUserIdentifiers: wrap('listDeveloperUserIdentifiers'),
    describeIdentity: wrap('describeIdentity'),
    listIdentities: wrap('listIdentities'),
    describeIdentityPool: wrap('describeIdentityPool'),
    mergeDeveloperIdentities: wrap('mergeDeveloperIdentities'),
    unlinkDeveloperIdentity: wrap('unlinkDeveloperIdentity'),
    deleteIdentities: wrap('deleteIdentities'),
  };
}
