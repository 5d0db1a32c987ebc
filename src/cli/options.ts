import { InvalidArgumentError, Option } from 'commander';

/** A port; 0 takes a free one. */
export function port(text: string): number {
  const value = wholeNumberOf(text);
  if (value === undefined || value > 65_535)
    throw new InvalidArgumentError('A port is a number from 0 to 65535.');
  return value;
}

/** A whole number in a range. */
export const wholeNumber = (min: number, max: number) => (text: string) => {
  const value = wholeNumberOf(text);
  if (value === undefined || value < min || value > max) {
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  }
  return value;
};

function wholeNumberOf(text: string): number | undefined {
  return /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}

/** For options that may be given more than once. */
export const collect = (text: string, before: readonly string[]): readonly string[] => [...before, text];

const unitMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90d`, `12h`, `30m`, `45s`: milliseconds. */
export function age(text: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  if (match === null)
    throw new InvalidArgumentError('An age is a number with a unit, such as 90d, 12h, 30m or 45s.');
  return Number(match[1]) * unitMs[match[2] as keyof typeof unitMs];
}

/** Options of every command that speaks to AWS. */
export interface AwsOptions {
  readonly region?: string;
  readonly profile?: string;
  readonly endpointUrl?: string;
}

export const awsOptions = () => [
  new Option('--region <region>', 'AWS Region; default: from the pool id, AWS_REGION or the profile'),
  new Option('--profile <name>', 'named profile of the AWS configuration; default: AWS_PROFILE'),
  new Option(
    '--endpoint-url <url>',
    'address of Cognito, STS and IAM, such as that of the embedded Cognito; default: AWS_ENDPOINT_URL_*, or AWS itself',
  ),
];

export const jsonOption = () => new Option('--json', 'print nothing but JSON on standard output');
