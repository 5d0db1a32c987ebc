import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { settingNames, settings } from '../../../src/config/settings.ts';
import { createAuditLog } from '../../../src/telemetry/auditLog.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { runCommand } from '../../support/command.ts';
import { silentLogger } from '../../support/silentLogger.ts';
import {
  captureText,
  forgetWritten,
  hush,
  hushAnswer,
  hushInput,
  hushSettings,
  isSecretSetting,
  keepWritten,
  leaks,
  writtenText,
} from '../../support/writtenLogs.ts';

afterEach(forgetWritten);

describe('what the product writes is kept, when it is', () => {
  it('a log line on standard output', () => {
    createLogger('info').info({}, 'A line for the tests of the tests');
    expect(writtenText()).toContain('"msg":"A line for the tests of the tests"');
  });

  it.each([
    ['the logger of a test stack', silentLogger],
    ['a logger that a test reads', createLogger('debug', captureText().stream)],
  ])('a line of %s', async (_, logger) => {
    logger.debug({}, 'A debug line');
    await expect.poll(writtenText).toContain('"msg":"A debug line"');
  });

  it.each(['a file', 'standard output'])('an audit record in %s', async (target) => {
    const directory = await mkdtemp(join(tmpdir(), 'audit-'));
    const log = createAuditLog({
      target: target === 'a file' ? join(directory, 'audit.jsonl') : process.stdout,
      clock: { now: () => 0 },
    });
    await log.write({
      action: 'issue',
      outcome: 'OK',
      userId: 'alice',
      requestId: 'r',
      clientAddress: '::1',
    });
    await log.close();
    await rm(directory, { recursive: true });
    expect(writtenText()).toContain('"action":"issue","outcome":"OK","userId":"alice"');
  });

  it('what a command says on either output', async () => {
    const { stdout } = await runCommand(['--help']);
    await runCommand(['no-such-command']);
    expect(writtenText()).toContain(stdout);
    expect(writtenText()).toContain("unknown command 'no-such-command'");
  });
});

describe('what must not be written is found', () => {
  const line = (text: string) => keepWritten(`{"level":"debug","msg":"Planted","x":"${text}"}\n`);

  it('in the form of a token', () => {
    line('eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0.c2ln');
    expect(leaks()).toEqual(['a JSON Web Token in a line about "Planted"']);
  });

  it('as a secret that was used before or after it was written', () => {
    hush('used-before');
    line('used-before');
    line('used-after');
    hush('used-after');
    expect(leaks()).toHaveLength(2);
    expect(leaks().join()).not.toContain('used-');
  });

  it('as the credentials, the cookie and the answer of a request', async () => {
    await fetch('data:application/json,{"sessionToken":"a-session-token","identityId":"not-a-secret"}', {
      headers: { authorization: 'Bearer a-bearer-token', cookie: 'id=a-cookie-token' },
    }).then((response) => response.json());
    for (const text of ['a-bearer-token', 'a-cookie-token', 'a-session-token', 'not-a-secret']) line(text);
    expect(leaks()).toHaveLength(3);
  });

  it('as a value of an answer that a client of its own has read', () => {
    hushAnswer('{"Credentials":{"SecretKey":"a-secret-key","SessionToken":"a-session-token"}}');
    line('a-secret-key a-session-token');
    expect(leaks()).toHaveLength(2);
  });

  it('as a secret setting', () => {
    hushSettings({
      AUTH_JWT_SECRET: 'a-shared-secret',
      CACHE_KEY: 'new:first-key-of-cache,old:second-key-of-cache',
      REDIS_URL: 'redis://:redis-password@127.0.0.1:6379',
      AUTH_ISSUER: 'https://idp.example',
    });
    for (const text of ['a-shared-secret', 'first-key-of-cache', 'second-key-of-cache', 'redis-password'])
      line(text);
    line('https://idp.example 127.0.0.1:6379');
    expect(leaks()).toHaveLength(4);
  });

  it('as an input, but for audit records, which have a place for it', () => {
    hushInput({
      input: { identityId: 'eu-west-1:00000000-0000-4000-8000-000000000000', list: ['a raw value'] },
    });
    line('eu-west-1:00000000-0000-4000-8000-000000000000');
    line('a raw value');
    keepWritten(
      '{"time":"…","requestId":"r","action":"merge","outcome":"OK","affectedUserIds":["a raw value"]}\n',
    );
    expect(leaks()).toEqual(['an input of a test in a line about "Planted"']);
  });
});

it('the settings that are secret are known by their names', () => {
  expect(settingNames.filter(isSecretSetting)).toEqual(settingNames.filter((name) => settings[name].secret));
});
