import { createHmac, timingSafeEqual } from 'node:crypto';
import { invalidParameter } from './errors.ts';

/** Opaque NextTokens: a position, bound to the operation and the parameters that it belongs to. */
export interface PageTokens {
  /** `scope` names operation and parameters; a token of another scope is refused. */
  create(scope: readonly string[], position: string): string;
  /** @throws AwsError `InvalidParameterException` for a token that was not made here for this scope. */
  position(scope: readonly string[], token: string | undefined): string | undefined;
}

const macLength = 16;

export function createPageTokens(secret: Uint8Array): PageTokens {
  const mac = (scope: readonly string[], position: string) =>
    createHmac('sha256', secret)
      .update(JSON.stringify([scope, position]))
      .digest()
      .subarray(0, macLength);
  return {
    create: (scope, position) =>
      Buffer.concat([mac(scope, position), Buffer.from(position)]).toString('base64url'),
    position: (scope, token) => {
      if (token === undefined) return undefined;
      const bytes = Buffer.from(token, 'base64url');
      const position = bytes.subarray(macLength).toString();
      if (bytes.length <= macLength || !timingSafeEqual(bytes.subarray(0, macLength), mac(scope, position))) {
        throw invalidParameter('Invalid NextToken');
      }
      return position;
    },
  };
}
