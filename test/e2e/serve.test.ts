import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { type RunningCommand, runCommand, startCommand } from '../support/command.ts';
import { expectNoSecrets } from '../support/secretScanner.ts';

const trial = { PORT: '0', EMULATOR_PORT: '0' };
const running: RunningCommand[] = [];
afterEach(async () => {
  for (const command of running.splice(0)) {
    command.process.kill('SIGKILL');
    await command.finished;
  }
});

async function serve(env: Readonly<Record<string, string>> = {}) {
  const command = startCommand(['serve'], { ...trial, ...env });
  running.push(command);
  await expect.poll(() => command.output(), { timeout: 20_000, interval: 50 }).toMatch(/Metrics +\S/);
  const url = /GraphQL +(http:\/\/\S+)\/graphql/.exec(command.output())?.[1] ?? '';
  return { command, url };
}
const page = (url: string) =>
  fetch(url, { headers: { accept: 'text/html' } }).then((response) => response.text());

describe('serve without any configuration', () => {
  it('prints a request that works when it is pasted', async () => {
    const { command } = await serve();
    await expect.poll(() => command.output()).toMatch(/-d '.*'\n/);
    const pasted = /^curl[\s\S]*?-d '.*'$/m.exec(command.output())?.[0] ?? '';
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', `${pasted} -s`]);
    expect(JSON.parse(stdout)).toEqual({
      data: {
        cognitoCredentials: {
          identityId: expect.stringMatching(/^us-east-1:[0-9a-f-]{36}$/),
          openIdToken: expect.stringMatching(/^eyJ/),
          expiresAt: expect.stringMatching(/Z$/),
          region: 'us-east-1',
          loginsKey: 'cognito-identity.amazonaws.com',
        },
      },
    });
  });

  it('is alive, becomes ready, and counts', async () => {
    const { url } = await serve();
    expect(await (await fetch(`${url}/livez`)).json()).toEqual({ status: 'alive' });
    await expect
      .poll(async () => (await fetch(`${url}/readyz`)).json())
      .toEqual({ status: 'ready', problems: [] });
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(
      /^cognito_graphql_http_requests_total\{route="\/livez",status="200"\} 1$/m,
    );
  });

  it('fills the first tab of both explorers with the main mutation and a token that works', async () => {
    const { url } = await serve();
    for (const path of ['/graphql', '/explorer']) {
      const html = await page(`${url}${path}`);
      expect(html).toContain('mutation CognitoCredentials');
      const token = /Bearer(?: |%20)(eyJ[\w-]+\.[\w-]+\.[\w-]+)/.exec(html)?.[1];
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: '{"query":"{ me { userId } }"}',
      });
      expect(await response.json()).toEqual({ data: { me: { userId: 'alice' } } });
    }
  });

  it('stops with code 0 on SIGTERM, a second one included', async () => {
    const { command } = await serve();
    command.process.kill('SIGTERM');
    command.process.kill('SIGTERM');
    expect((await command.finished).code).toBe(0);
  });

  it('writes no token and no secret, neither in its log nor in the audit log', async () => {
    const { command, url } = await serve({ LOG_LEVEL: 'trace' });
    const login = await fetch(`${url}/demo-login/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'password', username: 'alice' }),
    });
    const { access_token } = (await login.json()) as { access_token: string };
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        query:
          'mutation { cognitoCredentials { openIdToken awsCredentials { secretAccessKey sessionToken } } }',
      }),
    });
    const { openIdToken, awsCredentials } = (
      (await response.json()) as {
        data: { cognitoCredentials: { openIdToken: string; awsCredentials: Record<string, string> } };
      }
    ).data.cognitoCredentials;
    await expect.poll(() => command.output()).toContain('"action":"issue","outcome":"OK"');
    command.process.kill('SIGTERM');
    const { stdout } = await command.finished;
    // The request to paste holds a token on purpose.
    const written = stdout.replace(/^curl[\s\S]*?-d '.*'$/m, '');
    expectNoSecrets(written, [access_token, openIdToken, ...Object.values(awsCredentials)]);
  });
});

describe('serve', () => {
  it('says which port is taken and how to choose another', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
    const { port } = blocker.address() as { port: number };
    const { code, stderr } = await runCommand(['serve'], { ...trial, PORT: String(port) });
    blocker.close();
    expect(code).toBe(1);
    expect(stderr).toContain(`Port ${port} on 127.0.0.1 is taken.`);
    expect(stderr).toContain(`PORT=${port + 1}`);
    expect(stderr).not.toMatch(/ {4}at /);
  });

  it('does not start half-configured in production, and reports everything at once', async () => {
    const { code, stderr } = await runCommand(['serve'], { NODE_ENV: 'production' });
    expect(code).toBe(2);
    for (const name of ['COGNITO_IDENTITY_POOL_ID', 'COGNITO_DEVELOPER_PROVIDER_NAME', 'AUTH_ISSUER']) {
      expect(stderr).toContain(`${name} is missing`);
    }
    expect(stderr).not.toMatch(/ {4}at /);
  });

  it('refuses a name that is not a setting, with the one that was meant', async () => {
    const { code, stderr } = await runCommand(['serve'], { ...trial, COGNITO_TOKEN_DURATOIN: '900' });
    expect(code).toBe(2);
    expect(stderr).toContain('COGNITO_TOKEN_DURATOIN is not a setting. Did you mean COGNITO_TOKEN_DURATION?');
  });
});

describe('demo', () => {
  it('does the main job and shortens every secret', async () => {
    const { code, stdout } = await runCommand(['demo']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /assumed role +arn:aws:sts::000000000000:assumed-role\/[\w-]+\/CognitoIdentityCredentials/,
    );
    const [alice] = /(?<=identity id +)us-east-1:\S+/.exec(stdout) ?? [];
    expect(stdout).toMatch(new RegExp(`alice has the same +${alice}`));
    expect(stdout).not.toMatch(new RegExp(`bob has another one +${alice}`));
    expect(stdout).not.toMatch(/eyJ[\w-]{20}/);
  });
});
