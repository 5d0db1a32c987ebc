import {
  type Attributes,
  type Context,
  context,
  INVALID_SPAN_CONTEXT,
  ProxyTracerProvider,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  trace,
} from '@opentelemetry/api';
import { ServiceError } from '../errors.ts';

export { SpanKind } from '@opentelemetry/api';

/**
 * Asked anew each time: the API's proxy remembers the first provider it has seen, and a host may register its own after this module is
 * loaded.
 */
const tracer = () => trace.getTracer('cognito-graphql');

/** What the API answers with while no provider is registered. */
const noProvider = new ProxyTracerProvider().getDelegate();
const noSpan = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

/** Without a provider a span would cost several objects, and be nothing. */
function isTracing(): boolean {
  const provider = trace.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegate() !== noProvider;
}

/** What is asked for and who is asked, never by whom: no user, id or token belongs in an attribute. */
export interface SpanFacts {
  readonly name: string;
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  /** Default: the active one. */
  readonly parent?: Context;
}

/**
 * Runs work in a span of its own, which is the active one meanwhile and ends with it. Errors mark it by code, not by text. The facts are
 * asked for only while somebody traces; otherwise what `work` answers is handed on as it is, with no promise around it.
 */
export function inSpan<T>(facts: () => SpanFacts, work: (span: Span) => T): T | Promise<Awaited<T>> {
  return isTracing() ? inTracedSpan(facts(), work) : work(noSpan);
}

async function inTracedSpan<T>(
  { name, kind = SpanKind.INTERNAL, attributes = {}, parent = context.active() }: SpanFacts,
  work: (span: Span) => T,
): Promise<Awaited<T>> {
  const span = tracer().startSpan(name, { kind, attributes }, parent);
  try {
    return await context.with(trace.setSpan(parent, span), () => work(span));
  } catch (error) {
    markFailed(span, error instanceof ServiceError ? error.code : 'INTERNAL_SERVER_ERROR');
    throw error;
  } finally {
    span.end();
  }
}

/** The trace that a request belongs to, as the registered propagator reads its headers (`traceparent` with the usual one). */
export function traceOf(headers: Headers): Context {
  return propagation.extract(context.active(), headers, headerGetter);
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const headerGetter: TextMapGetter<Headers> = {
  get: (headers, name) => headers[name],
  keys: (headers) => Object.keys(headers),
};

/** Says something about the span that is active. */
export function annotate(name: string, value: string): void {
  trace.getActiveSpan()?.setAttribute(name, value);
}

/** `type` is a code from a closed set: an error's text could hold what was sent. */
export function markFailed(span: Span, type: string): void {
  span.setAttribute('error.type', type).setStatus({ code: SpanStatusCode.ERROR });
}
