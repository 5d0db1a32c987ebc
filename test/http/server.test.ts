import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createCors } from '../../src/http/cors.ts';
import type { Route } from '../../src/http/route.ts';
import { createHttpServer, explainListenError } from '../../src/http/server.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { echo, start } from '../support/httpServer.ts';
import { silentLogger } from '../support/silentLogger.ts';
import { captureText } from '../support/writtenLogs.ts';

const post = (url: string, body: string | Uint8Array<ArrayBuffer>, contentType = 'application/json') =>
  fetch(`${url}/echo`, { method: 'POST', body, headers: { 'content-type': contentType } });

describe('the HTTP server', () => {
  it('answers every request with an id and no-store, refusals included', async () => {
    const { url } = await start([echo]);
    for (const path of ['/echo', '/nothing']) {
      const { headers } = await fetch(`${url}${path}`);
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'");
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    }
  });

  it('keeps the request id of the caller only when it can stand in a log', async () => {
    const { url } = await start([echo]);
    const idFor = async (id: string) =>
      (await fetch(`${url}/echo`, { headers: { 'x-request-id': id } })).headers.get('x-request-id');
    expect(await idFor('trace-1.2:3')).toBe('trace-1.2:3');
    expect(await idFor('a b')).not.toBe('a b');
    expect(await idFor('x'.repeat(65))).not.toBe('x'.repeat(65));
  });

  it.each([
    ['/nothing', 'GET', 404, 'NOT_FOUND'],
    ['/echo', 'DELETE', 405, 'METHOD_NOT_ALLOWED'],
  ])('refuses %s %s with %d in JSON', async (path, method, status, code) => {
    const { url } = await start([echo]);
    const response = await fetch(`${url}${path}`, { method });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code } }] });
    if (status === 405) expect(response.headers.get('allow')).toBe('GET, POST');
  });

  it('answers HEAD like GET without a body', async () => {
    const { url } = await start([echo]);
    const response = await fetch(`${url}/echo`, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  it.each([
    ['application/json'],
    ['APPLICATION/JSON'],
    ['application/json;charset="UTF-8"'],
    ['application/json; charset=utf8'],
    ['application/json ; Charset = utf-8'],
  ])('reads a body sent as %s', async (contentType) => {
    const { url } = await start([echo]);
    const response = await post(url, '{"a":"ü"}', contentType);
    expect([response.status, await response.text()]).toEqual([200, '{"a":"ü"}']);
  });

  it('reads a body behind a byte order mark', async () => {
    const { url } = await start([echo]);
    expect(await (await post(url, '\ufeff{"a":1}')).json()).toEqual({ a: 1 });
  });

  it.each([
    ['half a JSON text', '{"a":', 'application/json', 400],
    ['bytes that are not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 'application/json', 400],
    ['a body over the limit', JSON.stringify('x'.repeat(200)), 'application/json', 413],
    ['latin-1', '{}', 'application/json; charset=iso-8859-1', 415],
    ['utf-7', '{}', 'application/json; charset=utf-7', 415],
    ['ibm037', '{}', 'application/json; charset=ibm037', 415],
    ['a form', 'a=1', 'application/x-www-form-urlencoded', 415],
    ['text', '{}', 'text/plain', 415],
  ])('refuses %s in JSON, without a stack or a path', async (_, body, contentType, status) => {
    const { url } = await start([echo]);
    const response = await post(url, body, contentType);
    const text = await response.text();
    expect(response.status).toBe(status);
    expect(JSON.parse(text)).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
    expect(text).not.toMatch(/ at |\.ts|\.js|node_modules/);
  });

  it('stops reading a body without a length once it is too large', async () => {
    const { url, port } = await start([echo]);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest(
        { port, path: '/echo', method: 'POST', headers: { 'content-type': 'application/json' } },
        (response) => resolve(response.resume().statusCode),
      );
      request.on('error', reject);
      request.write('x'.repeat(1000));
    });
    expect(status).toBe(413);
    expect((await fetch(`${url}/echo`)).status).toBe(200);
  });

  it('refuses a compressed body instead of unpacking it', async () => {
    const { url } = await start([echo]);
    const response = await fetch(`${url}/echo`, {
      method: 'POST',
      body: 'x',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    });
    expect(response.status).toBe(415);
  });

  it('hides an unexpected error behind the request id', async () => {
    const broken: Route = {
      path: '/broken',
      methods: {
        GET: () => {
          throw new Error('secret');
        },
      },
    };
    const log = captureText();
    const { url } = await start([broken], { logger: createLogger('info', log.stream) });
    const response = await fetch(`${url}/broken`, { headers: { 'x-request-id': 'r1' } });
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({
      errors: [
        {
          message: 'Something went wrong on our side. Look for r1 in the log of the server.',
          extensions: { code: 'INTERNAL_SERVER_ERROR' },
        },
      ],
    });
    expect(JSON.parse(log.text())).toMatchObject({ requestId: 'r1', err: { message: 'secret' } });
  });

  it('ends the connection of an answer that fails in the middle, and goes on', async () => {
    const broken: Route = {
      path: '/broken',
      methods: {
        GET: async (_, response) => {
          response.write('half of');
          throw new Error('no');
        },
      },
    };
    const { url } = await start([broken, echo]);
    await expect(fetch(`${url}/broken`).then((response) => response.text())).rejects.toThrow();
    expect(await (await fetch(`${url}/echo`)).text()).toBe('got');
  });

  it.each([
    ['what is not HTTP', 'nonsense\r\n\r\n', 400],
    ['headers over 32 kB', `GET /echo HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
    ['headers that do not end', 'GET /echo HTTP/1.1\r\nhost: a\r\nx: ', 408],
    ['two lengths', 'POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx', 400],
    [
      'a length beside chunks',
      'POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['no host', 'GET /echo HTTP/1.1\r\n\r\n', 400],
    ['an expectation', 'GET /echo HTTP/1.1\r\nhost: a\r\nexpect: miracles\r\nconnection: close\r\n\r\n', 417],
  ])('answers %s in JSON and with all headers, and ends the connection', async (_, text, status) => {
    const { port } = await start([echo], { headersTimeoutMs: 300 });
    const answer = await new Promise<string>((resolve) => {
      let received = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(text));
      socket.on('data', (data) => {
        received += data.toString();
      });
      socket.once('close', () => resolve(received));
    });
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    for (const header of [
      /^x-request-id: [0-9a-f-]{36}$/im,
      /^cache-control: no-store$/im,
      /^x-content-type-options: nosniff$/im,
      /^content-type: application\/json; charset=utf-8$/im,
      /^connection: close$/im,
    ]) {
      expect(head).toMatch(header);
    }
    expect(JSON.parse(body)).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST' } }] });
  });

  it('takes an expectation that every client may have', async () => {
    const { port } = await start([echo]);
    const headers = { 'content-type': 'application/json', expect: '100-Continue' };
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest({ port, path: '/echo', method: 'POST', headers }, (response) =>
        resolve(response.resume().statusCode),
      );
      request.once('continue', () => request.end('{}')).once('error', reject);
      request.flushHeaders();
    });
    expect(status).toBe(200);
  });

  it('believes a configured proxy about the client, and nobody else', async () => {
    const who: Route = {
      path: '/who',
      methods: { GET: (_, response, { clientAddress }) => void response.end(clientAddress) },
    };
    const headers = { 'x-forwarded-for': '192.0.2.9' };
    const near = await start([who]);
    expect(await (await fetch(`${near.url}/who`, { headers })).text()).toBe('127.0.0.1');
    const behind = await start([who], { trustedProxies: ['127.0.0.0/8'] });
    expect(await (await fetch(`${behind.url}/who`, { headers })).text()).toBe('192.0.2.9');
  });

  it('aborts the signal of a request that takes too long, and of one whose client is gone', async () => {
    const reasons: unknown[] = [];
    const slow: Route = {
      path: '/slow',
      methods: {
        GET: (_, response, { signal }) =>
          new Promise((resolve) => {
            signal.addEventListener('abort', () => {
              reasons.push(signal.reason);
              response.end();
              resolve();
            });
          }),
      },
    };
    const hasty = await start([slow], { requestTimeoutMs: 150 });
    await fetch(`${hasty.url}/slow`);
    const patient = await start([slow]);
    await fetch(`${patient.url}/slow`, { signal: AbortSignal.timeout(50) }).catch(() => undefined);
    await expect.poll(() => reasons.length).toBe(2);
    expect(reasons).toMatchObject([
      { code: 'UPSTREAM_UNAVAILABLE', message: 'The request took too long; try again.' },
      { code: 'UPSTREAM_UNAVAILABLE', message: 'The client is gone.' },
    ]);
  });

  it('gives a request that did not come over the network no more time than any other', async () => {
    const slow: Route = {
      path: '/slow',
      methods: {
        GET: (_, response, { signal }) =>
          signal.addEventListener('abort', () => void response.end(signal.reason.message)),
      },
    };
    const { server } = await start([slow], { requestTimeoutMs: 100 });
    const request = { method: 'GET', path: '/slow', headers: [], clientAddress: '192.0.2.1' };
    const { body } = await server.handle({ ...request, timeoutMs: 60_000 });
    expect(body.toString()).toBe('The request took too long; try again.');
  });

  it('has an aborted signal for whoever asks for it after the client has gone', async () => {
    const late: Promise<unknown>[] = [];
    const slow: Route = {
      path: '/slow',
      methods: {
        GET: async (_, response, scope) => {
          late.push(once(response, 'close').then(() => scope.signal.reason));
        },
      },
    };
    const { url } = await start([slow]);
    const client = new AbortController();
    const gone = fetch(`${url}/slow`, { signal: client.signal }).catch(() => undefined);
    await expect.poll(() => late.length).toBe(1);
    client.abort();
    await gone;
    expect(await late[0]).toMatchObject({ message: 'The client is gone.' });
  });

  it('says what to do when its port is taken', async () => {
    const { port } = await start([echo]);
    const second = createHttpServer({ logger: silentLogger });
    await expect(second.listen(port, '127.0.0.1')).rejects.toThrow(
      `Port ${port} on 127.0.0.1 is taken. Stop what listens there, or choose another port with PORT=${port + 1}.`,
    );
  });

  it('says what to do when its port is not for everybody', () => {
    const refused = Object.assign(new Error('listen EACCES'), { code: 'EACCES' });
    expect(explainListenError(refused, 80, '0.0.0.0').message).toBe(
      'Port 80 needs more rights than this process has. Choose one above 1023 with PORT.',
    );
  });

  it('answers 503 for what is not there yet until it is opened', async () => {
    const server = createHttpServer({ logger: silentLogger });
    onTestFinished(() => server.drain(0));
    const { url } = await server.listen(0, '127.0.0.1');
    const early = await fetch(`${url}/echo`);
    expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1']);
    server.mount([echo]);
    expect((await fetch(`${url}/echo`)).status).toBe(200);
    server.open();
    expect((await fetch(`${url}/other`)).status).toBe(404);
  });
});

describe('cross-origin access', () => {
  const origin = 'https://app.example';
  const withCors = () =>
    start([{ ...echo, methods: { ...echo.methods, OPTIONS: (_, r) => void r.end() } }], {
      cors: createCors([origin]),
    });

  it('is given to a configured origin, refusals included', async () => {
    const { url } = await withCors();
    for (const path of ['/echo', '/nothing']) {
      const { headers } = await fetch(`${url}${path}`, { headers: { origin } });
      expect(headers.get('access-control-allow-origin')).toBe(origin);
      expect(headers.get('vary')).toBe('Origin');
    }
  });

  it.each(['https://app.example.evil', 'http://app.example', 'https://APP.example', 'null'])(
    'is not given to %s',
    async (other) => {
      const { url } = await withCors();
      const { headers } = await fetch(`${url}/echo`, { headers: { origin: other } });
      expect(headers.get('access-control-allow-origin')).toBeNull();
      expect(headers.get('vary')).toBe('Origin');
    },
  );

  it('lets a preflight ask for the headers of GraphQL clients', async () => {
    const { url } = await withCors();
    const { headers } = await fetch(`${url}/echo`, { method: 'OPTIONS', headers: { origin } });
    expect(headers.get('access-control-allow-methods')).toBe('GET, POST');
    expect(headers.get('access-control-allow-headers')).toContain('authorization, content-type');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  });
});
