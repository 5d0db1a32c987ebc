import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, describe, expect, it } from 'vitest';
import { runCommand } from './recordedTerminal.ts';

/** A command that serves, until `stop` is called. */
function startCommand(argv: readonly string[]) {
  let stop = () => {};
  const stopping = new Promise<void>((resolve) => {
    stop = resolve;
  });
  let tellUrl: (url: string) => void = () => {};
  const printed = new Promise<string>((resolve) => {
    tellUrl = resolve;
  });
  const ended = runCommand(argv, { stop: stopping, onOutput: (text) => tellUrl(text.trim()) });
  const url = Promise.race([
    printed,
    ended.then(({ stderr }): string => {
      throw new Error(stderr);
    }),
  ]);
  return {
    url,
    stop: () => {
      stop();
      return ended;
    },
  };
}

const callerOf = async (endpoint: string, accessKeyId: string, secretAccessKey: string) => {
  const sts = new STSClient({ endpoint, region: 'us-east-1', credentials: { accessKeyId, secretAccessKey } });
  const { Arn } = await sts.send(new GetCallerIdentityCommand({})).finally(() => sts.destroy());
  return Arn;
};

describe('emulate', () => {
  it('serves until it is stopped, and tells how to use it', async () => {
    const command = startCommand(['emulate', '--port', '0']);
    const url = await command.url;
    expect(await callerOf(url, 'test', 'test')).toBe('arn:aws:iam::000000000000:root');
    const { exitCode, stdout, stderr } = await command.stop();
    expect([exitCode, stdout]).toEqual([0, `${url}\n`]);
    expect(stderr).toContain(
      `export AWS_ENDPOINT_URL=${url} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test\n`,
    );
    await expect(fetch(url)).rejects.toThrow();
  });

  it('takes account and keys from its options, and then knows no other', async () => {
    const command = startCommand([
      'emulate',
      '--port',
      '0',
      '--account',
      '111122223333',
      '--access-key',
      'ONE:s1',
      '--access-key',
      'TWO:s:2',
    ]);
    const url = await command.url;
    expect(await callerOf(url, 'ONE', 's1')).toBe('arn:aws:iam::111122223333:root');
    expect(await callerOf(url, 'TWO', 's:2')).toBe('arn:aws:iam::111122223333:root');
    await expect(callerOf(url, 'test', 'test')).rejects.toThrow(
      'The security token included in the request is invalid',
    );
    await command.stop();
  });

  it('gives its own address as issuer when asked', async () => {
    const command = startCommand(['emulate', '--port', '0', '--issuer', 'self']);
    const url = await command.url;
    const discovery = await (await fetch(`${url}/.well-known/openid-configuration`)).json();
    expect(discovery).toMatchObject({ issuer: url });
    await command.stop();
  });

  it('lists what is not known of AWS', async () => {
    const { exitCode, stdout } = await runCommand(['emulate', '--choices']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('LookupDeveloperIdentity of an unknown developer user\n  ');
  });

  it('says which port is taken, and how to choose another', async () => {
    const command = startCommand(['emulate', '--port', '0']);
    const port = new URL(await command.url).port;
    const { exitCode, stderr } = await runCommand(['emulate', '--port', port]);
    expect([exitCode, stderr]).toEqual([
      1,
      `Port ${port} of 127.0.0.1 is taken. Choose another with PORT, EMULATOR_PORT or --port; 0 takes a free one.\n`,
    ]);
    await command.stop();
  });
});

describe('token', () => {
  let close = async () => {};
  afterEach(() => close());

  async function startLogin(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    close = () => new Promise((resolve) => server.close(() => resolve()));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/demo-login/token`;
  }
  const token = (loginUrl: string, ...argv: string[]) =>
    runCommand(['token', '--user', 'alice', '--login-url', loginUrl, ...argv]);

  it('signs in at the demo login and prints the token alone', async () => {
    let form = '';
    const url = await startLogin((request, response) => {
      request.on('data', (chunk) => {
        form += chunk;
      });
      request.on('end', () => response.end('{"access_token":"a.b.c","token_type":"Bearer"}'));
    });
    expect(await token(url, '--scope', 'admin')).toEqual({ exitCode: 0, stdout: 'a.b.c\n', stderr: '' });
    expect(form).toBe('grant_type=password&username=alice&scope=admin');
    const { stdout } = await token(url, '--json');
    expect(JSON.parse(stdout)).toEqual({ access_token: 'a.b.c', token_type: 'Bearer' });
  });

  it.each([
    [
      400,
      '{"error":"invalid_grant","error_description":"No such user"}',
      'refused with status 400 (No such user).',
    ],
    [404, 'Not found', 'refused with status 404.'],
    [200, '{}', 'answered without an access token. Is it the token address of a demo login?'],
    [200, 'text', 'answered without an access token. Is it the token address of a demo login?'],
  ])('says in a sentence that the login answered %i %s', async (status, body, sentence) => {
    const url = await startLogin((_request, response) => response.writeHead(status).end(body));
    const { exitCode, stdout, stderr } = await token(url);
    expect([exitCode, stdout]).toEqual([1, '']);
    expect(stderr).toContain(url);
    expect(stderr).toMatch(new RegExp(`${sentence.replaceAll(/[().?]/g, '\\$&')}\n$`));
  });

  it('says in a sentence that nothing answers', async () => {
    expect(await token('http://127.0.0.1:1/token')).toEqual({
      exitCode: 1,
      stdout: '',
      stderr:
        'Nothing answers at http://127.0.0.1:1/token. Start the server with `cognito-graphql serve`, or name the address with --login-url.\n',
    });
  });
});
