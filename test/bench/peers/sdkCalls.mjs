// The AWS SDK alone, as many calls at a time as the servers get requests: what a token that is not kept cannot cost less than.
import {
  CognitoIdentityClient,
  GetOpenIdTokenForDeveloperIdentityCommand,
} from '@aws-sdk/client-cognito-identity';

const [endpoint, identityPoolId, provider, connections, warmUpMs, measureMs] = process.argv.slice(2);
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const client = new CognitoIdentityClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
let calls = 0;
let stopped = false;
async function callOn(connection) {
  for (let user = 0; !stopped; user++) {
    const input = {
      IdentityPoolId: identityPoolId,
      Logins: { [provider]: `user-${connection}-${user % 256}` },
    };
    await client.send(new GetOpenIdTokenForDeveloperIdentityCommand(input));
    calls++;
  }
}
const running = Array.from({ length: Number(connections) }, (_, connection) => callOn(connection));
await new Promise((resolve) => setTimeout(resolve, Number(warmUpMs)));
const cpu = process.cpuUsage();
const [begin, before] = [performance.now(), calls];
await new Promise((resolve) => setTimeout(resolve, Number(measureMs)));
const seconds = (performance.now() - begin) / 1000;
const count = calls - before;
const { user, system } = process.cpuUsage(cpu);
stopped = true;
await Promise.all(running);
client.destroy();
process.stdout.write(
  JSON.stringify({
    requestsPerSecond: count / seconds,
    microsecondsPerRequest: (user + system) / count,
    unexpected: 0,
  }),
);
