import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { bundleExample } from '../../support/bundleExample.ts';
import { type InstalledPackage, installPackage } from '../../support/installedPackage.ts';
import { staleExamples } from '../../support/readmeExamples.ts';
import { type Product, startProduct } from './product.ts';

vi.setConfig({ testTimeout: 60_000 });

/** The examples as they are, in the folder of somebody who has installed the package, with the product for the API and for AWS. */
let installed: InstalledPackage;
let product: Product;
beforeAll(async () => {
  [installed, product] = await Promise.all([installPackage(), startProduct()]);
  for (const name of ['@apollo/client', '@urql/core', 'aws-amplify']) await installed.add(name);
});
afterAll(async () => {
  await product?.stop();
  await installed?.remove();
});
beforeEach(() => product.settle());

/** Runs code after an example, with what the example exports in `example`, and resolves with the code's `answer`. */
async function runExample<T>(name: string, code: string, user = 'alice'): Promise<T> {
  const module = await bundleExample(`test/e2e/client/examples/${name}.ts`, installed.home, {
    'https://api.example.com': product.url,
    "'alice'": `'${user}'`,
    'us-east-1:11111111-2222-4333-8444-555555555555': product.identityPoolId,
  });
  const output = await installed.script(
    `const send = fetch;
    const aws = 'https://cognito-identity.us-east-1.amazonaws.com/';
    globalThis.fetch = (url, init) => send(url === aws ? '${product.cognitoUrl}/' : url, init);
    const example = await import('./${module}');
    ${code}
    process.stdout.write(JSON.stringify(answer));`,
  );
  return JSON.parse(output);
}

const identity = /^us-east-1:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('the examples', () => {
  it('get the identity with Apollo Client, and never write a token into its cache', async () => {
    const { identityId, me, cached } = await runExample<{ identityId: string; me: object; cached: string }>(
      'apollo',
      `const { cache } = example.client;
      const write = cache.write;
      const written = [];
      cache.write = function (options) {
        written.push(options.result);
        return write.call(this, options);
      };
      const identityId = await example.identityOfUser();
      const { data: { me } } = await example.whoAmI();
      const answer = { identityId, me, cached: JSON.stringify([written, example.client.extract()]) };
      example.client.stop();`,
    );
    expect(identityId).toMatch(identity);
    expect(me).toMatchObject({ userId: 'alice', identity: { id: identityId } });
    expect(cached).not.toContain('eyJ');
  });

  it('get the identity with urql', async () => {
    expect(await runExample('urql', 'const answer = await example.identityOfUser();')).toMatch(identity);
  });

  it('get credentials for Amplify, and none after signing out', async () => {
    const code = `const { fetchAuthSession } = await import('aws-amplify/auth');
      const { identityId, credentials } = example.session;
      example.signOut();
      const { credentials: left } = await fetchAuthSession();
      const answer = { identityId, key: credentials.accessKeyId.slice(0, 4), left: left ?? null };`;
    expect(await runExample('amplify', code)).toEqual({
      identityId: expect.stringMatching(identity),
      key: 'ASIA',
      left: null,
    });
  });

  it('keep the identity of a guest who signs in', async () => {
    const code = 'const answer = [example.asGuest.identityId, example.identityId, example.linked];';
    const [guest, user, linked] = await runExample<[string, string, boolean]>('guest', code, 'newcomer');
    expect(guest).toMatch(identity);
    expect([user, linked]).toEqual([guest, true]);
  });

  it('of the README are those of the files', () => {
    expect(staleExamples(readFileSync('README.md', 'utf8'))).toEqual([]);
  });
});
