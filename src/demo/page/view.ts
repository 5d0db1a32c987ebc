import type { CognitoIdentityCredentials } from '../../client/index.ts';
import type { CallerIdentity } from './callerIdentity.ts';
import type { ShownExchange, SignedIn } from './demoSession.ts';

export function element<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

function show(id: string, text: string): void {
  const shown = text || '–';
  // What stays is left alone, so that it can be selected while the page looks every second.
  if (element(id).textContent !== shown) element(id).textContent = shown;
}

/** Long secrets and tokens by their ends only: enough to compare, too little to use. */
export function shorten(text: string): string {
  return text.length > 48 ? `${text.slice(0, 16)}…${text.slice(-8)} (${text.length} characters)` : text;
}

function pretty(value: unknown): string {
  return JSON.stringify(value, (_, each) => (typeof each === 'string' ? shorten(each) : each), 2);
}

/** One field per line; the client sends its operations without line breaks. */
function prettyQuery(query: string): string {
  let depth = 0;
  let text = '';
  for (const token of query.match(/[{}]|\([^)]*\)|[^\s{}()]+/g) ?? []) {
    if (token === '}') depth--;
    const line = `\n${'  '.repeat(depth)}`;
    if (token === '{') {
      text += ' {';
      depth++;
    } else if (token.startsWith('(')) text += token.replaceAll(':', ': ');
    else text += depth > 0 || token === '}' ? line + token : `${text && ' '}${token}`;
  }
  return text;
}

export function showExchange({ request, status, answer }: ShownExchange): void {
  const { query, variables } = request;
  show('request', `${prettyQuery(query)}\n\n${pretty({ variables })}`);
  show('answer-status', `(HTTP ${status})`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(answer);
  } catch {
    show('answer', answer.slice(0, 500));
    return;
  }
  show('answer', pretty(parsed));
  const data = (parsed as { data?: Record<string, { openIdToken?: string }> }).data ?? {};
  const token = Object.values(data).find((each) => each?.openIdToken)?.openIdToken;
  if (token) showToken(token);
}

/** `exp` of the shown token and of the shown credentials, milliseconds since the epoch. */
const ends = new Map<'token-left' | 'credentials-left', number>();

function showToken(token: string): void {
  const [header, claims] = token
    .split('.', 2)
    .map((part) => JSON.parse(atob(part.replaceAll('-', '+').replaceAll('_', '/'))));
  show('token', JSON.stringify({ header, claims }, null, 2));
  ends.set('token-left', claims.exp * 1000);
}

export function showCredentials(credentials: CognitoIdentityCredentials | undefined): void {
  show('identity', credentials?.identityId ?? '');
  show('access-key', credentials?.accessKeyId ?? '');
  show('secret-key', credentials ? `${credentials.secretAccessKey.slice(0, 4)}…` : '');
  show('session-token', shorten(credentials?.sessionToken ?? ''));
  if (credentials) ends.set('credentials-left', credentials.expiration.getTime());
}

export function showCaller(caller: CallerIdentity | undefined): void {
  show('caller-arn', caller?.arn ?? '');
  show('caller-account', caller?.account ?? '');
}

/** Shows how long token and credentials still last; called every second. */
export function showTimeLeft(now: number): void {
  for (const [id, end] of ends) {
    const seconds = Math.max(0, Math.ceil((end - now) / 1000));
    const two = (value: number) => String(value).padStart(2, '0');
    show(id, seconds > 0 ? `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}` : 'expired');
  }
}

export function showState(state: SignedIn): void {
  const texts = {
    nobody: 'Nobody is signed in.',
    guest: 'You are a guest.',
    user: `Signed in as ${state.kind === 'user' ? state.user : ''}.`,
  };
  show('state', texts[state.kind]);
  const away = state.kind === 'nobody';
  for (const id of ['sign-out', 'refresh', 'call']) element<HTMLButtonElement>(id).disabled = away;
  element<HTMLButtonElement>('guest').disabled = state.kind !== 'nobody';
}

/** A login may take its time: signing out ends it. */
export function showSigningIn(user: string): void {
  show('state', `Signing in as ${user}…`);
  element<HTMLButtonElement>('sign-out').disabled = false;
  for (const id of ['guest', 'refresh', 'call']) element<HTMLButtonElement>(id).disabled = true;
}

export function forgetAll(): void {
  ends.clear();
  showCredentials(undefined);
  showCaller(undefined);
  for (const id of ['request', 'answer', 'token', 'token-left', 'credentials-left']) show(id, '');
  element('answer-status').textContent = '';
  element('linked').textContent = '';
}

export function showLinked(user: string, linked: boolean): void {
  element('linked').textContent = linked
    ? `The guest's identity is now that of ${user}: the id stayed.`
    : `${user} has an identity already; the guest's was left behind.`;
}

/** Adds who it is and the identity to the list, so that different users can be compared. */
export function remember(who: string, identityId: string): void {
  const table = element<HTMLTableElement>('seen');
  const rows = [...(table.tBodies[0]?.rows ?? [])];
  const known = rows.find((row) => row.cells[0]?.textContent === who);
  const row = known ?? table.tBodies[0]?.insertRow();
  if (!row) return;
  for (const [index, text] of [who, identityId].entries()) {
    (row.cells[index] ?? row.insertCell()).textContent = text;
  }
  table.hidden = false;
}

export function showError(error: unknown): void {
  const { code, reason, message, retryAfter } = error as Record<string, string | undefined>;
  const advice = {
    SIGNED_OUT: 'You signed out, perhaps in another tab.',
    SIGN_IN_REQUIRED: 'Sign in again.',
    NETWORK_ERROR: 'Is the server still running, and are you online?',
    TOO_MANY_REQUESTS: `Wait ${retryAfter ?? 'some'} seconds and try again.`,
    COGNITO_ERROR: `Cognito's name for it is ${reason}.`,
  }[code ?? ''];
  element('error').textContent = [code && `${code}:`, message, advice].filter(Boolean).join(' ');
}

export function hideError(): void {
  element('error').textContent = '';
}
