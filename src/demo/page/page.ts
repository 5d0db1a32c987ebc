import { CognitoGraphQLError } from '../../client/index.ts';
import { systemClock } from '../../lib/clock.ts';
import type { DemoPageConfig } from '../pageConfig.ts';
import { getCallerIdentity } from './callerIdentity.ts';
import { DemoSession } from './demoSession.ts';
import {
  element,
  forgetAll,
  hideError,
  remember,
  showCaller,
  showCredentials,
  showError,
  showExchange,
  showState,
  showTimeLeft,
} from './view.ts';

const config: DemoPageConfig = await fetch('/demo/config.json').then((response) => response.json());
const session = new DemoSession(config, showExchange);
element('cognito-endpoint').textContent = config.cognitoEndpoint;

/** Runs what a button asks for, one at a time, and shows how it failed. */
async function act(work: () => Promise<void>): Promise<void> {
  const main = document.querySelector('main');
  if (main?.getAttribute('aria-busy') === 'true') return;
  main?.setAttribute('aria-busy', 'true');
  hideError();
  try {
    await work();
  } catch (error) {
    showError(error);
    const away = error instanceof CognitoGraphQLError && /^SIGN/.test(error.code);
    if (away) await leave();
  } finally {
    main?.setAttribute('aria-busy', 'false');
    showState(session.state);
  }
}

async function leave(): Promise<void> {
  await session.signOut();
  forgetAll();
}

async function fetchCredentials(forceRefresh = false): Promise<void> {
  const credentials = await session.credentials(forceRefresh);
  showCredentials(credentials);
  const { state } = session;
  remember(state.kind === 'user' ? state.user : 'a guest', credentials.identityId);
}

function onClick(id: string, work: () => Promise<void>): void {
  element(id).addEventListener('click', () => void act(work));
}

element<HTMLFormElement>('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  void act(async () => {
    forgetAll();
    const user = element<HTMLInputElement>('user').value;
    const handedOver = await session.signIn(user);
    await fetchCredentials();
    if (!handedOver) return;
    element('linked').textContent = handedOver.linked
      ? `The guest's identity is now that of ${user}: the id stayed.`
      : `${user} has an identity already; the guest's was left behind.`;
  });
});

onClick('guest', async () => {
  forgetAll();
  session.beGuest();
  await fetchCredentials();
});
onClick('sign-out', leave);
onClick('refresh', () => fetchCredentials(true));
onClick('call', async () => {
  showCaller(await getCallerIdentity(config, await session.credentials()));
});

showState(session.state);
setInterval(() => showTimeLeft(systemClock.now()), 1000);
