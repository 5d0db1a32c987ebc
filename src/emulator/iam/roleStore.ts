/** A role as IAM keeps it. */
export interface Role {
  /** 1–64 characters, `[\w+=,.@-]+`; unique without regard to case. */
  readonly roleName: string;
  /** Begins and ends with a slash. */
  readonly path: string;
  /** `arn:<partition>:iam::<account>:role<path><roleName>`. */
  readonly arn: string;
  /** `AROA` and 17 characters; a new one for every role, even of an old name. */
  readonly roleId: string;
  /** JSON, as it was given. */
  readonly assumeRolePolicyDocument: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Seconds, 3600 to 43200. */
  readonly maxSessionDuration: number;
  readonly description?: string;
  /** Policy name to JSON document. */
  readonly inlinePolicies: Readonly<Record<string, string>>;
  readonly attachedPolicyArns: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

export interface RoleStore {
  /** By name, without regard to case. */
  get(roleName: string): Role | undefined;
  getByArn(arn: string): Role | undefined;
  /** Adds the role, or replaces the one of that name. */
  put(role: Role): void;
  delete(roleName: string): void;
  /** In order of name. */
  list(): Role[];
}
