/** Everything about Cognito that differs between AWS partitions, in one table. */
export interface Partition {
  /** First part of an ARN: `arn:<arn>:…`. */
  readonly arn: 'aws' | 'aws-cn' | 'aws-us-gov';
  /** Key of the frontend's `Logins` map for an OpenID token that Cognito itself issued. */
  readonly loginsKey: string;
  /** `iss` of those tokens. */
  readonly issuer: string;
  /** `Principal.Federated` of a role's trust policy, and prefix of its condition keys (`<principal>:aud`, `:amr`, `:sub`). */
  readonly trustPrincipal: string;
}

/**
 * The partition of a Region.
 *
 * The China login key and the GovCloud trust principal each rest on one public report (aws/aws-sdk-net#1251,
 * anomalyco/sst#3121). The China trust principal and the GovCloud login key rest on none: they follow the issuer host,
 * and can be overridden in configuration.
 */
export function partitionOf(region: string): Partition {
  if (region.startsWith('cn-')) {
    const host = `cognito-identity.${region}.amazonaws.com.cn`;
    return { arn: 'aws-cn', loginsKey: host, issuer: `https://${host}`, trustPrincipal: host };
  }
  if (region.startsWith('us-gov-')) {
    const host = `cognito-identity.${region}.amazonaws.com`;
    return {
      arn: 'aws-us-gov',
      loginsKey: host,
      issuer: `https://${host}`,
      trustPrincipal: 'cognito-identity-us-gov.amazonaws.com',
    };
  }
  const host = 'cognito-identity.amazonaws.com';
  return { arn: 'aws', loginsKey: host, issuer: `https://${host}`, trustPrincipal: host };
}

/** The Region in front of a pool id or identity id (`<region>:<uuid>`), or undefined where there is none. */
export function regionOfId(id: string): string | undefined {
  const colon = id.indexOf(':');
  return colon > 0 ? id.slice(0, colon) : undefined;
}
