import { Agent, get } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RunningCommand, startCommand } from '../support/command.ts';
import { expectNoSecrets } from '../support/secretScanner.ts';
import { developerProviderName, type Stack, startStack } from '../support/stack.ts';

/** Cognito and login run here, where they can be told to be slow; the service is a process of its own. */
let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.stop());

let command: RunningCommand | undefined;
afterEach(async () => {
  stack.emulator.faults.clear();
  command?.process.kill('SIGKILL');
  await command?.finished;
});

async function serve(env: Readonly<Record<string, string>> = {}) {
  const running = startCommand(['serve'], {
    PORT: '0',
    NODE_ENV: 'production',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    COGNITO_IDENTITY_POOL_ID: stack.identityPoolId,
    COGNITO_DEVELOPER_PROVIDER_NAME: developerProviderName,
    AWS_ENDPOINT_URL_COGNITO_IDENTITY: stack.cognitoUrl,
    AUTH_ISSUER: stack.login.issuer,
    AUTH_AUDIENCE: stack.login.audience,
    ...env,
  });
  command = running;
  await expect.poll(() => running.output(), { timeout: 20_000, interval: 50 }).toMatch(/Metrics +\S/);
  const url = /GraphQL +(http:\/\/\S+)\/graphql/.exec(running.output())?.[1] ?? '';
  return { running, url };
}
const operation = 'GetOpenIdTokenForDeveloperIdentity';
const issue = (url: string, user: string) =>
  stack.send({ query: 'mutation { cognitoCredentials { identityId openIdToken } }', user, url });
/** A call that is held up counts as seen only once it was answered; but it has used up the fault. */
const reached = (left: number) =>
  expect.poll(() => stack.emulator.faults.list().length, { timeout: 10_000 }).toBe(left);

describe('G17 a service that is told to stop', () => {
  it('finishes what is running, refuses what is new, and ends with code 0, told once or twice', async () => {
    const { running, url } = await serve();
    stack.emulator.faults.add({ operation, latencyMs: 2_000, times: 1 });
    const answer = issue(url, 'alice');
    await reached(0);
    running.process.kill('SIGTERM');
    await expect
      .poll(() =>
        fetch(`${url}/livez`).then(
          () => 'answered',
          () => 'refused',
        ),
      )
      .toBe('refused');
    running.process.kill('SIGTERM');
    const { status, data } = await answer;
    expect(status).toBe(200);
    const { code, stdout, stderr } = await running.finished;
    expect(code).toBe(0);
    expect(stdout).toContain('"action":"issue","outcome":"OK"');
    expectNoSecrets(stdout + stderr, [data.cognitoCredentials.openIdToken]);
  });

  it('ends after its grace where Cognito never answers', async () => {
    const { running, url } = await serve({ SHUTDOWN_GRACE: '1s' });
    for (let i = 0; i < 3; i += 1) stack.emulator.faults.add({ operation, hang: true, times: 1 });
    const answer = issue(url, 'bob').then(
      ({ status }) => status,
      () => 'cut off',
    );
    await reached(2);
    running.process.kill('SIGTERM');
    const { code, stdout, stderr } = await running.finished;
    expect(code).toBe(0);
    expect(['cut off', 503]).toContain(await answer);
    // The call has ended with those who waited for it; it would have been made again after its time-out of 4 s.
    expect(stack.emulator.faults.list()).toHaveLength(2);
    expectNoSecrets(stdout + stderr);
  });
});

it('G17 a request to a Cognito that never answers is given up by itself', async () => {
  const { url } = await serve();
  stack.emulator.faults.add({ operation, hang: true });
  const { status, errors, headers } = await issue(url, 'carol');
  expect([status, errors?.[0]?.extensions['code'], Number(headers.get('retry-after')) >= 1]).toEqual([
    503,
    'UPSTREAM_UNAVAILABLE',
    true,
  ]);
}, 60_000);

it('G17 an idle connection is kept for longer than load balancers keep theirs', async () => {
  const { url } = await serve();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const once = () =>
    new Promise<{ keepAlive: string | undefined; port: number | undefined }>((resolve, reject) => {
      get(`${url}/livez`, { agent }, (response) => {
        const { localPort: port } = response.socket;
        const keepAlive = response.headers['keep-alive'];
        response.resume().once('end', () => resolve({ keepAlive: String(keepAlive), port }));
      }).once('error', reject);
    });
  const first = await once();
  expect(first.keepAlive).toBe('timeout=65');
  // Node's default would have closed it by then.
  await new Promise((resolve) => setTimeout(resolve, 6_500));
  expect((await once()).port).toBe(first.port);
  agent.destroy();
}, 30_000);
