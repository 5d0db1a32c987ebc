import { sign, verify } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock } from '../lib/clock.ts';
import { partitionOf, regionOfId } from '../lib/partition.ts';
import type { SigningKeys } from './signingKeys.ts';

/** What a token of a Cognito identity pool says, in the order in which AWS writes it. */
export interface OpenIdClaims {
  readonly sub: string;
  readonly aud: string;
  readonly amr: readonly string[];
  readonly 'https://aws.amazon.com/tags'?: {
    readonly principal_tags: Readonly<Record<string, readonly string[]>>;
  };
  readonly iss: string;
  readonly 'https://cognito-identity.amazonaws.com/identity-pool-arn'?: string;
  /** Seconds since the epoch. */
  readonly exp: number;
  readonly iat: number;
}

export interface MintRequest {
  readonly identityId: string;
  readonly identityPoolId: string;
  /** What follows `authenticated`; empty for a guest, whose `amr` is `unauthenticated` alone. */
  readonly logins: readonly string[];
  readonly principalTags?: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly duration: number;
}

/** Why a token is not one of ours, in the order in which it is checked. Each caller has its own words for it. */
export type TokenFault =
  | { readonly fault: 'malformed' }
  | { readonly fault: 'foreign issuer'; readonly issuer: string }
  | { readonly fault: 'unknown key' }
  | { readonly fault: 'bad signature' }
  | { readonly fault: 'missing claim'; readonly claim: string }
  | { readonly fault: 'not yet valid' }
  | { readonly fault: 'expired'; readonly now: number; readonly exp: number };

export type TokenVerdict =
  | { readonly ok: true; readonly claims: OpenIdClaims }
  | ({ readonly ok: false } & TokenFault);

export interface OpenIdTokens {
  mint(request: MintRequest): Promise<string>;
  verify(token: string): Promise<TokenVerdict>;
  issuerOf(region: string): string;
}

export interface OpenIdTokensOptions {
  readonly keys: SigningKeys;
  readonly clock: Clock;
  readonly accountId: string;
  /** Undefined: the issuer of the Region's partition. */
  readonly issuer: () => string | undefined;
}

/** Longest token worth looking at; longer than any login value that validation lets through. */
const maxTokenLength = 50_000;

const signAsync = promisify(sign);

export function createOpenIdTokens({ keys, clock, accountId, issuer }: OpenIdTokensOptions): OpenIdTokens {
  const issuerOf = (region: string) => issuer() ?? partitionOf(region).issuer;
  return {
    issuerOf,
    mint: async ({ identityId, identityPoolId, logins, principalTags, duration }) => {
      const key = await keys.current();
      const region = regionOfId(identityPoolId) ?? '';
      const iat = Math.floor(clock.now() / 1000);
      const tags = Object.entries(principalTags ?? {});
      const claims: OpenIdClaims = {
        sub: identityId,
        aud: identityPoolId,
        amr: logins.length > 0 ? ['authenticated', ...logins] : ['unauthenticated'],
        ...(tags.length > 0 && {
          'https://aws.amazon.com/tags': {
            principal_tags: Object.fromEntries(tags.map(([name, value]) => [name, [value]])),
          },
        }),
        iss: issuerOf(region),
        'https://cognito-identity.amazonaws.com/identity-pool-arn': poolArn(identityPoolId, accountId),
        exp: iat + duration,
        iat,
      };
      const signingInput = `${key.header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
      // On the thread pool: signing takes longer than all the rest of a call, and must not hold up other calls.
      const signature = await signAsync('RSA-SHA512', Buffer.from(signingInput), key.privateKey);
      return `${signingInput}.${signature.toString('base64url')}`;
    },
    verify: async (token) => {
      const parsed = parse(token);
      if (!parsed) return { ok: false, fault: 'malformed' };
      const { header, claims, signingInput, signature } = parsed;
      const region = typeof claims.aud === 'string' ? regionOfId(claims.aud) : undefined;
      if (typeof claims.iss !== 'string') return { ok: false, fault: 'missing claim', claim: 'iss' };
      if (claims.iss !== issuerOf(region ?? '')) {
        return { ok: false, fault: 'foreign issuer', issuer: claims.iss };
      }
      // The key is ours to look up and the algorithm ours to name: jku and jwk in a header, alg none and HS256 lead nowhere.
      const key = typeof header.kid === 'string' ? await keys.find(header.kid) : undefined;
      if (!key) return { ok: false, fault: 'unknown key' };
      const spelling = token.slice(token.lastIndexOf('.') + 1);
      // Base64url leaves bits of the last character unused: of all spellings of one signature only the canonical one counts.
      const canonical = signature.toString('base64url') === spelling;
      const genuine = canonical && verify('RSA-SHA512', signingInput, key.publicKey, signature);
      if (header.alg !== 'RS512' || !genuine) return { ok: false, fault: 'bad signature' };
      return checkClaims(claims, Math.floor(clock.now() / 1000));
    },
  };
}

export function poolArn(identityPoolId: string, accountId: string): string {
  const region = regionOfId(identityPoolId) ?? '';
  return `arn:${partitionOf(region).arn}:cognito-identity:${region}:${accountId}:identitypool/${identityPoolId}`;
}

function checkClaims(claims: Record<string, unknown>, now: number): TokenVerdict {
  for (const claim of ['sub', 'aud']) {
    if (typeof claims[claim] !== 'string') return { ok: false, fault: 'missing claim', claim };
  }
  for (const claim of ['exp', 'iat']) {
    if (!Number.isInteger(claims[claim])) return { ok: false, fault: 'missing claim', claim };
  }
  if (!Array.isArray(claims['amr'])) return { ok: false, fault: 'missing claim', claim: 'amr' };
  const verified = claims as unknown as OpenIdClaims & { readonly nbf?: number };
  if (now >= verified.exp) return { ok: false, fault: 'expired', now, exp: verified.exp };
  if (verified.iat > now || (verified.nbf ?? 0) > now) return { ok: false, fault: 'not yet valid' };
  return { ok: true, claims: verified };
}

interface ParsedToken {
  readonly header: Record<string, unknown>;
  readonly claims: Record<string, unknown>;
  readonly signingInput: Buffer;
  readonly signature: Buffer;
}

const compactJws = /^([\w-]+)\.([\w-]+)\.([\w-]*)$/;

function parse(token: string): ParsedToken | undefined {
  if (token.length > maxTokenLength) return undefined;
  const parts = compactJws.exec(token);
  if (!parts) return undefined;
  const header = decode(parts[1] as string);
  const claims = decode(parts[2] as string);
  if (!header || !claims) return undefined;
  return {
    header,
    claims,
    signingInput: Buffer.from(`${parts[1]}.${parts[2]}`),
    signature: Buffer.from(parts[3] as string, 'base64url'),
  };
}

function decode(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
