import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import {
  type Attributes,
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanKind,
  type SpanStatus,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';

export interface RecordedSpan {
  readonly name: string;
  readonly kind: SpanKind | undefined;
  readonly attributes: Attributes;
  readonly status: SpanStatus | undefined;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
}

/** Registers what an OpenTelemetry SDK would: a provider that keeps ended spans, a context manager, W3C trace context. */
export function recordSpans(sampled: () => boolean = () => true) {
  const spans: RecordedSpan[] = [];
  trace.setGlobalTracerProvider(provider(spans, sampled));
  context.setGlobalContextManager(contextManager());
  propagation.setGlobalPropagator({
    inject: () => undefined,
    extract(parent, carrier, getter) {
      const header = String(getter.get(carrier, 'traceparent'));
      const [, traceId, spanId, flags] =
        /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(header) ?? [];
      if (traceId === undefined || spanId === undefined) return parent;
      return trace.setSpanContext(parent, { traceId, spanId, traceFlags: Number.parseInt(flags ?? '0', 16) });
    },
    fields: () => ['traceparent'],
  });
  return {
    spans,
    stop() {
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}

function provider(spans: RecordedSpan[], sampled: () => boolean): TracerProvider {
  const startSpan = (
    name: string,
    { kind, attributes: given }: SpanFacts = {},
    parent = context.active(),
  ) => {
    const above = trace.getSpanContext(parent);
    const own: SpanContext = {
      traceId: above?.traceId ?? randomBytes(16).toString('hex'),
      spanId: randomBytes(8).toString('hex'),
      traceFlags: above?.traceFlags ?? (sampled() ? 1 : 0),
    };
    if (own.traceFlags === 0) return trace.wrapSpanContext(own);
    const attributes: Attributes = { ...given };
    let status: SpanStatus | undefined;
    const span: Partial<Span> = {
      spanContext: () => own,
      isRecording: () => true,
      setAttribute: (key, value) => {
        attributes[key] = value;
        return span as Span;
      },
      setStatus: (to) => {
        status = to;
        return span as Span;
      },
      end: () => {
        const { traceId, spanId } = own;
        spans.push({ name, kind, attributes, status, traceId, spanId, parentSpanId: above?.spanId });
      },
    };
    return span as Span;
  };
  return { getTracer: () => ({ startSpan, startActiveSpan: () => undefined as never }) };
}

interface SpanFacts {
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
}

function contextManager() {
  const storage = new AsyncLocalStorage<Context>();
  const manager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: <A extends unknown[], F extends (...args: A) => ReturnType<F>>(
      to: Context,
      work: F,
      self?: ThisParameterType<F>,
      ...args: A
    ): ReturnType<F> => storage.run(to, () => work.apply(self, args)),
    bind: <T>(_: Context, target: T) => target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}
