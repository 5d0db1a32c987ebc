import type { Change } from '../mutants.ts';

export const cognitoChanges: readonly Change[] = [
  { file: 'src/cognito/awsAnswers.ts', from: '      value.length > 55 ||\n', to: '' },
  { file: 'src/cognito/awsAnswers.ts', from: ' ||\n      regionOfId(value) !== region', to: '' },
  { file: 'src/cognito/awsAnswers.ts', from: '      !identityIdPattern.test(value) ||\n', to: '' },
  { file: 'src/cognito/awsAnswers.ts', from: 'at >= earliestSecond * 1000 && at', to: 'at' },
  {
    file: 'src/cognito/awsAnswers.ts',
    from: 'exp >= earliestSecond && exp <= latestSecond',
    to: 'exp >= earliestSecond',
  },
  { file: 'src/cognito/awsCalls.ts', from: '    signals.set(command.input, abortSignal);\n', to: '' },
  {
    file: 'src/cognito/awsCalls.ts',
    from: 'signals.set(command.input, abortSignal)',
    to: 'signals.get = () => abortSignal',
  },
  {
    file: 'src/cognito/awsCalls.ts',
    from: 'toFastProperties(client.config)',
    to: 'client.config',
  },
  { file: 'src/cognito/awsCalls.ts', from: "    name: 'retryMiddleware',\n", to: '' },
  {
    file: 'src/cognito/resilientGateway.ts',
    from: "new Set([\n  'issueOpenIdToken',",
    to: "new Set([\n  'linkIdentity',\n  'issueOpenIdToken',",
  },
  {
    file: 'src/cognito/resilientGateway.ts',
    from: "new Set([\n  'issueOpenIdToken',",
    to: "new Set([\n  'mergeDeveloperIdentities',\n  'issueOpenIdToken',",
  },
  {
    file: 'src/cognito/resilientGateway.ts',
    from: 'withDeadline(work, attemptTimeoutMs, signal, timers)',
    to: 'work(signal)',
  },
  { file: 'src/cognito/resilientGateway.ts', from: '        breaker.check();\n', to: '' },
  { file: 'src/cognito/rateLimiter.ts', from: 'Math.ceil(calls / sharers / asksPerWindow)', to: '10' },
  { file: 'src/cognito/rateLimiter.ts', from: 'Math.max(fair, pace(calls, now))', to: 'fair' },
];
