// The practical limit: node:http with nothing around the work itself, and no GraphQL.
import { createServer } from 'node:http';
import { credentialsOf, listening, refusal, userOf } from './shared.mjs';

const unauthenticated = JSON.stringify({ errors: [refusal] });

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    response.setHeader('content-type', 'application/json; charset=utf-8');
    response.setHeader('cache-control', 'no-store');
    const user = userOf(request.headers.authorization);
    const { query } = JSON.parse(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
    if (query === '{__typename}') return response.end('{"data":{"__typename":"Query"}}');
    if (user === undefined) {
      response.statusCode = 401;
      return response.end(unauthenticated);
    }
    const data = query.startsWith('mutation')
      ? { cognitoCredentials: credentialsOf(user) }
      : { me: { userId: user, administrator: false } };
    response.end(JSON.stringify({ data }));
  });
});
server.keepAliveTimeout = 65_000;
server.listen(0, '127.0.0.1', () => listening(server.address().port));
