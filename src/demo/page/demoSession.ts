import {
  acrossTabs,
  CognitoGraphQLError,
  type CognitoGraphQLProvider,
  type CognitoIdentityCredentials,
  createGuestSession,
  fromCognitoGraphQL,
  type GuestSession,
} from '../../client/index.ts';
import type { DemoPageConfig } from '../pageConfig.ts';

/** One GraphQL request with its answer, for the page to show. */
export interface ShownExchange {
  readonly request: { readonly query: string; readonly variables: unknown };
  readonly status: number;
  readonly answer: string;
}

export type SignedIn =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'guest'; readonly guest: GuestSession }
  | { readonly kind: 'user'; readonly user: string };

/** What an app does with the client package: its own login on one side, an AWS credentials provider on the other. */
export class DemoSession {
  readonly #config: DemoPageConfig;
  readonly #onExchange: (exchange: ShownExchange) => void;
  #state: SignedIn = { kind: 'nobody' };
  #loginToken: string | undefined;
  /** Number of the latest sign-in or sign-out: a login that answers after a later one is void. */
  #turn = 0;
  readonly provider: CognitoGraphQLProvider;

  constructor(config: DemoPageConfig, onExchange: (exchange: ShownExchange) => void) {
    this.#config = config;
    this.#onExchange = onExchange;
    this.provider = fromCognitoGraphQL({
      endpoint: config.graphqlEndpoint,
      cognitoEndpoint: config.cognitoEndpoint,
      getToken: ({ force, signal }) => this.#getToken(force, signal),
      sharing: acrossTabs(),
      environment: { fetch: (url, init) => this.#fetchAndShow(url, init) },
    });
  }

  get state(): SignedIn {
    return this.#state;
  }

  /** Credentials of whoever is here: user or guest. */
  credentials(forceRefresh = false): Promise<CognitoIdentityCredentials> {
    const { guest } = this.#state as { guest?: GuestSession };
    return (guest ?? this.provider)({ forceRefresh });
  }

  beGuest(): void {
    const { identityPoolId, region, cognitoEndpoint } = this.#config;
    this.#turn++;
    this.#state = { kind: 'guest', guest: createGuestSession({ identityPoolId, region, cognitoEndpoint }) };
  }

  /** Signs in at the demo login. A guest who is here hands the identity over: tells whether it stayed. */
  async signIn(user: string): Promise<{ readonly linked: boolean } | undefined> {
    const before = this.#state;
    const turn = ++this.#turn;
    const token = await this.#logIn(user);
    if (turn !== this.#turn)
      throw new CognitoGraphQLError('USER_CHANGED', 'Somebody else signed in, or out.');
    this.#loginToken = token;
    this.#state = { kind: 'user', user };
    return before.kind === 'guest' ? this.provider.linkGuest(before.guest) : undefined;
  }

  async signOut(): Promise<void> {
    const before = this.#state;
    this.#turn++;
    this.#loginToken = undefined;
    this.#state = { kind: 'nobody' };
    if (before.kind === 'guest') await before.guest.clear();
    else await this.provider.clear();
  }

  async #getToken(force: boolean, signal: AbortSignal): Promise<string | undefined> {
    const state = this.#state;
    if (force && state.kind === 'user') {
      const token = await this.#logIn(state.user, signal);
      if (state === this.#state) this.#loginToken = token;
    }
    return this.#loginToken;
  }

  async #logIn(user: string, signal?: AbortSignal): Promise<string> {
    const response = await fetch(this.#config.loginTokenEndpoint, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'password', username: user }),
      ...(signal && { signal }),
    });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok || typeof answer.access_token !== 'string') {
      const why = answer.error_description ?? answer.error ?? response.status;
      throw new CognitoGraphQLError('LOGIN_FAILED', `The demo login refused: ${why}.`);
    }
    return answer.access_token;
  }

  async #fetchAndShow(url: string, init: RequestInit): Promise<Response> {
    const turn = this.#turn;
    const response = await fetch(url, init);
    if (url === this.#config.graphqlEndpoint) {
      const answer = await response.clone().text();
      if (turn === this.#turn)
        this.#onExchange({ request: JSON.parse(String(init.body)), status: response.status, answer });
    }
    return response;
  }
}
