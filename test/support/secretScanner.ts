import { expect } from 'vitest';

/**
 * What must not stand in any log: JSON Web Tokens, key material of AWS credentials, private keys, and whatever else a test knows to be
 * secret. Access key ids of temporary credentials count too: with a log full of them half of the work is done.
 */
const patterns: Readonly<Record<string, RegExp>> = {
  'a JSON Web Token': /eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*/,
  'an access key id of temporary credentials': /\bASIA[A-Z0-9]{12,}\b/,
  'a private key': /-----BEGIN [A-Z ]*PRIVATE KEY-----|"d":"[\w-]{40,}"/,
  'an Authorization header': /\bBearer +[\w.~+/-]{16,}/i,
  'a member that holds a secret':
    /"(?:openIdToken|guestOpenIdToken|secretAccessKey|sessionToken|SecretKey|SessionToken|access_token|client_secret|cookie|authorization)":"(?!\[secret\])[^"]{8,}"/i,
};

/**
 * What a text holds that it must not, by name and never by value.
 *
 * @param known secrets of the test at hand; of a token with dots the end of its signature counts alone, as that is what makes it one
 */
export function secretsIn(text: string, known: readonly string[] = []): string[] {
  const byForm = Object.entries(patterns).flatMap(([name, pattern]) => (pattern.test(text) ? [name] : []));
  const byValue = known.flatMap((secret, index) => {
    const signature = secret.split('.').at(-1) ?? '';
    const found = text.includes(secret) || (signature.length >= 16 && text.includes(signature.slice(-24)));
    return found ? [`known secret ${index}`] : [];
  });
  return [...byForm, ...byValue];
}

export function expectNoSecrets(text: string, known: readonly string[] = []): void {
  expect(secretsIn(text, known)).toEqual([]);
}
