export {
  type AmplifyCredentialsProvider,
  type AmplifyOptions,
  createAmplifyCredentialsProvider,
} from './amplify.ts';
export { fromCognitoGraphQL } from './credentialsProvider.ts';
export type { CredentialsStorage } from './credentialsStore.ts';
export type { ChannelLike, ClientEnvironment, FetchLike, LocksLike, ResponseLike } from './environment.ts';
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
} from './guestSession.ts';
export type {
  AskOptions,
  CognitoGraphQLOptions,
  CognitoGraphQLProvider,
  CognitoIdentity,
  CognitoIdentityCredentials,
  GuestSource,
  LinkedIdentity,
  LoginRequest,
} from './options.ts';
