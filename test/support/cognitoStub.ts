import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';

/** What the stub sees of one call. Bodies are handed to the script and not kept. */
export interface StubCall {
  readonly operation: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the client sent
  readonly body: any;
  readonly signed: boolean;
  /** Id of the key that signed. */
  readonly accessKeyId?: string | undefined;
  /** In lower case. */
  readonly headerNames: readonly string[];
}

export type StubAnswer =
  | { readonly json: unknown; readonly delayMs?: number }
  | {
      readonly error: string;
      readonly message?: string;
      readonly status?: number;
      readonly headers?: Record<string, string>;
    }
  | { readonly raw: string; readonly status: number; readonly contentType?: string }
  | { readonly fault: 'reset' | 'hang' | 'slow body' | 'truncated body' }
  | ((call: StubCall) => StubAnswer | Promise<StubAnswer>);

/** A cognito-identity endpoint that answers what it is told, over the real wire. */
export interface CognitoStub {
  readonly endpoint: string;
  /** The answers of an operation in order; the last one is repeated. */
  script(operation: string, ...answers: StubAnswer[]): void;
  /** Calls per operation so far. */
  count(operation: string): number;
  /** Connections that are open at this moment. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

export async function startCognitoStub(): Promise<CognitoStub> {
  const scripts = new Map<string, StubAnswer[]>();
  const counts = new Map<string, number>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const operation = String(request.headers['x-amz-target']).replace('AWSCognitoIdentityService.', '');
    counts.set(operation, (counts.get(operation) ?? 0) + 1);
    const answers = scripts.get(operation) ?? [];
    let answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? {
      error: 'UnknownOperationException',
    };
    const call: StubCall = {
      operation,
      body: JSON.parse(Buffer.concat(chunks).toString('utf8')),
      signed: request.headers.authorization !== undefined,
      accessKeyId: /Credential=(\w+)\//.exec(request.headers.authorization ?? '')?.[1],
      headerNames: Object.keys(request.headers),
    };
    while (typeof answer === 'function') answer = await answer(call);
    await send(answer, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    script: (operation, ...answers) => scripts.set(operation, answers),
    count: (operation) => counts.get(operation) ?? 0,
    connections: () => promisify(server.getConnections.bind(server))(),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function send(answer: Exclude<StubAnswer, (call: StubCall) => unknown>, response: ServerResponse) {
  const json = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': 'request-1' };
  if ('json' in answer) {
    if (answer.delayMs) await new Promise((resolve) => setTimeout(resolve, answer.delayMs));
    response.writeHead(200, json).end(JSON.stringify(answer.json));
  } else if ('error' in answer) {
    const { error, message = '', status = 400, headers } = answer;
    // IAM's own refusals write the member with a capital letter.
    const member = error === 'AccessDeniedException' ? { Message: message } : { message };
    response
      .writeHead(status, { ...json, 'x-amzn-errortype': `${error}:`, ...headers })
      .end(JSON.stringify({ __type: error, ...member }));
  } else if ('raw' in answer) {
    response.writeHead(answer.status, { 'content-type': answer.contentType ?? 'text/html' }).end(answer.raw);
  } else if (answer.fault === 'reset') {
    response.socket?.resetAndDestroy();
  } else if (answer.fault === 'slow body') {
    response.writeHead(200, json).write('{"IdentityId":');
  } else if (answer.fault === 'truncated body') {
    response.writeHead(200, { ...json, 'content-length': '500' }).write('{"IdentityId":', () => {
      response.socket?.end();
    });
  }
}

/** An unsigned-in-earnest JWT with these claims: enough for code that only forwards tokens. */
export function tokenWith(claims: Record<string, unknown>): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ kid: 'us-east-1-7', typ: 'JWS', alg: 'RS512' })}.${part(claims)}.c2lnbmF0dXJl`;
}
