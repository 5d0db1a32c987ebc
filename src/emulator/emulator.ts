import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createCognitoService } from './cognitoService.ts';
import { createEmulatorClock, type EmulatorClock } from './emulatorClock.ts';
import { AwsError } from './errors.ts';
import { createFaults, type Fault, type Faults } from './faults.ts';
import { createMemoryRoleStore } from './iam/roleStore.ts';
import { createIdentityStore } from './identityStore.ts';
import { oidcAnswer } from './oidc.ts';
import { createOpenIdTokens, type OpenIdTokens } from './openIdToken.ts';
import { createHandlers } from './operations/index.ts';
import { type EmulatorOptions, resolveOptions } from './options.ts';
import { createPageTokens } from './pageTokens.ts';
import { type HttpAnswer, hasTarget, jsonError, targetOf } from './protocols/awsJson.ts';
import { handleQueryRequest, queryParametersOf } from './protocols/awsQuery.ts';
import type { OpenIdTokenVerification, QueryServices } from './protocols/queryOperation.ts';
import { createPublicLogins } from './publicLogins.ts';
import { createRequestLog, type LoggedRequest, loggable, type RequestLog } from './requestLog.ts';
import { createHttpHost, type Outcome } from './server.ts';
import type { Services } from './services.ts';
import { createSigningKeys } from './signingKeys.ts';
import type { WireRequest } from './sigv4.ts';
import { createMemoryKeyValue } from './store/memoryKeyValue.ts';
import { createSessions } from './sts/sessions.ts';
import { createThrottles, type Throttles } from './throttles.ts';

/** An embedded Cognito with the STS and the part of IAM that belong to it, on one port. */
export interface Emulator {
  /**
   * Starts serving. Port 0, the default, takes a free one. Host default 127.0.0.1: there is nothing here that belongs on a
   * network.
   */
  listen(port?: number, host?: string): Promise<{ readonly url: string }>;
  /** Stops serving, cutting off calls that are under way. */
  close(): Promise<void>;
  readonly clock: EmulatorClock;
  readonly faults: Faults;
  readonly throttles: Throttles;
  /** The calls so far, without secrets. */
  readonly requests: RequestLog;
  /** Forgets pools, identities, roles, faults, the log and the clock's setting; keeps keys and address. */
  reset(): Promise<void>;
  /** Signs with a new key; the old ones stay published. Answers the new key id. */
  rotateSigningKey(): Promise<string>;
}

/** @throws RangeError when an option is out of range. */
export function createEmulator(options: EmulatorOptions = {}): Emulator {
  const settings = resolveOptions(options);
  const clock = createEmulatorClock(settings.clock);
  const faults = createFaults();
  const throttles = createThrottles(clock, settings.throttles);
  const requests = createRequestLog();
  let url: string | undefined;

  const keyValue = createMemoryKeyValue();
  const keys = createSigningKeys({ region: settings.region, leadingZero: settings.leadingZeroInModulus });
  const tokens = createOpenIdTokens({
    keys,
    clock,
    accountId: settings.accountId,
    issuer: () => (settings.issuer === 'self' ? url : settings.issuer),
  });
  const services: Services = {
    accountId: settings.accountId,
    lenient: settings.lenient,
    choices: settings.choices,
    clock,
    keys,
    tokens,
    store: createIdentityStore(keyValue),
    pageTokens: createPageTokens(randomBytes(32)),
    publicLogins: createPublicLogins({
      clock,
      accountId: settings.accountId,
      openIdProviders: settings.openIdProviders,
      opaqueTokens: settings.opaqueTokens,
      anyOpaqueToken: settings.lenient,
    }),
    roles: createMemoryRoleStore(),
    sessions: createSessions(),
  };
  const accessKeys = new Map(
    settings.accessKeys.map(({ accessKeyId, secretAccessKey }) => [accessKeyId, { secretAccessKey }]),
  );
  const queryServices: QueryServices = {
    clock,
    account: settings.accountId,
    roles: services.roles,
    sessions: services.sessions,
    accessKeyOf: (accessKeyId) => accessKeys.get(accessKeyId),
    verifyOpenIdToken: (token) => verifyForSts(tokens, token),
    trustForwardedHost: settings.trustForwardedHost,
    checkSignature: settings.verifySignatures,
  };
  const cognito = createCognitoService({ handlers: createHandlers(services), signatures: queryServices });

  /** One call of Cognito, STS or IAM; undefined for a request that is none. */
  const call = (request: WireRequest) => {
    const target = targetOf(request);
    if (target !== undefined) {
      return { operation: target, serve: (observe: Observer) => cognito.handle(target, request, observe) };
    }
    if (hasTarget(request)) return { operation: 'unknown', serve: async () => unknownOperation() };
    const parameters = queryParametersOf(request);
    return parameters
      ? {
          operation: parameters.get('Action') ?? '',
          serve: () => handleQueryRequest(parameters, request, queryServices),
        }
      : undefined;
  };

  const serveCall = async (
    operation: string,
    serve: (observe: Observer) => Promise<HttpAnswer>,
  ): Promise<Outcome> => {
    const receivedAt = clock.now();
    let seen: Partial<LoggedRequest> = {};
    const outcome = await withFault(faults.take(operation), async () =>
      throttles.allows(operation)
        ? serve((request) => {
            seen = loggable(request);
          })
        : jsonError(new AwsError('TooManyRequestsException', 'Rate exceeded'), randomUUID()),
    );
    const answered = 'connection' in outcome ? undefined : outcome;
    const error = answered?.headers['x-amzn-errortype']?.replace(/:$/, '');
    requests.add({
      receivedAt,
      operation,
      status: answered?.status ?? 0,
      ...(error !== undefined && { error }),
      ...seen,
    });
    return outcome;
  };

  const answer = async (request: WireRequest): Promise<Outcome> => {
    const found = call(request);
    if (found) return serveCall(found.operation, found.serve);
    const path = request.url.split('?', 1)[0] as string;
    if (request.method === 'GET' && url !== undefined) {
      const document = await oidcAnswer(path, { keys, url, issuer: tokens.issuerOf(settings.region) });
      if (document) return document;
    }
    return request.method === 'POST' && path === '/' ? unknownOperation() : notFound;
  };

  const host = createHttpHost({ answer, now: clock.now });

  return {
    clock,
    faults,
    throttles,
    requests,
    listen: async (port = 0, address = '127.0.0.1') => {
      const bound = await host.listen(port, address);
      url = bound.url;
      return bound;
    },
    close: async () => {
      await host.close();
      await keyValue.close();
    },
    reset: async () => {
      await keyValue.clear();
      for (const { roleName } of services.roles.list()) services.roles.delete(roleName);
      faults.clear();
      requests.clear();
      clock.reset();
    },
    rotateSigningKey: () => keys.rotate(),
  };
}

type Observer = (request: Record<string, unknown>) => void;

const notFound: HttpAnswer = { status: 404, headers: { 'content-type': 'text/plain' }, body: 'Not found' };

const unknownOperation = () => jsonError(new AwsError('UnknownOperationException', ''), randomUUID());

async function withFault(fault: Fault | undefined, serve: () => Promise<HttpAnswer>): Promise<Outcome> {
  if (!fault) return serve();
  if (fault.latencyMs !== undefined) await delay(fault.latencyMs);
  if (fault.hang) return { connection: 'hang' };
  if (fault.reset) return { connection: 'reset' };
  if (fault.error) {
    const { name, message = '' } = fault.error;
    return jsonError(new AwsError(name, message, fault.status), randomUUID());
  }
  if (fault.body !== undefined) {
    const body = typeof fault.body === 'string' ? fault.body : '{"IdentityId":"us-east-1:';
    return { status: fault.status ?? 500, headers: { 'content-type': 'application/x-amz-json-1.1' }, body };
  }
  const answer = await serve();
  return fault.status === undefined ? answer : { ...answer, status: fault.status };
}

async function verifyForSts(tokens: OpenIdTokens, token: string): Promise<OpenIdTokenVerification> {
  const verdict = await tokens.verify(token);
  if (!verdict.ok) {
    const { fault } = verdict;
    return { ok: false, reason: fault === 'malformed' || fault === 'expired' ? fault : 'rejected' };
  }
  const { sub, aud, amr, 'https://aws.amazon.com/tags': tags } = verdict.claims;
  return {
    ok: true,
    claims: {
      subject: sub,
      audience: aud,
      amr,
      ...(tags && {
        principalTags: Object.fromEntries(
          Object.entries(tags.principal_tags).map(([key, [value = '']]) => [key, value]),
        ),
      }),
    },
  };
}
