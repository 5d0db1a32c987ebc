import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Core } from './core.ts';
import { AwsError } from './errors.ts';
import type { Fault, Faults } from './faults.ts';
import { iamOperations } from './iam/operations/index.ts';
import { type HttpAnswer, hasTarget, jsonError, targetOf } from './protocols/awsJson.ts';
import { handleQueryRequest, queryParametersOf } from './protocols/awsQuery.ts';
import { xmlDocument } from './protocols/queryDocument.ts';
import { QueryError } from './protocols/queryOperation.ts';
import { type LoggedRequest, loggable, type RequestLog } from './requestLog.ts';
import type { Outcome } from './server.ts';
import type { Throttles } from './throttles.ts';
import type { WireRequest } from './wireRequest.ts';

export interface Dispatcher {
  /** Serves a call of Cognito, STS or IAM; undefined for a request that is none. */
  dispatch(request: WireRequest): Promise<Outcome> | undefined;
  /** How many calls are under way. */
  pending(): number;
}

export interface DispatcherOptions {
  readonly core: Core;
  readonly faults: Faults;
  readonly throttles: Throttles;
  readonly requests: RequestLog;
  /** Ends the waiting of calls that a fault delays. */
  readonly closing: AbortSignal;
}

type Answering = HttpAnswer | Promise<HttpAnswer>;

/** A call with its service's way to answer. */
interface Call {
  readonly operation: string;
  serve(clockOffsetMs: number, observe: (request: Record<string, unknown>) => void): Answering;
  refuse(error: AwsError): HttpAnswer;
}

export const unknownOperation = () => jsonError(new AwsError('UnknownOperationException', ''), randomUUID());

/** Routes by what the request asks for, never by host or signature: everything shares one port. */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { core, faults, throttles, requests, closing } = options;
  let pending = 0;
  const { cognito, queryServices, services } = core;

  const callOf = (request: WireRequest): Call | undefined => {
    const target = targetOf(request);
    if (target !== undefined) {
      return {
        operation: target,
        serve: (clockOffsetMs, observe) => cognito.handle(target, request, { clockOffsetMs, observe }),
        refuse: (error) => jsonError(error, randomUUID()),
      };
    }
    if (hasTarget(request)) {
      return { operation: 'unknown', serve: unknownOperation, refuse: unknownOperation };
    }
    const parameters = queryParametersOf(request);
    if (!parameters) return undefined;
    const action = parameters.get('Action') ?? '';
    return {
      operation: action,
      serve: (clockOffsetMs) =>
        handleQueryRequest(parameters, request, {
          ...queryServices,
          clock: { now: () => services.clock.now() + clockOffsetMs },
        }),
      refuse: (error) => queryRefusal(action, error),
    };
  };

  const serve = async (call: Call): Promise<Outcome> => {
    const { operation } = call;
    const receivedAt = services.clock.now();
    let seen: Partial<LoggedRequest> = {};
    const answerOf = (clockOffsetMs: number): Answering =>
      throttles.allows(operation)
        ? call.serve(clockOffsetMs, (request) => {
            seen = loggable(request);
          })
        : call.refuse(new AwsError('TooManyRequestsException', 'Rate exceeded'));
    const fault = faults.take(operation);
    pending += 1;
    try {
      const outcome = await (fault ? faultyOutcome(fault, call, answerOf) : answerOf(0));
      const answer = 'connection' in outcome ? undefined : outcome;
      const error = answer && errorNameOf(answer);
      requests.add({
        receivedAt,
        operation,
        status: answer?.status ?? 0,
        ...(error !== undefined && { error }),
        ...seen,
      });
      return outcome;
    } finally {
      pending -= 1;
    }
  };

  return {
    dispatch: (request) => {
      const call = callOf(request);
      return call && serve(call);
    },
    pending: () => pending,
  };

  async function faultyOutcome(
    fault: Fault,
    call: Call,
    answer: (clockOffsetMs: number) => Answering,
  ): Promise<Outcome> {
    if (fault.latencyMs !== undefined && !(await waited(fault.latencyMs, closing)))
      return { connection: 'reset' };
    if (fault.hang) return { connection: 'hang' };
    if (fault.reset) return { connection: 'reset' };
    const offset = fault.clockOffsetMs ?? 0;
    const { interrupt } = fault;
    const whole = await faultyAnswer(fault, call, () => answer(offset));
    const given = interrupt === undefined ? whole : { ...whole, interrupt };
    if (offset === 0) return given;
    const date = new Date(services.clock.now() + offset).toUTCString();
    return { ...given, headers: { ...given.headers, date } };
  }
}

/** False when the wait was cut short. */
async function waited(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(milliseconds, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}

async function faultyAnswer(fault: Fault, call: Call, answer: () => Answering): Promise<HttpAnswer> {
  if (fault.error)
    return call.refuse(new AwsError(fault.error.name, fault.error.message ?? '', fault.status));
  if (fault.body !== undefined) {
    const body = typeof fault.body === 'string' ? fault.body : '{"IdentityId":"us-east-1:';
    return { status: fault.status ?? 500, headers: { 'content-type': 'application/x-amz-json-1.1' }, body };
  }
  const given = await answer();
  return fault.status === undefined ? given : { ...given, status: fault.status };
}

/** STS and IAM answer errors in XML, and are throttled by another name. */
function queryRefusal(action: string, { name, message, status }: AwsError): HttpAnswer {
  const isIam = Object.hasOwn(iamOperations, action);
  const document = xmlDocument(
    isIam ? 'https://iam.amazonaws.com/doc/2010-05-08/' : 'https://sts.amazonaws.com/doc/2011-06-15/',
  );
  const requestId = randomUUID();
  const code = name === 'TooManyRequestsException' ? 'Throttling' : name;
  return {
    status,
    headers: { 'content-type': document.contentType, 'x-amzn-requestid': requestId },
    body: document.error(new QueryError(code, message, status), requestId),
  };
}

function errorNameOf({ status, headers, body }: HttpAnswer): string | undefined {
  if (status < 400) return undefined;
  return headers['x-amzn-errortype']?.replace(/:$/, '') ?? /<Code>([^<]+)<\/Code>/.exec(body)?.[1];
}
