import type { Change } from '../mutants.ts';
import { authChanges } from './auth.ts';
import { clientChanges } from './client.ts';
import { cognitoChanges } from './cognito.ts';
import { graphqlChanges } from './graphql.ts';
import { httpChanges } from './http.ts';
import { identitiesChanges } from './identities.ts';
import { telemetryChanges } from './telemetry.ts';
import { tokensChanges } from './tokens.ts';

/** Guards that are no `if`: parts of conditions, bounds, options handed to a library. */
export const handKept: readonly Change[] = [
  ...authChanges,
  ...graphqlChanges,
  ...telemetryChanges,
  ...identitiesChanges,
  ...httpChanges,
  ...tokensChanges,
  ...cognitoChanges,
  ...clientChanges,
];
