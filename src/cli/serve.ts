import { configWarnings } from '../config/describeConfig.ts';
import { loadConfig } from '../config/loadConfig.ts';
import { runUntilStopped, startService } from './service.ts';
import { styled, type Terminal, tell } from './terminal.ts';

/** Runs the server until it is told to stop; running requests may then finish. */
export async function serve(terminal: Terminal): Promise<void> {
  const config = loadConfig(terminal.env);
  const service = await startService(config);
  for (const warning of configWarnings(config)) {
    tell(terminal, styled(terminal, terminal.stderr, 'yellow', `Warning: ${warning}`));
  }
  // In production standard output belongs to log and audit records alone.
  const output = config.environment === 'production' ? terminal.stderr : terminal.stdout;
  const print = (line: string) => output.write(`${line}\n`);
  print(`GraphQL     ${service.url}/graphql`);
  if (service.cognitoUrl !== undefined) print(`Cognito     ${service.cognitoUrl}`);
  if (service.demoToken !== undefined) {
    print(`Demo login  ${service.url}/demo-login`);
    print(`\nTry it:\n${exampleRequest(service.url, await service.demoToken('alice'))}\n`);
  }
  await runUntilStopped(service, terminal);
}

/** A request that works when it is pasted, as long as the token lives. */
function exampleRequest(url: string, token: string): string {
  const body = {
    query: 'mutation { cognitoCredentials { identityId openIdToken expiresAt region loginsKey } }',
  };
  return [
    `curl ${url}/graphql`,
    "  -H 'Content-Type: application/json'",
    `  -H 'Authorization: Bearer ${token}'`,
    `  -d '${JSON.stringify(body)}'`,
  ].join(' \\\n');
}
