import { setFlagsFromString } from 'node:v8';
import { CognitoIdentityClient, DescribeIdentityCommand } from '@aws-sdk/client-cognito-identity';
import { expect, it, onTestFinished } from 'vitest';
import { sendThroughKeptMiddleware } from '../../../src/cognito/awsCalls.ts';
import { type StubCall, startCognitoStub } from '../../support/cognitoStub.ts';

it("keeps the client's configuration in the layout that is cheap to copy", async () => {
  setFlagsFromString('--allow-natives-syntax');
  const isCheapToCopy = new Function('object', 'return %HasFastProperties(object)');
  const stub = await startCognitoStub();
  onTestFinished(() => stub.close());
  stub.script('DescribeIdentity', { json: { IdentityId: 'us-east-1:a' } });
  const client = createClient(stub.endpoint);
  // Where the SDK or V8 sees to it unasked, there is nothing left to do here.
  expect(isCheapToCopy(client.config)).toBe(false);

  const send = sendThroughKeptMiddleware(client);
  for (let i = 0; i < 3; i += 1) {
    const command = new DescribeIdentityCommand({ IdentityId: 'us-east-1:a' });
    expect((await send(command, new AbortController().signal)).IdentityId).toBe('us-east-1:a');
  }

  expect(isCheapToCopy(client.config)).toBe(true);
});

it("leaves out the SDK's step for repeating, and still signs", async () => {
  const stub = await startCognitoStub();
  onTestFinished(() => stub.close());
  const calls: StubCall[] = [];
  stub.script('DescribeIdentity', (call) => {
    calls.push(call);
    return calls.length === 1
      ? { json: { IdentityId: 'us-east-1:a' } }
      : { error: 'TooManyRequestsException', status: 429 };
  });
  const send = sendThroughKeptMiddleware(createClient(stub.endpoint));
  const describe = () =>
    send(new DescribeIdentityCommand({ IdentityId: 'us-east-1:a' }), new AbortController().signal);

  expect((await describe()).IdentityId).toBe('us-east-1:a');
  await expect(describe()).rejects.toMatchObject({ name: 'TooManyRequestsException' });

  expect(calls.map(({ signed }) => signed)).toEqual([true, true]);
  // What that step adds to each request.
  const added = ['amz-sdk-request', 'amz-sdk-invocation-id'];
  expect(calls.flatMap(({ headerNames }) => headerNames.filter((name) => added.includes(name)))).toEqual([]);
});

function createClient(endpoint: string): CognitoIdentityClient {
  return new CognitoIdentityClient({
    region: 'us-east-1',
    endpoint,
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
    maxAttempts: 1,
    cacheMiddleware: true,
  });
}
