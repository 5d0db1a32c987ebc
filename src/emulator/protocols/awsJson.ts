import { AwsError } from '../errors.ts';
import type { WireRequest } from '../wireRequest.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Not for web pages of other origins: no CORS headers. */
  readonly private?: boolean;
  /** Breaks off in the middle of the body: says nothing more, or closes the connection. */
  readonly interrupt?: 'stall' | 'close';
}

const contentType = 'application/x-amz-json-1.1';
const targetPrefix = 'AWSCognitoIdentityService.';

/** The operation that `X-Amz-Target` names for cognito-identity; undefined for any other target, or none. */
export function targetOf(request: WireRequest): string | undefined {
  const target = request.headers.get('x-amz-target');
  return target?.startsWith(targetPrefix) ? target.slice(targetPrefix.length) : undefined;
}

export const hasTarget = (request: WireRequest) => request.headers.has('x-amz-target');

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** @throws AwsError `SerializationException` for anything but a JSON object in UTF-8; an empty body counts as `{}`. */
export function parseBody(body: Buffer): unknown {
  if (body.length === 0) return {};
  try {
    return JSON.parse(strictUtf8.decode(body));
  } catch {
    throw new AwsError('SerializationException', 'The request body is not valid JSON.');
  }
}

export function jsonAnswer(answer: unknown, requestId: string): HttpAnswer {
  return {
    status: 200,
    headers: { 'content-type': contentType, 'x-amzn-requestid': requestId },
    body: answer === undefined ? '' : JSON.stringify(answer),
  };
}

/**
 * An error as AWS writes it: the name three times, once with a trailing colon. The message of an access refusal has a capital
 * letter, for no better reason than that it has on AWS.
 */
export function jsonError({ name, message, status }: AwsError, requestId: string): HttpAnswer {
  const member = name === 'AccessDeniedException' ? 'Message' : 'message';
  return {
    status,
    headers: {
      'content-type': contentType,
      'x-amzn-requestid': requestId,
      'x-amzn-errortype': `${name}:`,
      'x-amzn-errormessage': headerText(message),
    },
    body: JSON.stringify({ __type: name, [member]: message }),
  };
}

/** A header takes one line of printable Latin text. */
const headerText = (message: string) => message.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 1024);
