import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createDemoPage, type DemoPageConfig } from '../../../src/demo/pageRoutes.ts';
import { exchanged, identityOf, issued, jwt, poolId } from '../../unit/client/testServers.ts';

export interface DemoServers {
  readonly url: string;
  /** Requests so far, as `POST /graphql` or `GetId`. */
  readonly log: string[];
  /** Life of the credentials that are issued, in seconds. */
  credentialsLife: number;
  /** What the API answers instead of credentials. */
  failWith: { readonly status: number; readonly code: string } | undefined;
  close(): Promise<void>;
}

async function listen(handler: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

/** The demo page with an API, a login, a Cognito and an STS that are as small as the page needs them. */
export async function startDemoServers(): Promise<DemoServers> {
  const identities = new Map<string, string>();
  let count = 0;

  const cognito = await listen(async (request, response) => {
    const text = await bodyOf(request);
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-expose-headers', 'Date');
    if (request.method === 'OPTIONS') {
      const headers = 'content-type, x-amz-target, authorization, x-amz-date, x-amz-security-token';
      response.writeHead(200, { 'access-control-allow-headers': headers }).end();
      return;
    }
    const operation =
      String(request.headers['x-amz-target'] ?? 'STS')
        .split('.')
        .at(-1) ?? '';
    demo.log.push(operation);
    if (operation === 'STS') {
      const key = /Credential=([^/]+)/.exec(String(request.headers.authorization))?.[1];
      const arn = `arn:aws:sts::000000000000:assumed-role/authenticated/${key}`;
      response.writeHead(200, { 'content-type': 'text/xml' });
      response.end(
        `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>${arn}</Arn><Account>000000000000</Account><UserId>x</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>`,
      );
      return;
    }
    const { IdentityId } = JSON.parse(text);
    const answers: Record<string, () => unknown> = {
      GetId: () => ({ IdentityId: identityOf(`guest${++count}`) }),
      GetOpenIdToken: () => ({ IdentityId, Token: jwt({ sub: IdentityId, amr: ['unauthenticated'] }) }),
      GetCredentialsForIdentity: () => exchanged(IdentityId, ++count, demo.credentialsLife).body,
    };
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(answers[operation]?.()));
  });

  const page = createDemoPage({ config: () => config });
  const api = await listen(async (request, response) => {
    if (page(request, response)) return;
    demo.log.push(`${request.method} ${request.url}`);
    const text = await bodyOf(request);
    response.setHeader('content-type', 'application/json');
    if (request.url === '/demo-login/token') {
      const user = new URLSearchParams(text).get('username');
      response.end(
        JSON.stringify({ access_token: jwt({ iss: config.graphqlEndpoint, sub: user, n: ++count }) }),
      );
      return;
    }
    if (demo.failWith) {
      const { status, code } = demo.failWith;
      response.writeHead(status).end(JSON.stringify({ errors: [{ message: 'No.', extensions: { code } }] }));
      return;
    }
    const { sub } = JSON.parse(
      Buffer.from(String(request.headers.authorization?.split('.')[1]), 'base64url').toString(),
    );
    const { query, variables } = JSON.parse(text);
    const known = identities.get(sub);
    const guest = query.includes('linkGuestIdentity(') ? variables.input.guestIdentityId : undefined;
    const identityId = known ?? guest ?? identityOf(sub);
    identities.set(sub, identityId);
    const { cognitoCredentials } = (
      issued(sub, { identityId, linked: guest === identityId }).body as {
        data: { cognitoCredentials: unknown };
      }
    ).data;
    response.end(
      JSON.stringify({ data: { [guest ? 'linkGuestIdentity' : 'cognitoCredentials']: cognitoCredentials } }),
    );
  });

  const config: DemoPageConfig = {
    graphqlEndpoint: '/graphql',
    cognitoEndpoint: cognito.url,
    loginTokenEndpoint: '/demo-login/token',
    identityPoolId: poolId,
    region: 'us-east-1',
  };
  const demo: DemoServers = {
    url: api.url,
    log: [],
    credentialsLife: 3600,
    failWith: undefined,
    async close() {
      for (const { server } of [api, cognito]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
  return demo;
}
