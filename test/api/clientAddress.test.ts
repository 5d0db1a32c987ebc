import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startStack } from '../support/stack.ts';

it.each([
  ['of a configured proxy', '127.0.0.0/8', '192.0.2.7'],
  ['of nobody in particular', '10.0.0.0/8', '127.0.0.1'],
])('the audit log has the address on the word %s', async (_, TRUSTED_PROXIES, clientAddress) => {
  const directory = await mkdtemp(join(tmpdir(), 'audit-'));
  const AUDIT_FILE = join(directory, 'audit.jsonl');
  const stack = await startStack({ env: { TRUSTED_PROXIES, AUDIT_FILE } });
  try {
    await stack.send({
      query: 'mutation { cognitoCredentials { identityId } }',
      user: 'alice',
      headers: { 'x-forwarded-for': '6.6.6.6, 192.0.2.7' },
    });
    expect(JSON.parse(await readFile(AUDIT_FILE, 'utf8'))).toMatchObject({ action: 'issue', clientAddress });
  } finally {
    await stack.stop();
    await rm(directory, { recursive: true });
  }
});
