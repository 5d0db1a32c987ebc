import { CommandError, UsageError } from './failure.ts';
import { printJson, type Terminal } from './terminal.ts';

export interface TokenOptions {
  readonly user: string;
  readonly scope?: string;
  readonly loginUrl: string;
  readonly json?: boolean;
}

/** Asks the demo login of a running server for an access token and prints nothing else. */
export async function token(
  { user, scope, loginUrl, json }: TokenOptions,
  terminal: Terminal,
): Promise<void> {
  if (!/^https?:\/\//.test(loginUrl) || !URL.canParse(loginUrl)) {
    throw new UsageError('--login-url must be an address that begins with http:// or https://.');
  }
  const form = new URLSearchParams({ grant_type: 'password', username: user });
  if (scope !== undefined) form.set('scope', scope);
  const answer = await ask(loginUrl, form);
  const accessToken = answer['access_token'];
  if (typeof accessToken !== 'string') {
    throw new CommandError(
      `${loginUrl} answered without an access token. Is it the token address of a demo login?`,
    );
  }
  if (json) printJson(terminal, answer);
  else terminal.stdout.write(`${accessToken}\n`);
}

async function ask(loginUrl: string, form: URLSearchParams): Promise<Record<string, unknown>> {
  let response: Response;
  try {
    response = await fetch(loginUrl, { method: 'POST', body: form, signal: AbortSignal.timeout(10_000) });
  } catch {
    throw new CommandError(
      `Nothing answers at ${loginUrl}. Start the server with \`cognito-graphql serve\`, or name the address with --login-url.`,
    );
  }
  const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  if (response.ok) return answer;
  const why = answer['error_description'] ?? answer['error'];
  throw new CommandError(
    `The login at ${loginUrl} refused with status ${response.status}${typeof why === 'string' ? ` (${why})` : ''}.`,
  );
}
