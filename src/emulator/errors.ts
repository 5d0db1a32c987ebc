/**
 * An answer in AWS's vocabulary. The name travels as `__type`, the message goes to the client as it is. Every client error of
 * cognito-identity is HTTP 400 on the wire, whatever the Smithy traits say; only InternalErrorException is 500.
 */
export class AwsError extends Error {
  readonly status: number;

  constructor(name: string, message: string, status = 400) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

export const invalidParameter = (message: string) => new AwsError('InvalidParameterException', message);

export const notAuthorized = (message: string) => new AwsError('NotAuthorizedException', message);

export const resourceConflict = (message: string) => new AwsError('ResourceConflictException', message);

export const poolNotFound = (identityPoolId: string) =>
  new AwsError('ResourceNotFoundException', `IdentityPool '${identityPoolId}' not found.`);

export const identityNotFound = (identityId: string) =>
  new AwsError('ResourceNotFoundException', `Identity '${identityId}' not found.`);

/** What a disabled identity answers, and an authenticated one to a caller without logins. */
export const identityForbidden = (identityId: string) =>
  notAuthorized(`Access to Identity '${identityId}' is forbidden.`);

export const loginsDoNotMatch = () =>
  notAuthorized(
    "Logins don't match. Please include at least one valid login for this identity or identity pool.",
  );

export const invalidPoolConfiguration = () =>
  new AwsError(
    'InvalidIdentityPoolConfigurationException',
    'Invalid identity pool configuration. Check assigned IAM roles for this pool.',
  );
