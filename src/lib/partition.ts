/** Everything about Cognito that differs between AWS partitions, in one table. */
export interface Partition {
  /** First part of an ARN: `arn:<arn>:…`. */
  readonly arn:
    | 'aws'
    | 'aws-cn'
    | 'aws-us-gov'
    | 'aws-eusc'
    | 'aws-iso'
    | 'aws-iso-b'
    | 'aws-iso-e'
    | 'aws-iso-f';
  /** Key of the frontend's `Logins` map for an OpenID token that Cognito itself issued. */
  readonly loginsKey: string;
  /** `iss` of those tokens. */
  readonly issuer: string;
  /** `Principal.Federated` of a role's trust policy, and prefix of its condition keys (`<principal>:aud`, `:amr`, `:sub`). */
  readonly trustPrincipal: string;
}

interface PartitionRow {
  readonly arn: Partition['arn'];
  /** What the names of its Regions begin with. */
  readonly prefix: string;
  readonly dnsSuffix: string;
  /** Default: the host of the issuer. */
  readonly trustPrincipal?: string;
}

/** All but the commercial one. Names, prefixes and suffixes are those of the partitions file in the AWS SDKs. */
const rows: readonly PartitionRow[] = [
  { arn: 'aws-cn', prefix: 'cn-', dnsSuffix: 'amazonaws.com.cn' },
  {
    arn: 'aws-us-gov',
    prefix: 'us-gov-',
    dnsSuffix: 'amazonaws.com',
    trustPrincipal: 'cognito-identity-us-gov.amazonaws.com',
  },
  { arn: 'aws-eusc', prefix: 'eusc-', dnsSuffix: 'amazonaws.eu' },
  { arn: 'aws-iso', prefix: 'us-iso-', dnsSuffix: 'c2s.ic.gov' },
  { arn: 'aws-iso-b', prefix: 'us-isob-', dnsSuffix: 'sc2s.sgov.gov' },
  { arn: 'aws-iso-e', prefix: 'eu-isoe-', dnsSuffix: 'cloud.adc-e.uk' },
  { arn: 'aws-iso-f', prefix: 'us-isof-', dnsSuffix: 'csp.hci.ic.gov' },
];

const commercialRegion = /^(?:us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+$/;
const commercialHost = 'cognito-identity.amazonaws.com';
const commercial: Partition = {
  arn: 'aws',
  loginsKey: commercialHost,
  issuer: `https://${commercialHost}`,
  trustPrincipal: commercialHost,
};

/**
 * Commercial Regions that every account has from the beginning. AWS calls all others opt-in, and has made every Region since 2019
 * one of those. Tokens of opt-in Regions are signed with keys of their own, and so have an issuer of their own.
 *
 * @see https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flow.html
 */
const withoutOptIn = new Set([
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-northeast-3',
  'ap-south-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ca-central-1',
  'eu-central-1',
  'eu-north-1',
  'eu-west-1',
  'eu-west-2',
  'eu-west-3',
  'sa-east-1',
  'us-east-1',
  'us-east-2',
  'us-west-1',
  'us-west-2',
]);

/**
 * The partition of a Region, with what is the Region's own.
 *
 * The China login key and the GovCloud trust principal each rest on one public report (aws/aws-sdk-net#1251,
 * anomalyco/sst#3121). The China trust principal, the GovCloud login key, and all three names of the European Sovereign Cloud
 * and of the ISO partitions rest on none: they follow the host of the service, and can be overridden in configuration. Of opt-in
 * Regions only the issuer is documented to be their own.
 */
export function partitionOf(region: string): Partition {
  const row = rows.find(({ prefix }) => region.startsWith(prefix));
  if (!row) {
    return withoutOptIn.has(region) || !commercialRegion.test(region)
      ? commercial
      : { ...commercial, issuer: `https://cognito-identity.${region}.amazonaws.com` };
  }
  const host = `cognito-identity.${region}.${row.dnsSuffix}`;
  return {
    arn: row.arn,
    loginsKey: host,
    issuer: `https://${host}`,
    trustPrincipal: row.trustPrincipal ?? host,
  };
}

const dnsSuffixes = new Set(['amazonaws.com', ...rows.map(({ dnsSuffix }) => dnsSuffix)]);

/** Whether a login provider is Cognito itself, under any of the names that it has in any partition. */
export function isCognitoHost(provider: string): boolean {
  if (!provider.startsWith('cognito-identity')) return false;
  for (const suffix of dnsSuffixes) {
    if (provider.endsWith(`.${suffix}`)) {
      return /^(?:[.-][a-z0-9-]+)?$/.test(provider.slice('cognito-identity'.length, -suffix.length - 1));
    }
  }
  return false;
}

/** The Region in front of a pool id or identity id (`<region>:<uuid>`), or undefined where there is none. */
export function regionOfId(id: string): string | undefined {
  const colon = id.indexOf(':');
  return colon > 0 ? id.slice(0, colon) : undefined;
}
