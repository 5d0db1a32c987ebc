import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { randomAwsId } from '../awsId.ts';
import type { Role } from '../iam/roleStore.ts';

export interface SessionsOptions {
  /** 32 bytes from which everything is derived. Keep them with the data to let credentials outlive a restart. Default random. */
  readonly key?: Uint8Array;
}

export interface IssueSessionInput {
  readonly role: Pick<Role, 'arn' | 'roleId' | 'roleName'>;
  readonly sessionName: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly durationSeconds: number;
  readonly subject?: string;
  readonly audience?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

export interface IssuedCredentials {
  /** `ASIA` and 16 characters. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since the epoch, whole seconds. */
  readonly expiration: number;
}

/** What stands behind temporary credentials. */
export interface Session {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly roleArn: string;
  readonly sessionName: string;
  /** `arn:<partition>:sts::<account>:assumed-role/<role name>/<session name>`. */
  readonly assumedRoleArn: string;
  /** `<role id>:<session name>`. */
  readonly assumedRoleId: string;
  readonly account: string;
  /** Milliseconds since the epoch. */
  readonly expiration: number;
  readonly subject?: string;
  readonly audience?: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface Sessions {
  issueSession(input: IssueSessionInput): IssuedCredentials;
  /** The session behind a key, `'expired'` from its expiration on, undefined for a key and token not issued together here. */
  find(accessKeyId: string, sessionToken: string | undefined, now: number): Session | 'expired' | undefined;
}

interface Sealed {
  readonly key: string;
  readonly role: string;
  readonly roleId: string;
  readonly name: string;
  readonly end: number;
  readonly sub?: string;
  readonly aud?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/**
 * Temporary credentials without a table of them: the session token is the session itself, sealed with AES-256-GCM, and
 * the secret is derived from the access key id. Issuing a million of them costs no memory.
 */
export function createSessions(options: SessionsOptions = {}): Sessions {
  const master = options.key ?? randomBytes(32);
  if (master.length !== 32) throw new RangeError('The key of the sessions must have 32 bytes.');
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', master, '', purpose, 32));
  const sealingKey = derive('session token');
  const secretKey = derive('secret access key');

  const secretOf = (accessKeyId: string) =>
    createHmac('sha256', secretKey).update(accessKeyId).digest().subarray(0, 30).toString('base64');

  const seal = (session: Sealed): string => {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', sealingKey, nonce);
    const body = Buffer.concat([cipher.update(JSON.stringify(session), 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
  };

  const open = (token: string): Sealed | undefined => {
    const bytes = Buffer.from(token, 'base64');
    if (bytes.length < 29) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', sealingKey, bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(12, 28));
    try {
      return JSON.parse(
        Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8'),
      );
    } catch {
      return undefined;
    }
  };

  return {
    issueSession({ role, sessionName, now, durationSeconds, subject, audience, tags }) {
      const accessKeyId = `ASIA${randomAwsId(16)}`;
      const expiration = (Math.floor(now / 1000) + durationSeconds) * 1000;
      const sessionToken = seal({
        key: accessKeyId,
        role: role.arn,
        roleId: role.roleId,
        name: sessionName,
        end: expiration,
        ...(subject === undefined ? {} : { sub: subject }),
        ...(audience === undefined ? {} : { aud: audience }),
        ...(tags && Object.keys(tags).length > 0 ? { tags } : {}),
      });
      return { accessKeyId, secretAccessKey: secretOf(accessKeyId), sessionToken, expiration };
    },

    find(accessKeyId, sessionToken, now) {
      const sealed = sessionToken === undefined ? undefined : open(sessionToken);
      if (sealed?.key !== accessKeyId) return undefined;
      return now >= sealed.end ? 'expired' : describe(sealed, secretOf(accessKeyId));
    },
  };
}

function describe(sealed: Sealed, secretAccessKey: string): Session {
  const [, partition, , , account = ''] = sealed.role.split(':');
  const roleName = sealed.role.slice(sealed.role.lastIndexOf('/') + 1);
  return {
    accessKeyId: sealed.key,
    secretAccessKey,
    roleArn: sealed.role,
    sessionName: sealed.name,
    assumedRoleArn: `arn:${partition}:sts::${account}:assumed-role/${roleName}/${sealed.name}`,
    assumedRoleId: `${sealed.roleId}:${sealed.name}`,
    account,
    expiration: sealed.end,
    ...(sealed.sub === undefined ? {} : { subject: sealed.sub }),
    ...(sealed.aud === undefined ? {} : { audience: sealed.aud }),
    tags: sealed.tags ?? {},
  };
}
