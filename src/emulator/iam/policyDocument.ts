import { validatePermissionsPolicy, validateTrustPolicy } from '../policy.ts';
import { QueryError } from '../protocols/queryOperation.ts';
import type { ParameterReader } from '../protocols/queryParameters.ts';
import type { Role } from './roleStore.ts';

/** Characters that the API lets through at all; the quotas below are what counts. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: tab and line ends are what the API model allows
const form = { min: 1, max: 131_072, pattern: /[\u0009\u000A\u000D\u0020-\u00FF]+/ };
/** Default quotas of an account, in characters without white space. */
const maxTrustPolicy = 2048;
const maxInlinePolicies = 10_240;

/** A trust policy that IAM would accept. Runs the reader's checks. */
export function readTrustPolicy(read: ParameterReader, name: string): string {
  const document = read.required(name, form);
  read.check();
  refuseMalformed(validateTrustPolicy(document));
  if (sizeOf(document) > maxTrustPolicy) {
    throw limitExceeded(`Cannot exceed quota for ACLSizePerRole: ${maxTrustPolicy}`);
  }
  return document;
}

/** A permissions policy that fits beside the others of the role. Runs the reader's checks. */
export function readInlinePolicy(read: ParameterReader): string {
  const document = read.required('PolicyDocument', form);
  read.check();
  refuseMalformed(validatePermissionsPolicy(document));
  return document;
}

export function checkInlineSize(roleName: string, policies: Role['inlinePolicies']): void {
  const size = Object.values(policies).reduce((sum, document) => sum + sizeOf(document), 0);
  if (size > maxInlinePolicies) {
    throw limitExceeded(`Maximum policy size of ${maxInlinePolicies} bytes exceeded for role ${roleName}`);
  }
}

export function limitExceeded(message: string): QueryError {
  return new QueryError('LimitExceeded', message, 409);
}

function refuseMalformed(reason: string | null): void {
  if (reason !== null) throw new QueryError('MalformedPolicyDocument', reason);
}

const sizeOf = (document: string) => document.replace(/\s/g, '').length;
