import type { Caller, QueryServices } from '../protocols/queryOperation.ts';
import type { VerifyOptions } from '../sigv4.ts';
import type { Session } from './sessions.ts';

export interface SecretLookup {
  readonly secretOf: VerifyOptions['secretOf'];
  /** Who a verified access key belongs to. Only for a key that `secretOf` was asked for by the same lookup. */
  callerOf(accessKeyId: string): Caller;
}

/** Finds the secret of permanent keys and of temporary ones issued here, for one request. */
export function secretLookup(
  services: Pick<QueryServices, 'accessKeyOf' | 'sessions'>,
  now: number,
): SecretLookup {
  let found: Session | undefined;
  return {
    secretOf(accessKeyId, sessionToken) {
      if (sessionToken === undefined) return services.accessKeyOf(accessKeyId)?.secretAccessKey;
      const session = services.sessions.find(accessKeyId, sessionToken, now);
      if (session === 'expired') return session;
      found = session;
      return session?.secretAccessKey;
    },
    callerOf(accessKeyId) {
      if (found?.accessKeyId === accessKeyId) return { kind: 'session', session: found };
      const userName = services.accessKeyOf(accessKeyId)?.userName;
      return { kind: 'user', accessKeyId, ...(userName === undefined ? {} : { userName }) };
    },
  };
}
