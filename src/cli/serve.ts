import type { Config } from '../config/config.ts';
import { configWarnings } from '../config/describeConfig.ts';
import { loadConfig } from '../config/loadConfig.ts';
import { type Service, startService } from './service.ts';
import { styled, type Terminal, tell } from './terminal.ts';

/** Runs the server until it is told to stop; running requests may then finish. */
export async function serve(terminal: Terminal): Promise<void> {
  const config = loadConfig(terminal.env);
  const stopRequested = terminal.stopRequested();
  const service = await startService(config);
  for (const warning of configWarnings(config)) {
    tell(terminal, styled(terminal, terminal.stderr, 'yellow', `Warning: ${warning}`));
  }
  terminal.onHangUp(() => void service.reopenAuditLog());
  // In production standard output belongs to log and audit records alone.
  const output = config.environment === 'production' ? terminal.stderr : terminal.stdout;
  output.write(`${addresses(service, config)}\n`);
  if (service.demoToken !== undefined) {
    output.write(`\nTry it:\n\n${exampleRequest(service.url, await service.demoToken('alice'))}\n\n`);
  }
  await stopRequested;
  await service.stop();
}

/** Where everything is, in columns. */
function addresses({ url, cognitoUrl, demoToken }: Service, { environment, http }: Config): string {
  const rows: [name: string, address: string][] = [['GraphQL', `${url}/graphql`]];
  if (demoToken !== undefined && cognitoUrl !== undefined) rows.unshift(['Demo page', url]);
  if (environment !== 'production') rows.push(['Explorer', `${url}/explorer`]);
  if (cognitoUrl !== undefined) rows.push(['Embedded Cognito', cognitoUrl]);
  if (demoToken !== undefined) rows.push(['Demo login', `${url}/demo-login`]);
  rows.push(['Health', `${url}/livez and ${url}/readyz`]);
  rows.push(['Metrics', http.metricsPort === undefined ? `${url}/metrics` : `port ${http.metricsPort}`]);
  return rows.map(([name, address]) => `${name.padEnd(18)}${address}`).join('\n');
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
