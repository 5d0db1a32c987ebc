import { createServer } from 'node:http';
import { listener } from './whole.ts';

export const server = createServer((request, response) => {
  if (request.url?.startsWith('/graphql')) listener(request, response);
  else response.end('the rest of your service');
}).listen(4000);
