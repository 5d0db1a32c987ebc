import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningCommand, startCommand } from '../support/command.ts';
import { expectNoSecrets } from '../support/secretScanner.ts';
import { developerProviderName, type Stack, startStack } from '../support/stack.ts';

const keys = ['AKIAFIRST', 'AKIASECOND'].map((accessKeyId) => ({
  accessKeyId,
  secretAccessKey: `secret-of-${accessKeyId}-which-nobody-may-log`,
}));

let stack: Stack;
let directory: string;
let witness: Server | undefined;
let command: RunningCommand | undefined;
beforeAll(async () => {
  stack = await startStack({ accessKeys: keys });
  directory = mkdtempSync(join(tmpdir(), 'credentials-'));
});
afterAll(async () => {
  command?.process.kill('SIGKILL');
  await command?.finished;
  witness?.close();
  witness?.closeAllConnections();
  rmSync(directory, { recursive: true });
  await stack.stop();
});

/** Passes calls on to Cognito as they are, and notes the key that signed each; `-` for the unsigned. */
async function startWitness(signers: string[]): Promise<string> {
  witness = createServer((request, response) => {
    signers.push(/Credential=(\w+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '-');
    const { method, headers } = request;
    const onward = httpRequest(stack.cognitoUrl, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  }).listen(0, '127.0.0.1');
  await once(witness, 'listening');
  return `http://127.0.0.1:${(witness.address() as AddressInfo).port}`;
}

/** An AWS configuration whose program gives the first key with a minute left, and from then on the second with an hour. */
function writeConfiguration(): string {
  const file = (name: string) => join(directory, name);
  for (const [i, { accessKeyId, secretAccessKey }] of keys.entries()) {
    const Expiration = new Date(Date.now() + (i === 0 ? 60_000 : 3_600_000)).toISOString();
    writeFileSync(
      file(`${i}.json`),
      JSON.stringify({
        Version: 1,
        AccessKeyId: accessKeyId,
        SecretAccessKey: secretAccessKey,
        Expiration,
      }),
    );
  }
  const program = `echo asked >> ${file('asked')}
if [ "$(wc -l < ${file('asked')})" = 1 ]; then cat ${file('0.json')}; else cat ${file('1.json')}; fi
`;
  writeFileSync(file('program'), program);
  writeFileSync(file('config'), `[default]\ncredential_process = /bin/sh ${file('program')}\n`);
  return file('config');
}

describe('credentials of the server that expire', () => {
  it('are replaced in time by the provider chain of the SDK', async () => {
    const signers: string[] = [];
    const running = startCommand(['serve'], {
      PORT: '0',
      NODE_ENV: 'production',
      AWS_CONFIG_FILE: writeConfiguration(),
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_ENDPOINT_URL_COGNITO_IDENTITY: await startWitness(signers),
      COGNITO_IDENTITY_POOL_ID: stack.identityPoolId,
      COGNITO_DEVELOPER_PROVIDER_NAME: developerProviderName,
      AUTH_ISSUER: stack.login.issuer,
      AUTH_AUDIENCE: stack.login.audience,
    });
    command = running;
    await expect.poll(() => running.output(), { timeout: 20_000, interval: 50 }).toMatch(/Metrics +\S/);
    const url = /GraphQL +(http:\/\/\S+)\/graphql/.exec(running.output())?.[1] ?? '';
    let people = 0;
    const signerOfACall = async () => {
      people += 1;
      const query = 'mutation { cognitoCredentials { identityId } }';
      const { status, errors } = await stack.send({ query, user: `user-${people}`, url });
      expect({ status, errors }).toEqual({ status: 200, errors: undefined });
      return signers.at(-1);
    };
    expect(await signerOfACall()).toBe('AKIAFIRST');
    // The renewal goes on beside the calls that can still do without it.
    await expect.poll(signerOfACall, { timeout: 10_000 }).toBe('AKIASECOND');
    expect(await signerOfACall()).toBe('AKIASECOND');
    expect(readFileSync(join(directory, 'asked'), 'utf8')).toBe('asked\nasked\n');

    running.process.kill('SIGTERM');
    const { stdout, stderr } = await running.finished;
    expectNoSecrets(
      stdout + stderr,
      keys.map(({ secretAccessKey }) => secretAccessKey),
    );
  }, 60_000);
});
