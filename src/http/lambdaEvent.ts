import type { InProcessAnswer, InProcessRequest } from './inProcess.ts';

/**
 * An event of payload format 2.0, which HTTP APIs and function URLs share: the members that are used here
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html).
 */
export interface HttpEvent {
  readonly version: string;
  /** Percent-encoded, with the stage in front unless it is `$default`. */
  readonly rawPath: string;
  /** Without the question mark. */
  readonly rawQueryString: string;
  /** Names in lower case; repeated headers are joined by commas. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Taken out of the headers by AWS. */
  readonly cookies?: readonly string[];
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
  readonly requestContext: {
    readonly http: { readonly method: string; readonly sourceIp: string };
    readonly stage?: string;
  };
}

export interface HttpResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** What the function is given to finish in, and to be stopped after. */
interface Invocation {
  readonly awsRequestId?: string;
  getRemainingTimeInMillis?(): number;
}

/** Milliseconds before Lambda's own limit at which a request is given up, so that the answer still gets out. */
const reserveMs = 500;

/** Throws for anything but payload format 2.0, with what to change. */
export function assertHttpEvent(event: HttpEvent): void {
  const { version, rawPath, requestContext } = Object(event) as Partial<HttpEvent>;
  if (version === '2.0' && typeof rawPath === 'string' && requestContext?.http !== undefined) return;
  throw new Error(
    'This is not an event of an API Gateway HTTP API with payload format 2.0 or of a function URL. ' +
      'Set payloadFormatVersion of the integration to 2.0; REST APIs, load balancers and other sources are not served.',
  );
}

/** The event as a request. */
export function toRequest(event: HttpEvent, invocation: Invocation = {}): InProcessRequest {
  const { rawQueryString, body, isBase64Encoded, requestContext } = event;
  const remainingMs = invocation.getRemainingTimeInMillis?.();
  return {
    method: requestContext.http.method,
    path: `${pathOf(event)}${rawQueryString ? `?${rawQueryString}` : ''}`,
    headers: headersOf(event, invocation),
    ...(body === undefined ? {} : { body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8') }),
    clientAddress: requestContext.http.sourceIp,
    ...(remainingMs === undefined ? {} : { timeoutMs: Math.max(1, remainingMs - reserveMs) }),
  };
}

/** All routes are named without a stage. */
function pathOf({ rawPath, requestContext: { stage } }: HttpEvent): string {
  if (stage === undefined || stage === '$default') return rawPath || '/';
  const prefix = `/${stage}`;
  if (rawPath === prefix) return '/';
  return rawPath.startsWith(`${prefix}/`) ? rawPath.slice(prefix.length) : rawPath;
}

function headersOf({ headers, cookies = [] }: HttpEvent, { awsRequestId }: Invocation): [string, string][] {
  const sent = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined || (cookies.length > 0 && name.toLowerCase() === 'cookie') ? [] : [[name, value]],
  );
  if (cookies.length > 0) sent.push(['cookie', cookies.join('; ')]);
  // The id under which Lambda's own log lines stand, unless the caller brought one.
  if (awsRequestId !== undefined && !sent.some(([name]) => name.toLowerCase() === 'x-request-id'))
    sent.push(['x-request-id', awsRequestId]);
  return sent;
}

/** The answer as Lambda takes it. All answers of this service are text in UTF-8. */
export function toResult({ status, headers, body }: InProcessAnswer): HttpResult {
  const joined: Record<string, string> = {};
  const cookies: string[] = [];
  for (const [name, value] of headers) {
    if (name === 'set-cookie') cookies.push(value);
    // AWS sets the date itself.
    else if (name !== 'date') joined[name] = name in joined ? `${joined[name]}, ${value}` : value;
  }
  return {
    statusCode: status,
    headers: joined,
    ...(cookies.length === 0 ? {} : { cookies }),
    body: body.toString('utf8'),
    isBase64Encoded: false,
  };
}
