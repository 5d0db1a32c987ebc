import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkServerUri, fetchJson } from '../../../src/auth/fetchJson.ts';

const check = (uri: string, allowInsecure = false) => checkServerUri('AUTH_JWKS_URI', uri, allowInsecure);

describe('the address of a login server', () => {
  it.each(['https://idp.example/keys', 'http://127.0.0.1:9/keys', 'http://localhost/', 'http://[::1]:80/'])(
    'may be %s',
    (uri) => expect(() => check(uri)).not.toThrow(),
  );

  it.each(['http://idp.example/keys', 'ftp://idp.example', 'http://127.evil.example/', 'http://[::2]/'])(
    'is refused where keys would travel in clear: %s',
    (uri) => expect(() => check(uri)).toThrow('AUTH_JWKS_URI must be an https: URI'),
  );

  it('may be in clear where that was asked for by name', () => {
    expect(() => check('http://idp.example/keys', true)).not.toThrow();
    expect(() => check('ftp://idp.example/keys', true)).toThrow('AUTH_JWKS_URI must be an https: URI');
  });

  it.each([
    ['keys', 'AUTH_JWKS_URI must be an absolute URI'],
    ['https://user:secret@idp.example/', 'AUTH_JWKS_URI must hold neither user information nor a fragment'],
    ['https://:secret@idp.example/', 'AUTH_JWKS_URI must hold neither user information nor a fragment'],
    ['https://idp.example/#a', 'AUTH_JWKS_URI must hold neither user information nor a fragment'],
  ])('is refused and not repeated: %s', (uri, message) => expect(() => check(uri)).toThrow(message));
});

describe('a document', () => {
  const options = {
    timeoutMs: 5_000,
    maxBytes: 100,
    what: 'key set',
    signal: new AbortController().signal,
  };

  async function serve(answer: RequestListener) {
    const server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  }

  it('is asked for by name and in plain text', async () => {
    let headers: unknown;
    const url = await serve((request, response) => {
      headers = request.headers;
      response.end('{}');
    });
    await fetchJson(url, options);
    expect(headers).toEqual({
      host: new URL(url).host,
      accept: 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'cognito-graphql',
      connection: 'keep-alive',
    });
  });

  it('comes over one connection again and again', async () => {
    const ports: unknown[] = [];
    const url = await serve(({ socket }, response) => {
      ports.push(socket.remotePort);
      response.end('{"a":1}');
    });
    for (let i = 0; i < 3; i++) expect((await fetchJson(url, options)).body).toEqual({ a: 1 });
    expect(new Set(ports).size).toBe(1);
    expect(ports).toHaveLength(3);
  });

  it('is asked for again where the server has closed the connection that was kept', async () => {
    let asked = 0;
    const url = await serve(({ socket }, response) => {
      asked += 1;
      if (asked === 2) socket.resetAndDestroy();
      else response.end(`{"asked":${asked}}`);
    });
    expect((await fetchJson(url, options)).body).toEqual({ asked: 1 });
    expect((await fetchJson(url, options)).body).toEqual({ asked: 3 });
  });

  it('is asked for once where the server closes every connection', async () => {
    let asked = 0;
    const url = await serve(({ socket }) => {
      asked += 1;
      socket.resetAndDestroy();
    });
    await expect(fetchJson(url, options)).rejects.toMatchObject({
      kind: 'unreachable',
      message: 'the key set cannot be fetched (ECONNRESET)',
    });
    expect(asked).toBe(1);
  });

  it.each([
    [200, 'wrong', 'the key set is larger than 100 bytes'],
    [500, 'failing', 'the key set was answered with status 500'],
  ])('that never ends is left, and its connection closed: status %i', async (status, kind, message) => {
    let closed: Promise<void> | undefined;
    const url = await serve((_, response) => {
      response.statusCode = status;
      closed = new Promise((resolve) => response.once('close', resolve));
      const pour = () => {
        while (response.write('x'.repeat(1_000)));
        response.once('drain', pour);
      };
      pour();
    });
    await expect(fetchJson(url, options)).rejects.toMatchObject({ kind, message });
    await closed;
  });
});
