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
  showLinked,
  showSigningIn,
  showState,
  showTimeLeft,
} from './view.ts';

const config: DemoPageConfig = await fetch('/demo/config.json').then((response) => response.json());
const session = new DemoSession(config, showExchange);
element('cognito-endpoint').textContent = config.cognitoEndpoint;
const main = document.querySelector('main') as HTMLElement;

/** Number of the latest action: what an earlier one still brings is not shown. */
let latest = 0;
/** Whether credentials are looked at every second, so that a renewal, and a sign-out in another tab, are seen at once. */
let watching = false;
let looking = false;

function isBusy(): boolean {
  return main.getAttribute('aria-busy') === 'true';
}

/** Runs what a button asks for and shows what came of it, or how it failed, unless another action has begun since. */
async function act(work: () => Promise<() => void>): Promise<void> {
  const own = ++latest;
  main.setAttribute('aria-busy', 'true');
  hideError();
  watching = false;
  try {
    const show = await work();
    if (own !== latest) return;
    show();
    showTimeLeft(systemClock.now());
    watching = session.state.kind !== 'nobody';
  } catch (error) {
    if (own === latest) await fail(error);
  } finally {
    if (own === latest) {
      main.setAttribute('aria-busy', 'false');
      showState(session.state);
    }
  }
}

async function fail(error: unknown): Promise<void> {
  watching = false;
  showError(error);
  const away = error instanceof CognitoGraphQLError && /^SIGN/.test(error.code);
  if (away) await leave();
}

async function leave(): Promise<() => void> {
  forgetAll();
  await session.signOut();
  return () => {};
}

async function look(): Promise<void> {
  if (!watching || looking || isBusy()) return;
  const own = latest;
  looking = true;
  try {
    const credentials = await session.credentials();
    if (own === latest) showCredentials(credentials);
  } catch (error) {
    if (own !== latest) return;
    await fail(error);
    showState(session.state);
  } finally {
    looking = false;
  }
}

async function fetchCredentials(forceRefresh = false): Promise<() => void> {
  const credentials = await session.credentials(forceRefresh);
  const { state } = session;
  return () => {
    showCredentials(credentials);
    remember(state.kind === 'user' ? state.user : 'a guest', credentials.identityId);
  };
}

/** A login that refuses somebody leaves who was here before: whose credentials are shown again, with the error. */
async function goOnAsBefore(error: unknown): Promise<never> {
  const own = latest;
  const refused = error instanceof CognitoGraphQLError && error.code === 'LOGIN_FAILED';
  if (refused && session.state.kind !== 'nobody') {
    const show = await fetchCredentials();
    if (own === latest) show();
  }
  throw error;
}

/** Signing in and out do not wait for what is under way, they end it; the rest comes one at a time. */
function onClick(id: string, work: () => Promise<() => void>, interrupts = false): void {
  element(id).addEventListener('click', () => {
    if (interrupts || !isBusy()) void act(work);
  });
}

element<HTMLFormElement>('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  void act(async () => {
    forgetAll();
    const user = element<HTMLInputElement>('user').value;
    showSigningIn(user);
    const handedOver = await session.signIn(user).catch(goOnAsBefore);
    const show = await fetchCredentials();
    return () => {
      show();
      if (handedOver) showLinked(user, handedOver.linked);
    };
  });
});

onClick('guest', () => {
  forgetAll();
  session.beGuest();
  return fetchCredentials();
});
onClick('sign-out', leave, true);
onClick('refresh', () => fetchCredentials(true));
onClick('call', async () => {
  const caller = await getCallerIdentity(config, await session.credentials());
  return () => showCaller(caller);
});

showState(session.state);
setInterval(() => {
  showTimeLeft(systemClock.now());
  void look();
}, 1000);
// What failed for want of a connection is tried again.
addEventListener('online', () => {
  hideError();
  watching = session.state.kind !== 'nobody';
});
