import type { CognitoIdentityCredentials } from '../../client/index.ts';
import { systemClock } from '../../lib/clock.ts';
import type { DemoPageConfig } from '../pageConfig.ts';
import { signedHeaders } from './signV4.ts';

export interface CallerIdentity {
  readonly account: string;
  readonly arn: string;
  readonly userId: string;
}

/** STS GetCallerIdentity: whom AWS takes the bearer of the credentials for. */
export async function getCallerIdentity(
  config: Pick<DemoPageConfig, 'cognitoEndpoint' | 'region'>,
  credentials: CognitoIdentityCredentials,
): Promise<CallerIdentity> {
  const url = new URL('/', new URL(config.cognitoEndpoint, location.href));
  const body = 'Action=GetCallerIdentity&Version=2011-06-15';
  const { region } = config;
  const headers = await signedHeaders({
    host: url.host,
    body,
    region,
    service: 'sts',
    credentials,
    date: new Date(systemClock.now()),
  });
  const response = await fetch(url, { method: 'POST', headers, body });
  const answer = new DOMParser().parseFromString(await response.text(), 'text/xml');
  const text = (name: string) => answer.getElementsByTagName(name)[0]?.textContent ?? '';
  if (!response.ok) {
    throw new Error(`STS answered ${response.status} ${text('Code')}: ${text('Message')}`);
  }
  return { account: text('Account'), arn: text('Arn'), userId: text('UserId') };
}
