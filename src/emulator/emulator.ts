import { setMaxListeners } from 'node:events';
import { controlAnswer, isControl } from './control.ts';
import { type Core, createCore } from './core.ts';
import { createDispatcher, unknownOperation } from './dispatch.ts';
import { createEmulatorClock, type EmulatorClock } from './emulatorClock.ts';
import { createFaults, type Faults } from './faults.ts';
import { oidcAnswer } from './oidc.ts';
import { type EmulatorOptions, type ResolvedOptions, resolveOptions } from './options.ts';
import type { HttpAnswer } from './protocols/awsJson.ts';
import { createRequestLog, type RequestLog } from './requestLog.ts';
import { applySeed, type SeedDocument } from './seed.ts';
import { createHttpHost, type HttpHost, type Outcome } from './server.ts';
import { type KeyValueStore, tables } from './store/keyValue.ts';
import { openLmdbKeyValue } from './store/lmdbKeyValue.ts';
import { createMemoryKeyValue } from './store/memoryKeyValue.ts';
import { createThrottles, type Throttles } from './throttles.ts';
import { createUserPoolUsers, type UserPoolUsers } from './userPoolUsers.ts';
import type { WireRequest } from './wireRequest.ts';

/** An embedded Cognito with the STS and the part of IAM that belong to it, on one port. */
export interface Emulator {
  /**
   * Starts serving. Port 0, the default, takes a free one. Host default 127.0.0.1: there is nothing here that belongs on a
   * network.
   *
   * @throws DataDirectoryError when the data directory is in use, damaged or not the emulator's; Error when the address is taken
   *   or the seed is not valid
   */
  listen(port?: number, host?: string): Promise<{ readonly url: string }>;
  /** Stops serving, cutting off calls that are under way. For good: an emulator does not start twice. */
  close(): Promise<void>;
  readonly clock: EmulatorClock;
  readonly faults: Faults;
  readonly throttles: Throttles;
  /** The calls so far, without secrets. */
  readonly requests: RequestLog;
  /** Signs users of a user pool out, or disables them, for pools that ask (`ServerSideTokenCheck`). */
  readonly userPoolUsers: UserPoolUsers;
  /** How many calls are under way. */
  pendingCalls(): number;
  /**
   * Adds pools, identities and roles to what is there, from a document or a JSON file, as the option does at start.
   *
   * @throws Error that names what is wrong with the document; nothing was added then
   */
  seed(document: SeedDocument | string): Promise<void>;
  /** Back to the seed of the options: no other pools, identities and roles, nobody signed out, no faults, an empty log, the real time. Keys and address stay. */
  reset(): Promise<void>;
  /** Signs with a new key from now on; the old ones stay published. Answers the new key id. */
  rotateSigningKey(): Promise<string>;
}

type State =
  | { readonly phase: 'new' }
  | { readonly phase: 'starting' }
  | {
      readonly phase: 'listening';
      readonly url: string;
      readonly core: Core;
      readonly keyValue: KeyValueStore;
      readonly host: HttpHost;
    }
  | { readonly phase: 'closed' };

/** @throws RangeError when an option is out of range. */
export function createEmulator(options: EmulatorOptions = {}): Emulator {
  const settings = resolveOptions(options);
  const clock = createEmulatorClock(settings.clock);
  const faults = createFaults();
  const throttles = createThrottles(clock, settings.throttles);
  const requests = createRequestLog();
  const userPoolUsers = createUserPoolUsers(clock);
  const closing = new AbortController();
  // Any number of calls may be held up by a fault.
  setMaxListeners(0, closing.signal);
  let state: State = { phase: 'new' };
  let pendingCalls = () => 0;

  const listening = () => {
    if (state.phase !== 'listening') throw new Error(`The emulator is ${state.phase}, not listening.`);
    return state;
  };

  const start = async (port: number, address: string) => {
    if (state.phase !== 'new') throw new Error(`The emulator is ${state.phase} and cannot be started.`);
    state = { phase: 'starting' };
    let keyValue: KeyValueStore | undefined;
    let url: string | undefined;
    try {
      keyValue = await openStore(settings);
      const core = await createCore(settings, clock, keyValue, userPoolUsers, () => url);
      if (settings.seed !== undefined)
        await applySeed(settings.seed, { ...core.services, region: settings.region });
      const dispatcher = createDispatcher({ core, faults, throttles, requests, closing: closing.signal });
      pendingCalls = dispatcher.pending;
      const host = createHttpHost({
        now: clock.now,
        answer: (request) =>
          dispatcher.dispatch(request) ?? otherAnswer(request, core, settings, url ?? '', emulator),
      });
      url = (await host.listen(port, address)).url;
      if (closing.signal.aborted) {
        await host.close();
        throw new Error('The emulator was closed while it started.');
      }
      state = { phase: 'listening', url, core, keyValue, host };
      return { url };
    } catch (error) {
      await keyValue?.close();
      state = { phase: 'closed' };
      throw error;
    }
  };

  const emulator: Emulator = {
    clock,
    faults,
    throttles,
    requests,
    userPoolUsers,
    pendingCalls: () => pendingCalls(),
    listen: (port = 0, address = '127.0.0.1') => start(port, address),
    close: async () => {
      const before = state;
      state = { phase: 'closed' };
      closing.abort();
      if (before.phase !== 'listening') return;
      await before.host.close();
      await before.keyValue.close();
    },
    reset: async () => {
      const { core, keyValue } = listening();
      for (const table of tables) if (table !== 'meta') await keyValue.clear(table);
      faults.clear();
      requests.clear();
      userPoolUsers.clear();
      clock.reset();
      if (settings.seed !== undefined)
        await applySeed(settings.seed, { ...core.services, region: settings.region });
    },
    seed: async (document) => applySeed(document, { ...listening().core.services, region: settings.region }),
    rotateSigningKey: async () => listening().core.services.keys.rotate(),
  };
  return emulator;
}

const openStore = async ({ dataDirectory }: ResolvedOptions) =>
  dataDirectory === undefined ? createMemoryKeyValue() : openLmdbKeyValue(dataDirectory);

/** What is no call of an AWS service. */
async function otherAnswer(
  request: WireRequest,
  { services }: Core,
  { control, region }: ResolvedOptions,
  url: string,
  emulator: Emulator,
): Promise<Outcome> {
  const path = request.url.split('?', 1)[0] as string;
  if (control && isControl(path)) return controlAnswer(request, emulator);
  const issuer = services.tokens.issuerOf(region);
  const document = await oidcAnswer(request.method, path, { keys: services.keys, url, issuer });
  if (document) return document;
  return request.method === 'POST' && path === '/' ? unknownOperation() : notFound;
}

const notFound: HttpAnswer = { status: 404, headers: { 'content-type': 'text/plain' }, body: 'Not found' };
