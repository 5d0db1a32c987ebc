export {
  type AcrossTabsOptions,
  acrossTabs,
  type ChannelLike,
  type LocksLike,
} from './acrossTabs.ts';
export {
  type AmplifyCredentialsProvider,
  type AmplifyOptions,
  createAmplifyCredentialsProvider,
} from './amplify.ts';
export { fromCognitoGraphQL } from './credentialsProvider.ts';
export type { ClientEnvironment, FetchLike, ResponseLike } from './environment.ts';
export {
  type ClientErrorCode,
  CognitoGraphQLError,
  type CognitoGraphQLErrorCode,
  type CognitoGraphQLErrorDetails,
} from './errors.ts';
export * from './generated/operations.ts';
export {
  createGuestSession,
  type GuestProof,
  type GuestSession,
  type GuestSessionOptions,
  guestFromProof,
} from './guestSession.ts';
export type { GuestSource } from './guestSource.ts';
export type {
  AskOptions,
  CognitoGraphQLOptions,
  CognitoGraphQLProvider,
  CognitoIdentityCredentials,
  LinkedIdentity,
  LoginRequest,
} from './options.ts';
export type { CredentialsSharing, CredentialsStorage } from './sharing.ts';
