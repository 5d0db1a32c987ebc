import { describe, expect, it } from 'vitest';
import { createSessions } from '../../../../src/emulator/sts/sessions.ts';

const role = { arn: 'arn:aws:iam::000000000000:role/App', roleId: 'AROAX', roleName: 'App' };
const input = { role, sessionName: 'CognitoIdentityCredentials', now: 1_000_500, durationSeconds: 3600 };

describe('sessions', () => {
  it('are found again by key and token, from nothing but the token', () => {
    const key = new Uint8Array(32).fill(7);
    const issued = createSessions({ key }).issueSession({ ...input, tags: { team: 'red' } });
    expect(issued.expiration).toBe(4_600_000);
    expect(createSessions({ key }).find(issued.accessKeyId, issued.sessionToken, 4_599_999)).toEqual({
      accessKeyId: issued.accessKeyId,
      secretAccessKey: issued.secretAccessKey,
      roleArn: role.arn,
      sessionName: 'CognitoIdentityCredentials',
      assumedRoleArn: 'arn:aws:sts::000000000000:assumed-role/App/CognitoIdentityCredentials',
      assumedRoleId: 'AROAX:CognitoIdentityCredentials',
      account: '000000000000',
      expiration: 4_600_000,
      tags: { team: 'red' },
    });
  });

  it('of another emulator are not known', () => {
    const { accessKeyId, sessionToken } = createSessions().issueSession(input);
    expect(createSessions().find(accessKeyId, sessionToken, 0)).toBeUndefined();
  });

  it('have a token in which no byte can be changed', () => {
    const sessions = createSessions();
    const { accessKeyId, sessionToken } = sessions.issueSession(input);
    const bytes = Buffer.from(sessionToken, 'base64');
    for (let index = 0; index < bytes.length; index++) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] as number) ^ 1;
      expect(sessions.find(accessKeyId, changed.toString('base64'), 0)).toBeUndefined();
    }
    for (const garbage of ['', 'x', undefined])
      expect(sessions.find(accessKeyId, garbage, 0)).toBeUndefined();
    expect(sessionToken).not.toContain('CognitoIdentityCredentials');
  });

  it('refuse a key of another length', () => {
    expect(() => createSessions({ key: new Uint8Array(16) })).toThrow(
      'The key of the sessions must have 32 bytes.',
    );
  });
});
