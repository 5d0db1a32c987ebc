import { callCognito, getCredentialsForIdentity, isStale } from './cognito.ts';
import { type ClientEnvironment, clientEnvironment } from './environment.ts';
import { CognitoGraphQLError } from './errors.ts';
import { LinkGuestIdentityDocument } from './generated/operations.ts';
import type { GuestSource } from './guestSource.ts';
import { credentialsOf, type HeldCredentials, holdCredentials, refreshTime } from './heldCredentials.ts';
import type { AskOptions, CognitoIdentityCredentials } from './options.ts';
import type { CredentialsStorage } from './sharing.ts';
import { within, withRetries } from './waiting.ts';

/** What proves that a guest's identity belongs to the caller. */
export interface GuestProof {
  readonly identityId: string;
  /** The guest's unauthenticated OpenID token, good for ten minutes. */
  readonly openIdToken: string;
}

export interface GuestSessionOptions {
  readonly identityPoolId: string;
  /** Default: the Region in front of the pool id. */
  readonly region?: string;
  /** Address of cognito-identity. Default: AWS's in the Region. */
  readonly cognitoEndpoint?: string;
  /** Where the guest's identity id outlives the page. Default: nowhere; each page is a new guest. */
  readonly storage?: Pick<CredentialsStorage, 'getItem' | 'setItem' | 'removeItem'>;
  /** Longest wait for one answer in milliseconds. Default 15000. */
  readonly timeoutMs?: number;
  readonly environment?: Partial<ClientEnvironment>;
}

/** A visitor who has not signed in. The function is an AWS SDK v3 credentials provider for the pool's unauthenticated role. */
export interface GuestSession extends GuestSource {
  (options?: AskOptions): Promise<CognitoIdentityCredentials>;
  /** The guest's identity id and a fresh token that proves it, for `provider.linkGuest(guest)`. */
  getProof(options?: Pick<AskOptions, 'signal'>): Promise<GuestProof>;
  /** Forgets the guest; the next request makes a new one. */
  clear(): Promise<void>;
}

/**
 * A guest of a pool that allows guests. Makes an identity (GetId) on the first request only, since each GetId without login makes
 * a new one, and again when Cognito no longer accepts it. Uses the operations that AWS does not sign.
 */
export function createGuestSession(options: GuestSessionOptions): GuestSession {
  const context = {
    timeoutMs: 15_000,
    maxAttempts: 3,
    ...options,
    ...clientEnvironment(options.environment),
  };
  const { identityPoolId, storage } = options;
  const region = options.region ?? identityPoolId.split(':', 1)[0] ?? '';
  const key = `cognito-graphql:guest:${identityPoolId}`;
  let identity: Promise<string> | undefined;
  let held: (HeldCredentials & { refreshAt: number }) | undefined;
  let flight: Promise<HeldCredentials> | undefined;
  let life = new AbortController();

  function call<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return withRetries(context, signal, work);
  }

  async function findIdentity({ signal }: AbortController): Promise<string> {
    const known = await storage?.getItem(key);
    if (known) return known;
    const input = { IdentityPoolId: identityPoolId };
    const { json } = await call(signal, () => callCognito(context, region, 'GetId', input, signal));
    const made = textOf(json['IdentityId']);
    if (!signal.aborted) await storage?.setItem(key, made);
    return made;
  }

  /** Work for the guest's identity; once more with a new identity when Cognito no longer accepts it. */
  async function forIdentity<T>(work: (identityId: string, signal: AbortSignal) => Promise<T>): Promise<T> {
    for (let again = false; ; again = true) {
      const { signal } = life;
      identity ??= findIdentity(life);
      const asked = identity;
      try {
        const identityId = await within(context, { signal }, () => asked);
        return await call(signal, () => work(identityId, signal));
      } catch (error) {
        if (identity === asked) identity = undefined;
        if (again || !isStale(error) || signal.aborted) throw error;
        await storage?.removeItem(key);
      }
    }
  }

  async function fetchCredentials(): Promise<HeldCredentials> {
    const fetched = await forIdentity(async (asked, signal) => {
      const input = { IdentityId: asked };
      const answer = await getCredentialsForIdentity(context, region, input, signal);
      return holdCredentials(answer, answer.skew, context.now());
    });
    const random = context.random();
    held = { ...fetched, refreshAt: refreshTime(fetched, 300_000, random) };
    return held;
  }

  async function guest({ signal, forceRefresh }: AskOptions = {}): Promise<CognitoIdentityCredentials> {
    const now = context.now();
    let found: HeldCredentials | undefined = held;
    if (forceRefresh || !held || now >= held.refreshAt || now < held.fetchedAt - 60_000) {
      flight ??= fetchCredentials();
      const running = flight;
      const done = () => {
        if (flight === running) flight = undefined;
      };
      running.then(done, done);
      found = await within(context, { signal }, () => running);
    }
    return credentialsOf(found as HeldCredentials);
  }

  function getProof(how: Pick<AskOptions, 'signal'> = {}): Promise<GuestProof> {
    const proof = forIdentity(async (asked, signal) => {
      const input = { IdentityId: asked };
      const { json } = await callCognito(context, region, 'GetOpenIdToken', input, signal);
      return { identityId: textOf(json['IdentityId'] ?? asked), openIdToken: textOf(json['Token']) };
    });
    return within(context, how, () => proof);
  }

  async function clear(): Promise<void> {
    life.abort(new CognitoGraphQLError('SIGNED_OUT', 'The guest was forgotten.'));
    life = new AbortController();
    identity = held = flight = undefined;
    await storage?.removeItem(key);
  }

  return Object.assign(guest, { memoized: true, getProof, handOver: handOver(getProof, clear), clear });
}

/** A guest whose identity and token were obtained elsewhere, for `provider.linkGuest(…)`. */
export function guestFromProof(proof: GuestProof): GuestSource {
  return { handOver: handOver(async () => proof) };
}

function handOver(
  getProof: (how: { readonly signal: AbortSignal }) => Promise<GuestProof>,
  forget?: () => Promise<void>,
): GuestSource['handOver'] {
  return async (send, { signal, tokenDuration }) => {
    const { identityId: guestIdentityId, openIdToken: guestOpenIdToken } = await getProof({ signal });
    try {
      const input = { guestIdentityId, guestOpenIdToken, tokenDuration };
      const { data, skew } = await send(LinkGuestIdentityDocument, { input });
      if (data.linkGuestIdentity.linked) await forget?.();
      return { issued: data.linkGuestIdentity, skew };
    } catch (error) {
      if ((error as CognitoGraphQLError).code !== 'GUEST_IDENTITY_UNUSABLE') throw error;
      return undefined;
    }
  };
}

function textOf(value: unknown): string {
  if (value && typeof value === 'string') return value;
  throw new CognitoGraphQLError('INVALID_ANSWER', 'Cognito answered without identity or token.');
}
