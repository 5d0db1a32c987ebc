import type { Clock } from '../../lib/clock.ts';
import type { RoleStore } from '../iam/roleStore.ts';
import type { TokenFault } from '../openIdToken.ts';
import type { Session, Sessions } from '../sts/sessions.ts';

/** A permanent access key. Without a user name it belongs to the account's root user. */
export interface AccessKey {
  readonly secretAccessKey: string;
  readonly userName?: string;
}

/** What a token says, after it was found to be genuine, in time and from a known issuer. */
export interface OpenIdTokenClaims {
  /** `sub`: the identity id. */
  readonly subject: string;
  /** `aud`: the identity pool id, whose Region decides the trust principal. */
  readonly audience: string;
  readonly amr: readonly string[];
  /** `principal_tags` of the claim `https://aws.amazon.com/tags`; undefined when the token has no such claim. */
  readonly principalTags?: Readonly<Record<string, string>>;
}

export type OpenIdTokenVerification =
  | { readonly ok: true; readonly claims: OpenIdTokenClaims }
  | ({ readonly ok: false } & TokenFault);

/** What the STS and IAM operations work on. Each takes only the part that it needs. */
export interface QueryServices {
  readonly clock: Clock;
  /** 12 digits. */
  readonly account: string;
  readonly roles: RoleStore;
  readonly sessions: Sessions;
  accessKeyOf(accessKeyId: string): AccessKey | undefined;
  verifyOpenIdToken(token: string): OpenIdTokenVerification | Promise<OpenIdTokenVerification>;
  /** As in `VerifyOptions`. */
  readonly trustForwardedHost?: boolean;
  /** As in `VerifyOptions`. */
  readonly checkSignature?: boolean;
}

/** Who signed. `user` stands for the account's permanent keys. */
export type Caller =
  | { readonly kind: 'user'; readonly accessKeyId: string; readonly userName?: string }
  | { readonly kind: 'session'; readonly session: Session };

export interface QueryCall {
  readonly parameters: URLSearchParams;
  /** Undefined on operations that take no signature. */
  readonly caller: Caller | undefined;
  /** Region of the credential scope; `us-east-1` on operations that take no signature. */
  readonly region: string;
}

export type QueryValue =
  | string
  | number
  | boolean
  /** A point in time. */
  | Date
  | readonly QueryValue[]
  | { readonly [name: string]: QueryValue | undefined };

/** Undefined: the answer has no result element. */
export type QueryResult = Readonly<Record<string, QueryValue | undefined>> | undefined;

export type QueryOperation<Services = QueryServices> = (
  call: QueryCall,
  services: Services,
) => QueryResult | Promise<QueryResult>;

/** An error that the caller is told about, in AWS's words. */
export class QueryError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.name = 'QueryError';
    this.code = code;
    this.status = status;
  }
}
