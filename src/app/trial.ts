import type { DemoLogin } from '../demo/demoLogin.ts';
import type { FirstTab } from '../http/landingPage.ts';
import type { Handler, Route } from '../http/route.ts';
import type { Pool } from './pool.ts';

/** What the first tab of the explorers holds: the main mutation, and on the demo login a token that works. */
export async function firstTabOf(demoLogin: DemoLogin | undefined): Promise<FirstTab> {
  const token =
    demoLogin === undefined ? '<your access token>' : await demoLogin.issueToken({ user: 'alice' });
  return { document: firstDocument, headers: { authorization: `Bearer ${token}` } };
}

const firstDocument = `# Your user's identity in the pool, with a token
# to exchange for AWS credentials. The user is
# the one of the access token in the headers.
mutation CognitoCredentials {
  cognitoCredentials {
    identityId
    openIdToken
    expiresAt
    region
    identityPoolId
    loginsKey
  }
}
`;

export const demoLoginRoute = (demoLogin: DemoLogin): Route => {
  const handle: Handler = (request, response) => void demoLogin.handler(request, response);
  return { path: '/demo-login/*', methods: { GET: handle, POST: handle, OPTIONS: handle } };
};

/** The page to click through, which exists where login and Cognito are both this process's own. */
export async function demoPageRoutes(
  { identityPoolId, region }: Pool,
  cognitoEndpoint: string,
): Promise<Route[]> {
  const { createDemoPage } = await import('../demo/pageRoutes.ts');
  const page = createDemoPage({
    config: () => ({
      graphqlEndpoint: '/graphql',
      cognitoEndpoint,
      loginTokenEndpoint: '/demo-login/token',
      identityPoolId,
      region,
    }),
  });
  const handle: Handler = (request, response) => void page(request, response);
  return ['/', '/demo/*'].map((path) => ({ path, methods: { GET: handle } }));
}
