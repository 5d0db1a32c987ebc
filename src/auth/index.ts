export type { Authenticator, RequestHeaders } from './authenticator.ts';
export type { ClaimOptions, PrincipalTagMapping } from './claims.ts';
export type { IntrospectionAuthenticatorOptions } from './introspection.ts';
export { createIntrospectionAuthenticator } from './introspection.ts';
export type { JwtAuthenticatorOptions } from './jwtAuthenticator.ts';
export { createJwtAuthenticator } from './jwtAuthenticator.ts';
export type { KeyOptions } from './keys.ts';
export type { Principal } from './principal.ts';
