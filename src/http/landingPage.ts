import type { ApolloServerPlugin, LandingPage } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default';
import type { GraphQLContext } from '../graphql/context.ts';

/** What the first tab of an explorer holds. */
export interface FirstTab {
  readonly document: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Apollo Sandbox at `GET /graphql`, its first tab ready to run. The page is made anew for each visit, since the demo token in it
 * does not live for ever. Sandbox itself comes from Apollo's servers; `/explorer` needs no internet.
 */
export function sandboxLandingPage(firstTab: () => Promise<FirstTab>): ApolloServerPlugin<GraphQLContext> {
  return {
    async serverWillStart(service) {
      return {
        async renderLandingPage(): Promise<LandingPage> {
          return {
            html: async () => {
              const { document, headers } = await firstTab();
              const plugin = ApolloServerPluginLandingPageLocalDefault({
                embed: { runTelemetry: false, endpointIsEditable: false },
                document,
                headers: { ...headers },
                footer: false,
              });
              const listener = await plugin.serverWillStart?.(service as never);
              const page = await listener?.renderLandingPage?.();
              return typeof page?.html === 'string' ? page.html : ((await page?.html()) ?? '');
            },
          };
        },
      };
    },
  };
}

export const noLandingPage = (): ApolloServerPlugin<GraphQLContext> =>
  ApolloServerPluginLandingPageDisabled();
