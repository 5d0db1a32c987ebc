import { randomBytes } from 'node:crypto';
import type { FirstTab } from './landingPage.ts';
import type { Route } from './route.ts';
import { setPagePolicy } from './securityHeaders.ts';

/**
 * `/explorer`: GraphiQL with everything it needs inside the page, for networks without internet. The package is loaded on the first
 * visit: it is 9 MB, which most processes never need.
 */
export function createExplorerRoute(firstTab: () => Promise<FirstTab>): Route {
  return {
    path: '/explorer',
    methods: {
      async GET(_, response) {
        const [{ renderGraphiQL }, { document, headers }] = await Promise.all([
          import('@graphql-yoga/render-graphiql'),
          firstTab(),
        ]);
        const page = renderGraphiQL({
          title: 'cognito-graphql',
          endpoint: '/graphql',
          defaultQuery: document,
          headers: JSON.stringify(headers, null, 2),
          shouldPersistHeaders: false,
        });
        const nonce = randomBytes(16).toString('base64');
        response.setHeader('content-type', 'text/html; charset=utf-8');
        setPagePolicy(response, policy(nonce));
        // Tags stand in lines of their own; what looks like one inside a script does not.
        response.end(
          page
            .replaceAll(/^ *<script>$/gm, `<script nonce="${nonce}">`)
            .replace('</head>', `<style>${narrow}</style></head>`),
        );
      },
    },
  };
}

/** On a phone the answer stands below the request: beside it, it would be one letter wide. */
const narrow = `
@media (max-width: 640px) {
  .graphiql-container .graphiql-main { min-width: 0; }
  .graphiql-container #graphiql-session { flex-direction: column; }
  .graphiql-container .graphiql-horizontal-drag-bar { display: none; }
  .graphiql-container .graphiql-logo { display: none; }
}`;

/** Only what is in the page, and the API. The editor makes its styles and its workers at run time. */
const policy = (nonce: string) => ({
  'default-src': "'none'",
  'script-src': `'nonce-${nonce}'`,
  'style-src': "'unsafe-inline'",
  'img-src': "'self' data:",
  'font-src': 'data:',
  'worker-src': 'blob:',
  'connect-src': "'self'",
});
