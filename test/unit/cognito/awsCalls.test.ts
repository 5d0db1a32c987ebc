import { setFlagsFromString } from 'node:v8';
import { CognitoIdentityClient, DescribeIdentityCommand } from '@aws-sdk/client-cognito-identity';
import { expect, it, onTestFinished } from 'vitest';
import { sendThroughKeptMiddleware } from '../../../src/cognito/awsCalls.ts';
import { startCognitoStub } from '../../support/cognitoStub.ts';

it("keeps the client's configuration in the layout that is cheap to copy", async () => {
  setFlagsFromString('--allow-natives-syntax');
  const isCheapToCopy = new Function('object', 'return %HasFastProperties(object)');
  const stub = await startCognitoStub();
  onTestFinished(() => stub.close());
  stub.script('DescribeIdentity', { json: { IdentityId: 'us-east-1:a' } });
  const client = new CognitoIdentityClient({
    region: 'us-east-1',
    endpoint: stub.endpoint,
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
    cacheMiddleware: true,
  });
  // Where the SDK or V8 sees to it unasked, there is nothing left to do here.
  expect(isCheapToCopy(client.config)).toBe(false);

  const send = sendThroughKeptMiddleware(client);
  for (let i = 0; i < 3; i += 1) {
    const command = new DescribeIdentityCommand({ IdentityId: 'us-east-1:a' });
    expect((await send(command, new AbortController().signal)).IdentityId).toBe('us-east-1:a');
  }

  expect(isCheapToCopy(client.config)).toBe(true);
});
