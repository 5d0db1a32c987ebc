import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CognitoIdentityClient,
  GetCredentialsForIdentityCommand,
  GetIdCommand,
  GetIdentityPoolRolesCommand,
  ListIdentitiesCommand,
  LookupDeveloperIdentityCommand,
} from '@aws-sdk/client-cognito-identity';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { decodeProtectedHeader } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEmulator, DataDirectoryError } from '../../../src/emulator/index.ts';
import { startNode } from '../../support/command.ts';
import { createPoolWithRoles, credentials, developerToken, provider } from './support.ts';

let directory: string;
const children = new Set<ChildProcess>();

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'emulator-data-'));
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
  rmSync(directory, { recursive: true, force: true });
});

/** An emulator in a process of its own, which can be killed. */
async function startProcess() {
  const script = fileURLToPath(new URL('keepingChild.ts', import.meta.url));
  const { process: child, output } = startNode(['--import', 'tsx', script, directory], { env: process.env });
  children.add(child);
  await expect.poll(output, { timeout: 60_000, interval: 20 }).toMatch(/^http:.*\n/);
  const url = output().split('\n')[0] as string;
  const config = { endpoint: url, region: 'us-east-1', credentials, maxAttempts: 1 };
  return {
    url,
    client: new CognitoIdentityClient(config),
    iam: new IAMClient(config),
    kill: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
      children.delete(child);
    },
  };
}

const contents = () =>
  readdirSync(directory).map((name) => [
    name,
    createHash('sha256')
      .update(readFileSync(join(directory, name)))
      .digest('hex'),
  ]);

async function refusal(): Promise<Error> {
  try {
    await createEmulator({ dataDirectory: directory }).listen();
  } catch (error) {
    return error as Error;
  }
  throw new Error('The emulator was expected not to start.');
}

// Every write waits for the disk, and processes have to start.
describe('with a data directory', { timeout: 120_000 }, () => {
  it('keeps every acknowledged write, keys included, when it is killed', async () => {
    const before = await startProcess();
    const poolId = await createPoolWithRoles(before);
    const acknowledged = new Map<string, string>();
    let last = { identityId: '', token: '' };
    // Killed in the midst of writing: whatever was answered until then has to be there.
    const writing = Array.from({ length: 8 }, async (_, writer) => {
      for (let count = 0; ; count++) {
        const user = `user-${writer}-${count}`;
        last = await developerToken(before, poolId, user);
        acknowledged.set(user, last.identityId);
      }
    });
    const broken = Promise.allSettled(writing);
    while (acknowledged.size < 40) await new Promise((resolve) => setImmediate(resolve));
    await before.kill();
    await broken;

    const after = await startProcess();
    for (const [user, identityId] of acknowledged) {
      const found = await after.client.send(
        new LookupDeveloperIdentityCommand({ IdentityPoolId: poolId, DeveloperUserIdentifier: user }),
      );
      expect(found.IdentityId).toBe(identityId);
    }
    const roles = await after.client.send(new GetIdentityPoolRolesCommand({ IdentityPoolId: poolId }));
    expect(Object.keys(roles.Roles ?? {})).toEqual(['authenticated', 'unauthenticated']);
    const role = await after.iam.send(new GetRoleCommand({ RoleName: `users-${poolId.slice(-12)}` }));
    expect(role.Role?.Arn).toBe(roles.Roles?.['authenticated']);
    // A token from before is good with the key that was kept, and so are the credentials it gives.
    const { Credentials } = await after.client.send(
      new GetCredentialsForIdentityCommand({
        IdentityId: last.identityId,
        Logins: { 'cognito-identity.amazonaws.com': last.token },
      }),
    );
    const again = await developerToken(after, poolId, 'user-0-0');
    expect(again.identityId).toBe(acknowledged.get('user-0-0'));
    expect(decodeProtectedHeader(again.token).kid).toBe(decodeProtectedHeader(last.token).kid);
    await after.kill();

    const third = await startProcess();
    const sts = new STSClient({
      endpoint: third.url,
      region: 'us-east-1',
      credentials: {
        accessKeyId: Credentials?.AccessKeyId as string,
        secretAccessKey: Credentials?.SecretKey as string,
        sessionToken: Credentials?.SessionToken as string,
      },
    });
    expect((await sts.send(new GetCallerIdentityCommand({}))).Arn).toContain('CognitoIdentityCredentials');
    await third.kill();
  });

  it('gives one identity to a hundred first calls at once', async () => {
    const emulator = createEmulator({ dataDirectory: directory });
    const { url } = await emulator.listen();
    try {
      const config = { endpoint: url, region: 'us-east-1', credentials };
      const running = { client: new CognitoIdentityClient(config), iam: new IAMClient(config) };
      const poolId = await createPoolWithRoles(running);
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => developerToken(running, poolId, 'alice')),
      );
      expect(new Set(answers.map(({ identityId }) => identityId)).size).toBe(1);
      const listed = await running.client.send(
        new ListIdentitiesCommand({ IdentityPoolId: poolId, MaxResults: 60 }),
      );
      expect(listed.Identities).toHaveLength(1);
      expect(listed.Identities?.[0]?.Logins).toEqual([provider]);
    } finally {
      await emulator.close();
    }
  });

  it('pages through identities in the order of their creation', async () => {
    const emulator = createEmulator({ dataDirectory: directory });
    const { url } = await emulator.listen();
    try {
      const config = { endpoint: url, region: 'us-east-1', credentials };
      const client = new CognitoIdentityClient(config);
      const poolId = await createPoolWithRoles({ client, iam: new IAMClient(config) });
      const created: (string | undefined)[] = [];
      for (let count = 0; count < 5; count++) {
        created.push((await client.send(new GetIdCommand({ IdentityPoolId: poolId }))).IdentityId);
      }
      const listed: (string | undefined)[] = [];
      const sizes: number[] = [];
      let NextToken: string | undefined;
      do {
        const page: { Identities?: { IdentityId?: string }[]; NextToken?: string } = await client.send(
          new ListIdentitiesCommand({ IdentityPoolId: poolId, MaxResults: 2, NextToken }),
        );
        sizes.push(page.Identities?.length ?? 0);
        listed.push(...(page.Identities ?? []).map(({ IdentityId }) => IdentityId));
        NextToken = page.NextToken;
      } while (NextToken);
      expect(listed).toEqual(created);
      expect(sizes).toEqual([2, 2, 1]);
    } finally {
      await emulator.close();
    }
  });

  it('leaves a directory alone that another process uses', async () => {
    const running = await startProcess();
    const error = await refusal();
    expect(error).toBeInstanceOf(DataDirectoryError);
    expect(error.message).toMatch(/^The data directory .* is in use by process \d+\./);
    // The other one is unharmed.
    expect(await createPoolWithRoles(running)).toMatch(/^us-east-1:/);
    await running.kill();
  });

  it('refuses a directory that this process uses already', async () => {
    const emulator = createEmulator({ dataDirectory: directory });
    await emulator.listen();
    expect((await refusal()).message).toContain(`in use by process ${process.pid}`);
    await emulator.close();
    const next = createEmulator({ dataDirectory: directory });
    await next.listen();
    await next.close();
  });

  it.each([
    ['is not a database', (file: string) => writeFileSync(file, 'x'.repeat(10_000))],
    ['is empty', (file: string) => writeFileSync(file, '')],
    ['ends too early', (file: string) => truncateSync(file, 12_288)],
    ['has lost its header', (file: string) => writeFileSync(file, Buffer.alloc(4096), { flag: 'r+' })],
  ])('names data that %s as damaged and does not touch it', async (_name, damage) => {
    const emulator = createEmulator({ dataDirectory: directory });
    await emulator.listen();
    await emulator.close();
    damage(join(directory, 'data.mdb'));
    const before = contents();
    const error = await refusal();
    expect(error).toBeInstanceOf(DataDirectoryError);
    expect(error.message).toMatch(/is damaged \(.*\) and was not touched/);
    expect(contents()).toEqual(before);
  });

  it('does not move into a directory with files of others', async () => {
    writeFileSync(join(directory, 'thesis.txt'), 'chapter one');
    const error = await refusal();
    expect(error.message).toContain("holds 'thesis.txt', which is not the emulator's");
    expect(readdirSync(directory)).toEqual(['thesis.txt']);
  });

  it('takes a directory whose name has a dot, and makes it where it is missing', async () => {
    const named = join(directory, 'data.v1');
    const emulator = createEmulator({ dataDirectory: named });
    await emulator.listen();
    await emulator.close();
    expect(readdirSync(named)).toEqual(['data.mdb', 'lock.mdb']);
  });

  it('takes over the lock of a process that is gone', async () => {
    writeFileSync(join(directory, 'emulator.lock'), JSON.stringify({ pid: 999_999_999, startedAt: '1' }));
    const emulator = createEmulator({ dataDirectory: directory });
    await emulator.listen();
    await emulator.close();
    expect(readdirSync(directory)).not.toContain('emulator.lock');
  });
});
