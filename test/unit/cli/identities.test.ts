import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GetOpenIdTokenForDeveloperIdentityCommand,
  ListIdentitiesCommand,
  MergeDeveloperIdentitiesCommand,
} from '@aws-sdk/client-cognito-identity';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { provisionPool } from '../../../src/pool/provisionPool.ts';
import { cognitoRefusal, type Emulated, startEmulated } from '../pool/emulated.ts';
import { runCommand, type Surroundings } from './recordedTerminal.ts';

let aws: Emulated;
let directory: string;
let IdentityPoolId: string;

beforeAll(async () => {
  aws = await startEmulated();
});
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cognito-graphql-test-'));
  const made = await provisionPool({ poolName: 'app', developerProviderName: 'login.app' }, aws.clients);
  IdentityPoolId = made.identityPoolId;
});
afterEach(async () => {
  await aws.emulator.reset();
  await rm(directory, { recursive: true });
});
afterAll(() => aws.stop());

const identities = (argv: readonly string[], surroundings: Surroundings = {}) =>
  runCommand(['identities', ...argv, '--rate', '10000'], {
    ...surroundings,
    env: { AWS_ENDPOINT_URL: aws.url, COGNITO_IDENTITY_POOL_ID: IdentityPoolId },
  });

async function addUsers(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index++) {
    const { IdentityId = '' } = await aws.clients.cognito.send(
      new GetOpenIdTokenForDeveloperIdentityCommand({ IdentityPoolId, Logins: { 'login.app': `u${index}` } }),
    );
    ids.push(IdentityId);
  }
  return ids;
}
const merge = (source: string, destination: string) =>
  aws.clients.cognito.send(
    new MergeDeveloperIdentitiesCommand({
      SourceUserIdentifier: source,
      DestinationUserIdentifier: destination,
      DeveloperProviderName: 'login.app',
      IdentityPoolId,
    }),
  );
async function remaining(): Promise<number> {
  const page = await aws.clients.cognito.send(new ListIdentitiesCommand({ IdentityPoolId, MaxResults: 60 }));
  return page.Identities?.length ?? 0;
}
const exists = (file: string) =>
  access(file).then(
    () => true,
    () => false,
  );
const idsOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).identityId as string)
    .sort();

describe('identities list', () => {
  it('prints the first ones, and that there are more', async () => {
    await addUsers(3);
    const { exitCode, stdout, stderr } = await identities(['list', '--limit', '2']);
    expect(exitCode).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
    expect(stdout).toMatch(/^eu-west-1:[0-9a-f-]{36} {2}\d{4}-.*Z {2}\d{4}-.*Z {2}\S+\n/);
    expect(stderr).toBe('There may be more: use --limit, or `identities export` for all.\n');
  });

  it('prints nothing but JSON with --json', async () => {
    const ids = await addUsers(2);
    const { stdout, stderr } = await identities(['list', '--json']);
    const { identities: shown, more } = JSON.parse(stdout);
    expect(shown.map(({ identityId }: { identityId: string }) => identityId).sort()).toEqual(ids.sort());
    expect([more, stderr]).toEqual([false, '']);
  });

  it('selects the disabled ones', async () => {
    const ids = await addUsers(3);
    await merge('u1', 'u0');
    const { stdout } = await identities(['list', '--disabled', '--json']);
    expect(JSON.parse(stdout).identities).toMatchObject([{ identityId: ids[1] }]);
  });
});

describe('identities export', () => {
  it('writes JSON Lines to standard output', async () => {
    const ids = await addUsers(65);
    const { exitCode, stdout, stderr } = await identities(['export']);
    expect([exitCode, stderr]).toEqual([0, '65 identities were exported.\n']);
    expect(idsOf(stdout)).toEqual(ids.sort());
  });

  it('writes CSV with a header', async () => {
    const [id] = await addUsers(1);
    const { stdout } = await identities(['export', '--format', 'csv']);
    const [header, row] = stdout.split('\n');
    expect(header).toBe('identityId,logins,createdAt,lastModifiedAt');
    expect(row).toMatch(new RegExp(`^${id},[^,]*,\\d{4}-[^,]*Z,\\d{4}-[^,]*Z$`));
  });

  it('selects by age', async () => {
    await addUsers(1);
    expect((await identities(['export', '--older-than', '1d'])).stdout).toBe('');
    expect((await identities(['export', '--older-than', '0s'])).stdout).not.toBe('');
  });

  it.each(['jsonl', 'csv'])(
    'goes on in %s where it was interrupted, even in the middle of a line',
    async (format) => {
      await addUsers(130);
      const whole = (await identities(['export', '--format', format])).stdout;
      const output = join(directory, 'out');
      const resume = join(directory, 'state');
      const argv = ['export', '--format', format, '--output', output, '--resume', resume];
      aws.emulator.requests.clear();
      // The first page is answered, the second refused.
      aws.emulator.faults.add({ operation: 'ListIdentities', times: 1, latencyMs: 0 });
      aws.emulator.faults.add(cognitoRefusal('ListIdentities'));
      const interrupted = await identities(argv);
      expect(interrupted.exitCode).toBe(1);
      expect(interrupted.stderr).toContain('not authorized to perform: ListIdentities');
      const written = await readFile(output, 'utf8');
      await writeFile(output, `${written}${'half a line '.repeat(5000)}`);
      expect((await identities(argv)).exitCode).toBe(0);
      expect(await readFile(output, 'utf8')).toBe(whole);
      expect(await exists(resume)).toBe(false);
      expect(aws.emulator.requests.entries('ListIdentities')).toHaveLength(4);
    },
  );

  it('refuses to go on with other choices', async () => {
    await addUsers(61);
    const resume = join(directory, 'state');
    const argv = ['export', '--output', join(directory, 'out'), '--resume', resume];
    aws.emulator.faults.add({ operation: 'ListIdentities', times: 1, latencyMs: 0 });
    aws.emulator.faults.add(cognitoRefusal('ListIdentities'));
    await identities(argv);
    const { exitCode, stderr } = await identities([...argv, '--disabled']);
    expect([exitCode, stderr]).toEqual([
      2,
      `${resume} belongs to a run with other choices. Repeat that command, or name another file with --resume.\n`,
    ]);
  });

  it('refuses a file that is no state', async () => {
    const resume = join(directory, 'state');
    await writeFile(resume, 'text');
    const argv = ['export', '--output', join(directory, 'out'), '--resume', resume];
    expect((await identities(argv)).stderr).toContain('is no state of an earlier run');
  });
});

describe('identities purge', () => {
  it('counts and deletes nothing with --dry-run', async () => {
    await addUsers(3);
    const { exitCode, stdout } = await identities(['purge', '--all', '--dry-run', '--json']);
    expect([exitCode, JSON.parse(stdout)]).toEqual([0, { dryRun: true, selected: 3 }]);
    expect(await remaining()).toBe(3);
    expect(aws.emulator.requests.entries('DeleteIdentities')).toEqual([]);
  });

  it('deletes in batches of 60 once the number was typed', async () => {
    await addUsers(65);
    const { exitCode, stderr } = await identities(['purge', '--all'], { answer: '65' });
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(
      /^65 identities of eu-west-1:.* are selected\.\n65 identities were deleted, 0 were not\.\n$/,
    );
    expect(await remaining()).toBe(0);
    expect(aws.emulator.requests.entries('DeleteIdentities')).toHaveLength(2);
  });

  it.each<[string, Surroundings, string]>([
    ['another number is typed', { answer: '1' }, 'That is not the number. Nothing was deleted.\n'],
    ['nobody can be asked', {}, 'Nobody can be asked here. Use --yes to delete, or --dry-run to count.\n'],
  ])('deletes nothing when %s', async (_what, surroundings, sentence) => {
    await addUsers(2);
    const { exitCode, stderr } = await identities(['purge', '--all'], surroundings);
    expect(exitCode).toBe(2);
    expect(stderr.endsWith(sentence)).toBe(true);
    expect(await remaining()).toBe(2);
  });

  it('deletes the disabled ones only', async () => {
    await addUsers(4);
    await merge('u1', 'u0');
    await merge('u3', 'u2');
    const { stdout } = await identities(['purge', '--disabled', '--yes', '--json']);
    expect(JSON.parse(stdout)).toEqual({ selected: 2, deleted: 2, notDeleted: 0 });
    expect(await remaining()).toBe(2);
    expect(JSON.parse((await identities(['list', '--disabled', '--json'])).stdout).identities).toEqual([]);
  });

  it('goes on where gathering and where deleting was interrupted', async () => {
    await addUsers(130);
    const resume = join(directory, 'state');
    const argv = ['purge', '--all', '--yes', '--json', '--resume', resume];
    aws.emulator.faults.add({ operation: 'ListIdentities', times: 1, latencyMs: 0 });
    aws.emulator.faults.add(cognitoRefusal('ListIdentities'));
    expect((await identities(argv)).exitCode).toBe(1);
    aws.emulator.faults.add({ operation: 'DeleteIdentities', times: 1, latencyMs: 0 });
    aws.emulator.faults.add(cognitoRefusal('DeleteIdentities'));
    expect((await identities(argv)).exitCode).toBe(1);
    const { exitCode, stdout } = await identities(argv);
    expect([exitCode, JSON.parse(stdout)]).toEqual([0, { selected: 130, deleted: 130, notDeleted: 0 }]);
    expect(await remaining()).toBe(0);
    // Three pages and one that was refused; three batches and one that was refused.
    expect(aws.emulator.requests.entries('ListIdentities').length).toBe(4 + 1);
    expect(aws.emulator.requests.entries('DeleteIdentities')).toHaveLength(4);
    expect([await exists(resume), await exists(`${resume}.ids`)]).toEqual([false, false]);
  });

  it('names those that AWS did not delete, and fails', async () => {
    const [id = ''] = await addUsers(1);
    aws.emulator.faults.add({
      operation: 'DeleteIdentities',
      times: 1,
      status: 200,
      body: JSON.stringify({
        UnprocessedIdentityIds: [{ IdentityId: id, ErrorCode: 'InternalServerError' }],
      }),
    });
    const { exitCode, stdout, stderr } = await identities(['purge', '--all', '--yes', '--json']);
    expect([exitCode, JSON.parse(stdout)]).toEqual([1, { selected: 1, deleted: 0, notDeleted: 1 }]);
    expect(stderr).toContain(`not deleted ${id}: InternalServerError\n`);
  });
});
