import type { FirstTab } from './landingPage.ts';
import type { Route } from './route.ts';

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
        response.setHeader('content-type', 'text/html; charset=utf-8');
        response.end(
          renderGraphiQL({
            title: 'cognito-graphql',
            endpoint: '/graphql',
            defaultQuery: document,
            headers: JSON.stringify(headers, null, 2),
            shouldPersistHeaders: false,
          }),
        );
      },
    },
  };
}
