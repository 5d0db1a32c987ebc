import { once } from 'node:events';
import { createServer, request, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { HeaderListResponse } from '../../../src/http/headerListResponse.ts';

type Work = (response: ServerResponse) => unknown;

/** What a client is sent by a response of the given class, and what `work` answers or throws. */
async function exchange(Response: typeof ServerResponse, work: Work) {
  let answered: unknown;
  const server = createServer({ ServerResponse: Response }, (_, response) => {
    response.sendDate = false;
    try {
      answered = work(response);
    } catch (error) {
      answered = { code: (error as NodeJS.ErrnoException).code };
    }
    response.end(`headersSent ${response.headersSent}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const sent = request({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, agent: false });
    sent.end();
    const [answer] = await once(sent, 'response');
    const { statusCode, statusMessage, rawHeaders } = answer;
    const headers = rawHeaders.map((part: string, index: number) =>
      index % 2 === 0 ? part.toLowerCase() : part,
    );
    return { answered, statusCode, statusMessage, headers, body: await text(answer) };
  } finally {
    server.close();
  }
}

const scripts: Readonly<Record<string, Work>> = {
  'a head that nobody writes': (response) => response.setHeader('x-one', '1').statusCode,
  'a name in another spelling': (response) => {
    response.setHeader('X-One', '1').setHeader('x-two', 2).setHeader('x-ONE', 'again');
    return [response.getHeader('X-one'), response.getHeader('x-Two'), response.getHeader('x-three')];
  },
  'a header with several values': (response) => {
    response.setHeader('set-cookie', ['a=1', 'b=2']);
    return response.getHeader('set-cookie');
  },
  'headers to append to': (response) => {
    response.appendHeader('Vary', 'Origin').appendHeader('vary', ['Accept', 'Cookie']);
    response.setHeader('x-number', 1);
    response.appendHeader('x-number', 'two');
    return [response.getHeader('vary'), response.getHeader('x-number')];
  },
  'a header that is taken away': (response) => {
    response.setHeader('x-one', '1').setHeader('x-two', '2').setHeader('x-three', '3');
    response.removeHeader('X-Two');
    response.removeHeader('x-four');
    return [response.hasHeader('x-two'), response.hasHeader('X-THREE')];
  },
  'all headers': (response) => {
    response.setHeader('X-One', '1').setHeader('x-two', ['2', 'zwei']);
    return [response.getHeaderNames(), { ...response.getHeaders() }];
  },
  'a map of headers': (response) => {
    response.setHeaders(new Map([['x-one', '1']]));
    return response.getHeader('x-one');
  },
  'a head with a status': (response) => {
    response.setHeader('x-one', '1');
    response.writeHead(404);
    return response.headersSent;
  },
  'a head with a reason': (response) => void response.setHeader('x-one', '1').writeHead(404, 'Nowhere'),
  'a head with headers by name': (response) =>
    void response.setHeader('x-one', '1').writeHead(201, { 'X-One': 'one', 'x-two': 2 }),
  'a head with a reason and headers': (response) =>
    void response.setHeader('x-one', '1').writeHead(201, 'Made', { 'x-two': ['2', 'zwei'] }),
  'a head with names and values in turn': (response) =>
    void response.setHeader('x-one', '1').writeHead(201, ['x-one', 'one', 'x-two', 'two']),
  'a head with a length': (response) => void response.writeHead(200, { 'content-length': 16 }),
  'an answer without a body': (response) => void response.writeHead(204, { 'x-one': '1' }),
  'a header that comes too late': (response) => response.writeHead(200).setHeader('x-late', '1'),
  'a header that is appended too late': (response) => response.writeHead(200).appendHeader('x-late', '1'),
  'a header that is taken away too late': (response) => {
    response.setHeader('x-one', '1').writeHead(200);
    response.removeHeader('x-one');
  },
  'a second head': (response) => response.writeHead(200).writeHead(201),
};

describe("answers and sends what Node.js's own response does", () => {
  for (const [name, work] of Object.entries(scripts)) {
    it(name, async () => {
      expect(await exchange(HeaderListResponse, work)).toEqual(await exchange(ServerResponse, work));
    });
  }

  it('sends all of it', async () => {
    const { headers } = await exchange(HeaderListResponse, scripts['a head with headers by name'] as Work);
    expect(headers.slice(0, 4)).toEqual(['x-one', 'one', 'x-two', '2']);
  });
});

it.each([
  ['value', 'x-bad', 'line\r\nx-injected: 1', 'ERR_INVALID_CHAR'],
  ['name', 'x bad', '1', 'ERR_INVALID_HTTP_TOKEN'],
])(
  'sends no head with a bad %s, and leaves room for the answer that tells of it',
  async (_, name, value, code) => {
    const { answered, headers, body } = await exchange(HeaderListResponse, (response) => {
      response.setHeader('x-one', '1').setHeader(name, value);
      response.writeHead(200);
    });
    expect(answered).toEqual({ code });
    expect(headers.join()).not.toMatch(/x-one|x-bad|x bad|x-injected/);
    expect(body).toBe('headersSent false');
  },
);
