import type { EmulatorClock } from './emulatorClock.ts';
import type { Fault, Faults } from './faults.ts';
import type { HttpAnswer } from './protocols/awsJson.ts';
import type { RequestLog } from './requestLog.ts';
import type { SeedDocument } from './seed.ts';
import type { Throttles } from './throttles.ts';
import type { UserPoolUser, UserPoolUsers } from './userPoolUsers.ts';
import type { WireRequest } from './wireRequest.ts';

const prefix = '/_control/';

/** What the control path can do to an emulator. */
export interface Controlled {
  readonly clock: EmulatorClock;
  readonly faults: Faults;
  readonly throttles: Throttles;
  readonly requests: RequestLog;
  readonly userPoolUsers: UserPoolUsers;
  seed(document: SeedDocument): Promise<void>;
  reset(): Promise<void>;
  rotateSigningKey(): Promise<string>;
}

export const isControl = (path: string) => path.startsWith(prefix);

type Body = Record<string, unknown>;
type Command = (emulator: Controlled, body: Body, query: URLSearchParams) => unknown;

const commands: Readonly<Record<string, Command>> = {
  'GET faults': ({ faults }) => faults.list(),
  'POST faults': ({ faults }, body) => {
    faults.add(body as unknown as Fault);
    return faults.list();
  },
  'DELETE faults': ({ faults }) => {
    faults.clear();
    return [];
  },
  'GET clock': ({ clock }) => ({ now: clock.now() }),
  'POST clock': ({ clock }, body) => {
    moveClock(clock, body);
    return { now: clock.now() };
  },
  'DELETE clock': ({ clock }) => {
    clock.reset();
    return { now: clock.now() };
  },
  'GET requests': ({ requests }, _body, query) => requests.entries(query.get('operation') ?? undefined),
  'DELETE requests': ({ requests }) => {
    requests.clear();
    return [];
  },
  'POST throttles': ({ throttles }, body) => {
    throttles.set(body as Record<string, number>);
    return body;
  },
  'POST seed': async ({ seed }, body) => {
    // The form of the document is checked there; what is wrong with it is for the caller to hear.
    await seed(body as SeedDocument).catch((error: Error) => {
      throw new RangeError(error.message);
    });
    return {};
  },
  'POST sign-out': ({ userPoolUsers }, body) => {
    userPoolUsers.signOut(userOf(body));
    return body;
  },
  'POST disable': ({ userPoolUsers }, body) => {
    userPoolUsers.disable(userOf(body));
    return body;
  },
  'POST enable': ({ userPoolUsers }, body) => {
    userPoolUsers.enable(userOf(body));
    return body;
  },
  'POST reset': async ({ reset }) => {
    await reset();
    return {};
  },
  'POST rotate': async ({ rotateSigningKey }) => ({ kid: await rotateSigningKey() }),
};

/**
 * Serves the control path: `faults`, `clock`, `requests`, `throttles`, `seed`, `sign-out`, `disable`, `enable`, `reset`, `rotate`.
 *
 * A web page of another origin must not be able to work it in a developer's browser, so that requests from pages are refused and
 * answers carry no CORS headers.
 */
export async function controlAnswer(request: WireRequest, emulator: Controlled): Promise<HttpAnswer> {
  if (request.headers.has('origin') || request.headers.has('sec-fetch-site')) {
    return answer(403, { error: 'The control path does not serve web pages.' });
  }
  const { pathname, search } = splitUrl(request.url);
  const name = `${request.method} ${pathname.slice(prefix.length)}`;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command)
    return answer(404, { error: `There is no ${name}. There are: ${Object.keys(commands).join(', ')}.` });
  try {
    return answer(200, await command(emulator, parse(request.body), new URLSearchParams(search)));
  } catch (error) {
    if (error instanceof RangeError) return answer(400, { error: error.message });
    throw error;
  }
}

function splitUrl(url: string) {
  const mark = url.indexOf('?');
  return mark < 0 ? { pathname: url, search: '' } : { pathname: url.slice(0, mark), search: url.slice(mark) };
}

function parse(body: Buffer): Body {
  if (body.length === 0) return {};
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Body;
  } catch {}
  throw new RangeError('The body must be a JSON object.');
}

function moveClock(clock: Controlled['clock'], body: Body): void {
  const { now, advanceMs } = body;
  const valid = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
  if (valid(now) && advanceMs === undefined) clock.set(now);
  else if (valid(advanceMs) && now === undefined) clock.advance(advanceMs);
  else throw new RangeError('Give either now (milliseconds since the epoch) or advanceMs, as a number.');
}

function userOf({ provider, subject }: Body): UserPoolUser {
  if (typeof provider === 'string' && typeof subject === 'string') return { provider, subject };
  throw new RangeError('Give the provider and the subject of a user, as strings.');
}

const answer = (status: number, body: unknown): HttpAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
  private: true,
});
