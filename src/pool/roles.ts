import {
  CreateRoleCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  type IAMClient,
  PutRolePolicyCommand,
  type Role,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { errorName, PoolError, PoolOptionsError } from './poolErrors.ts';
import { permissionsPolicyName, type RoleSetup, roleDescription } from './poolSetup.ts';
import { attempt } from './pools.ts';
import type { ProvisionStep } from './provisionStep.ts';
import {
  compareTrustPolicy,
  decodeDocument,
  sameDocument,
  trustPolicy,
  trustProblems,
} from './trustPolicy.ts';

/** The role, or undefined when there is none of that name. */
export async function findRole(roleName: string, iam: IAMClient): Promise<Role | undefined> {
  return attempt('iam:GetRole', async () => {
    try {
      const { Role: role } = await iam.send(new GetRoleCommand({ RoleName: roleName }));
      return role;
    } catch (error) {
      if (errorName(error) === 'NoSuchEntityException' || errorName(error) === 'NoSuchEntity')
        return undefined;
      throw error;
    }
  });
}

/** The role of the set-up, made or brought up to date; its ARN. With `keepTags` nobody said whether tags are used. */
export async function ensureRole(
  role: RoleSetup & { readonly keepTags: boolean },
  identityPoolId: string,
  iam: IAMClient,
  done: (step: ProvisionStep) => void,
): Promise<string> {
  const { roleName } = role;
  const wanted = { ...role.trust, identityPoolId };
  const document = JSON.stringify(trustPolicy(wanted));
  const present = await findRole(roleName, iam);
  let result: ProvisionStep['result'] = 'unchanged';
  let arn = present?.Arn ?? '';
  if (present === undefined) {
    const answer = await attempt('iam:CreateRole', () =>
      iam.send(
        new CreateRoleCommand({
          RoleName: roleName,
          AssumeRolePolicyDocument: document,
          Description: roleDescription(identityPoolId),
        }),
      ),
    );
    arn = answer.Role?.Arn ?? '';
    result = 'created';
  } else {
    const comparison = compareTrustPolicy(decodeDocument(present.AssumeRolePolicyDocument), wanted);
    if (comparison === 'no pool named' || comparison === 'another policy') {
      throw new PoolError(
        `The role ${roleName} exists and ${
          comparison === 'no pool named'
            ? 'trusts every identity pool, as its trust policy has no condition on aud'
            : 'has a trust policy for something else than this pool'
        }. Choose another --role-prefix, or delete the role if nobody needs it.`,
      );
    }
    if (comparison === 'only tags differ' && !role.keepTags) {
      await attempt('iam:UpdateAssumeRolePolicy', () =>
        iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: roleName, PolicyDocument: document })),
      );
      result = 'changed';
    }
  }
  done({ what: 'role', result, id: arn });
  await ensurePermissions(role, arn, iam, done);
  return arn;
}

async function ensurePermissions(
  { roleName, permissions }: RoleSetup,
  roleArn: string,
  iam: IAMClient,
  done: (step: ProvisionStep) => void,
): Promise<void> {
  if (permissions === undefined) return;
  const name = { RoleName: roleName, PolicyName: permissionsPolicyName };
  const present = await attempt('iam:GetRolePolicy', async () => {
    try {
      return decodeDocument((await iam.send(new GetRolePolicyCommand(name))).PolicyDocument);
    } catch (error) {
      if (errorName(error) === 'NoSuchEntityException' || errorName(error) === 'NoSuchEntity')
        return undefined;
      throw error;
    }
  });
  const same = present !== undefined && sameDocument(present, permissions);
  if (!same) {
    await attempt('iam:PutRolePolicy', () =>
      iam.send(new PutRolePolicyCommand({ ...name, PolicyDocument: JSON.stringify(permissions) })),
    );
  }
  const result = same ? 'unchanged' : present === undefined ? 'created' : 'changed';
  done({ what: 'permissions policy', result, id: `${roleArn}, policy ${permissionsPolicyName}` });
}

/** `arn:…:iam::<account>:role/<path><name>` in its parts, or undefined. */
export function parseRoleArn(arn: string): { accountId: string; roleName: string } | undefined {
  const match = /^arn:aws[\w-]*:iam::(\d{12}):role\/(?:[\w+=,.@/-]*\/)?([\w+=,.@-]{1,64})$/.exec(arn);
  return match === null ? undefined : { accountId: match[1] ?? '', roleName: match[2] ?? '' };
}

/**
 * A role that was given instead of made: refused before anything is created when it cannot work. AWS itself would say so only at
 * the last step.
 */
export async function checkGivenRole(arn: string, accountId: string, iam: IAMClient): Promise<void> {
  const option = '--auth-role-arn';
  const parts = parseRoleArn(arn);
  if (parts === undefined) {
    throw new PoolOptionsError([
      { option, rule: 'must be the ARN of a role, arn:aws:iam::<account>:role/<name>' },
    ]);
  }
  if (parts.accountId !== accountId) {
    throw new PoolOptionsError([
      {
        option,
        rule: `names a role of account ${parts.accountId}, but the credentials belong to account ${accountId}: Cognito takes only roles of the pool's own account`,
      },
    ]);
  }
  const role = await findRole(parts.roleName, iam);
  if (role === undefined) throw new PoolError(`There is no role ${arn}. Create it, or leave out ${option}.`);
}

export async function adoptGivenRole(
  arn: string,
  { trust }: RoleSetup,
  identityPoolId: string,
  iam: IAMClient,
  done: (step: ProvisionStep) => void,
): Promise<string> {
  const role = await findRole(parseRoleArn(arn)?.roleName ?? '', iam);
  const wanted = { ...trust, identityPoolId };
  const [problem] = trustProblems(decodeDocument(role?.AssumeRolePolicyDocument), wanted);
  if (problem !== undefined) {
    throw new PoolError(
      `The role ${arn} cannot be used yet: ${problem}. Give it this trust policy and repeat the command: ${JSON.stringify(trustPolicy(wanted))}`,
    );
  }
  done({ what: 'role', result: 'unchanged', id: arn });
  return arn;
}
