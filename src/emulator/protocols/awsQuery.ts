import { randomUUID } from 'node:crypto';
import { iamOperations } from '../iam/operations/index.ts';
import { type SignatureResult, verifySignature } from '../sigv4.ts';
import { secretLookup } from '../sts/callers.ts';
import { stsOperations, unsignedStsOperations } from '../sts/operations/index.ts';
import type { WireRequest } from '../wireRequest.ts';
import { jsonDocument, type QueryDocument, xmlDocument } from './queryDocument.ts';
import {
  type Caller,
  type QueryCall,
  QueryError,
  type QueryOperation,
  type QueryServices,
} from './queryOperation.ts';

export interface QueryAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Api {
  readonly service: 'sts' | 'iam';
  readonly document: QueryDocument;
  readonly version: string;
}

const sts: Api = {
  service: 'sts',
  version: '2011-06-15',
  document: xmlDocument('https://sts.amazonaws.com/doc/2011-06-15/'),
};
const iam: Api = {
  service: 'iam',
  version: '2010-05-08',
  document: xmlDocument('https://iam.amazonaws.com/doc/2010-05-08/'),
};

/** STS and IAM call the faults of a signature by other names than the JSON services, and answer 403. */
const signatureErrors: Readonly<Record<string, readonly [code: string, status: number]>> = {
  MissingAuthenticationTokenException: ['MissingAuthenticationToken', 403],
  IncompleteSignatureException: ['IncompleteSignature', 400],
  UnrecognizedClientException: ['InvalidClientTokenId', 403],
  InvalidSignatureException: ['SignatureDoesNotMatch', 403],
  ExpiredTokenException: ['ExpiredToken', 403],
};

/**
 * The parameters of a call in the query protocol: a form body whatever charset its type names, or the query of a GET.
 * Undefined for every other request. A POST without an Action in its body may have it in its query.
 */
export function queryParametersOf(request: WireRequest): URLSearchParams | undefined {
  const contentType = request.headers.get('content-type') ?? '';
  if (/^\s*application\/x-www-form-urlencoded\s*(;|$)/i.test(contentType) && request.method !== 'GET') {
    const body = new URLSearchParams(request.body.toString('utf8'));
    if (body.has('Action')) return body;
  }
  const mark = request.url.indexOf('?');
  const query = new URLSearchParams(mark < 0 ? '' : request.url.slice(mark + 1));
  return query.has('Action') ? query : undefined;
}

/**
 * Answers one call to STS or IAM. `Action` alone decides which: neither host, path nor signature do, since callers
 * share one port and the web identity call has no signature. Never throws.
 */
export async function handleQueryRequest(
  parameters: URLSearchParams,
  request: WireRequest,
  services: QueryServices,
): Promise<QueryAnswer> {
  const requestId = randomUUID();
  const action = parameters.get('Action') ?? '';
  const operation = Object.hasOwn(stsOperations, action) ? stsOperations[action] : iamOperation(action);
  const api = Object.hasOwn(iamOperations, action) ? iam : sts;
  const document = api === sts && wantsJson(request) ? jsonDocument : api.document;
  const answer = (status: number, body: string): QueryAnswer => ({
    status,
    headers: { 'content-type': document.contentType, 'x-amzn-requestid': requestId },
    body,
  });
  try {
    if (!operation) throw unknownAction(action, parameters.get('Version') ?? api.version);
    const call = { parameters, ...authenticate(action, api, request, services) };
    return answer(200, document.result(action, await operation(call, services), requestId));
  } catch (error) {
    // Anything but a QueryError is a fault of ours: its message may hold what was sent.
    const told =
      error instanceof QueryError
        ? error
        : new QueryError('InternalFailure', 'An internal error occurred.', 500);
    return answer(told.status, document.error(told, requestId));
  }
}

function iamOperation(action: string): QueryOperation | undefined {
  return Object.hasOwn(iamOperations, action) ? iamOperations[action] : undefined;
}

function authenticate(
  action: string,
  api: Api,
  request: WireRequest,
  services: QueryServices,
): Pick<QueryCall, 'caller' | 'region'> {
  // A signature that is sent all the same is not looked at, as with AWS.
  if (unsignedStsOperations.has(action)) return { caller: undefined, region: 'us-east-1' };
  const now = services.clock.now();
  const lookup = secretLookup(services, now);
  const verified = verifySignature(request, {
    service: api.service,
    now,
    secretOf: lookup.secretOf,
    trustForwardedHost: services.trustForwardedHost ?? false,
    checkSignature: services.checkSignature ?? true,
  });
  if (!verified.ok) throw signatureError(verified);
  const caller: Caller = lookup.callerOf(verified.accessKeyId);
  if (api === iam && caller.kind === 'session') {
    // No permissions policy is evaluated here, and a user of the identity pool must not be able to change roles.
    throw new QueryError(
      'AccessDenied',
      `User: ${caller.session.assumedRoleArn} is not authorized to perform: iam:${action} because no identity-based policy allows the iam:${action} action`,
      403,
    );
  }
  return { caller, region: verified.region };
}

function signatureError(refusal: Extract<SignatureResult, { ok: false }>): QueryError {
  const [code, status] = signatureErrors[refusal.name] ?? [refusal.name, refusal.status];
  const missing = code === 'MissingAuthenticationToken';
  return new QueryError(code, missing ? 'Request is missing Authentication Token' : refusal.message, status);
}

function unknownAction(action: string, version: string): QueryError {
  return new QueryError(
    'InvalidAction',
    `Could not find operation ${action.slice(0, 64)} for version ${version.slice(0, 16)}`,
  );
}

function wantsJson(request: WireRequest): boolean {
  const accept = request.headers.get('accept') ?? '';
  return /\bapplication\/json\b/i.test(accept);
}
