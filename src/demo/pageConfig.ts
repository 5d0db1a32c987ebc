/** What the demo page needs to know; served as `/demo/config.json`. Addresses are absolute or relative to the page. */
export interface DemoPageConfig {
  readonly graphqlEndpoint: string;
  /** The embedded Cognito, which is its STS too. */
  readonly cognitoEndpoint: string;
  /** `POST` with `grant_type=password&username=…`. */
  readonly loginTokenEndpoint: string;
  readonly identityPoolId: string;
  readonly region: string;
}
