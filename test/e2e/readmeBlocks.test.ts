import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import httpApi from '../fixtures/lambda/httpApi.json' with { type: 'json' };
import { bundleExample } from '../support/bundleExample.ts';
import { type InstalledPackage, installPackage } from '../support/installedPackage.ts';
import { codeBlocks, markedExamples } from '../support/readmeExamples.ts';
import { type Product, startProduct } from './client/product.ts';

vi.setConfig({ testTimeout: 60_000 });

const readme = readFileSync('README.md', 'utf8');
const inFiles = new Set(markedExamples(readme).map(({ code }) => code));
/** The blocks that are no files: too short to be a program of their own. */
const blocks = ['ts', 'js']
  .flatMap((language) => codeBlocks(readme, language))
  .filter((code) => !inFiles.has(code));
const run = new Set<string>();

function blockWith(text: string): string {
  const [block = '', ...others] = blocks.filter((code) => code.includes(text));
  expect([block === '', others.length], text).toEqual([false, 0]);
  run.add(block);
  return block;
}

let installed: InstalledPackage;
let product: Product;
beforeAll(async () => {
  [installed, product] = await Promise.all([installPackage(), startProduct()]);
});
afterAll(async () => {
  await product?.stop();
  await installed?.remove();
});

/** Runs code, which leaves its outcome in `answer`, where the package is installed, with the login of the other examples in reach. */
async function runCode<T>(name: string, code: string): Promise<T> {
  const filledIn = code.replaceAll('https://api.example.com', product.url);
  const file = join(installed.home, `${name}.ts`);
  await writeFile(file, `${filledIn}\nprocess.stdout.write(JSON.stringify(answer));\nprocess.exit(0);\n`);
  const shared = ['cognito-graphql', 'graphql', 'type-graphql', 'reflect-metadata'];
  const module = await bundleExample(
    file,
    installed.home,
    { 'https://api.example.com': product.url },
    shared,
  );
  return JSON.parse(await installed.script(`await import('./${module}');`));
}

describe('the short examples of the README', () => {
  it('give an AWS client its credentials, until the user signs out', async () => {
    // A client of S3 is not among the packages of the tests; STS says whose credentials they are.
    const example = blockWith('new S3Client')
      .replaceAll('S3Client', 'STSClient')
      .replace('client-s3', 'client-sts');
    const used = `const caller = await s3.send(new GetCallerIdentityCommand({}));\nawait credentials.clear();`;
    const code = `
      import { GetCallerIdentityCommand } from '${resolve('node_modules/@aws-sdk/client-sts/dist-cjs/index.js')}';
      import { login } from '${resolve('test/e2e/client/examples/login.ts')}';
      const send = fetch;
      const aws = 'https://cognito-identity.us-east-1.amazonaws.com/';
      globalThis.fetch = (url, init) => send(url === aws ? '${product.cognitoUrl}/' : url, init);
      process.env.AWS_ENDPOINT_URL_STS = '${product.cognitoUrl}';
      ${example
        .replace(
          "'@aws-sdk/client-sts'",
          `'${resolve('node_modules/@aws-sdk/client-sts/dist-cjs/index.js')}'`,
        )
        .replace(/await credentials\.clear\(\);.*/, used)}
      const after = await credentials().then(() => 'credentials', ({ code }) => code);
      const answer = [caller.Arn, after];`;
    expect(await runCode('withStsClient', code)).toEqual([
      expect.stringMatching(/:assumed-role\/.*\/CognitoIdentityCredentials$/),
      'SIGNED_OUT',
    ]);
  });

  it('give the AWS SDK of the second generation what the mutation has answered', async () => {
    const code = `
      import AWS from '${resolve('node_modules/aws-sdk/lib/aws.js')}';
      import { login } from '${resolve('test/e2e/client/examples/login.ts')}';
      const query = 'mutation { cognitoCredentials { region identityPoolId identityId loginsKey openIdToken } }';
      const response = await fetch('https://api.example.com/graphql', {
        method: 'POST',
        headers: { authorization: 'Bearer ' + (await login.accessToken()), 'content-type': 'application/json' },
        body: JSON.stringify({ query }),
      });
      const { region, identityPoolId, identityId, loginsKey, openIdToken } = (await response.json()).data.cognitoCredentials;
      AWS.config.cognitoidentity = { endpoint: '${product.cognitoUrl}' };
      ${blockWith('AWS.CognitoIdentityCredentials')}
      await AWS.config.credentials.getPromise();
      const answer = AWS.config.credentials.accessKeyId.slice(0, 4);`;
    expect(await runCode('sdkOfSecondGeneration', code)).toBe('ASIA');
  });

  it('start the embedded Cognito in a test, move its clock, and make it fail', async () => {
    const asked = `const call = await fetch(url, {
        method: 'POST',
        headers: { 'x-amz-target': 'AWSCognitoIdentityService.GetId', 'content-type': 'application/x-amz-json-1.1' },
        body: '{"IdentityPoolId":"us-east-1:11111111-2222-4333-8444-555555555555"}',
      });
      const answer = [call.status, await call.text(), emulator.clock.now() > Date.now() + 3_000_000];
      await emulator.close();`;
    const code = blockWith('emulator.faults').replace('await emulator.close();', asked);
    expect(await runCode('testsOfSomebody', code)).toEqual([500, '<html>', true]);
  });

  it('let tests of somebody sign users of other logins out', async () => {
    const code = `
      import { createEmulator } from 'cognito-graphql/emulator';
      const subject = 'alice';
      ${blockWith('opaqueTokens')}
      await emulator.listen();
      const answer = (await emulator.close()) ?? 'closed';`;
    expect(await runCode('otherLogins', code)).toBe('closed');
  });

  it('answer as a Lambda function', async () => {
    const requestContext = {
      ...httpApi.requestContext,
      http: { ...httpApi.requestContext.http, method: 'GET' },
    };
    const event = { ...httpApi, rawPath: '/livez', rawQueryString: '', body: undefined, requestContext };
    const code = `
      Object.assign(process.env, { EMULATOR_PORT: '0', AUDIT_FILE: '/dev/null', LOG_LEVEL: 'silent' });
      ${blockWith('createLambdaHandler')}
      const { statusCode, body } = await handler(${JSON.stringify(event)});
      const answer = { statusCode, body };`;
    expect(await runCode('lambdaFunction', code)).toEqual({ statusCode: 200, body: '{"status":"alive"}' });
  });

  it('are all of those that are no files', () => {
    expect(blocks.filter((block) => !run.has(block))).toEqual([]);
  });
});
