import {
  GetOpenIdTokenForDeveloperIdentityCommand,
  MergeDeveloperIdentitiesCommand,
} from '@aws-sdk/client-cognito-identity';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { deleteIdentities } from '../../../src/pool/deleteIdentities.ts';
import { createPacer } from '../../../src/pool/pacer.ts';
import { provisionPool } from '../../../src/pool/provisionPool.ts';
import {
  type IdentitySelection,
  type Position,
  selectIdentities,
} from '../../../src/pool/selectIdentities.ts';
import { type Emulated, startEmulated } from './emulated.ts';

const pacer = createPacer({ callsPerSecond: 10_000, wait: async () => {} });

let aws: Emulated;
let IdentityPoolId: string;

beforeAll(async () => {
  aws = await startEmulated();
});
beforeEach(async () => {
  const made = await provisionPool({ poolName: 'app', developerProviderName: 'login.app' }, aws.clients);
  IdentityPoolId = made.identityPoolId;
});
afterEach(() => aws.emulator.reset());
afterAll(() => aws.stop());

async function addUsers(names: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const name of names) {
    const { IdentityId = '' } = await aws.clients.cognito.send(
      new GetOpenIdTokenForDeveloperIdentityCommand({ IdentityPoolId, Logins: { 'login.app': name } }),
    );
    ids.push(IdentityId);
  }
  return ids;
}
const merge = (SourceUserIdentifier: string, DestinationUserIdentifier: string) =>
  aws.clients.cognito.send(
    new MergeDeveloperIdentitiesCommand({
      SourceUserIdentifier,
      DestinationUserIdentifier,
      DeveloperProviderName: 'login.app',
      IdentityPoolId,
    }),
  );
const users = (count: number) => Array.from({ length: count }, (_, index) => `u${index}`);

const selection = (change: Partial<IdentitySelection> = {}): IdentitySelection => ({
  identityPoolId: IdentityPoolId,
  disabledOnly: false,
  startedAt: Date.now() + 60_000,
  ...change,
});

async function select(chosen: IdentitySelection, from?: Position) {
  const pages: string[][] = [];
  let next: Position | undefined;
  for await (const page of selectIdentities(chosen, aws.clients.cognito, pacer, from)) {
    pages.push(page.identities.map(({ identityId }) => identityId));
    next = page.next ?? next;
  }
  return { pages, ids: pages.flat().sort(), next };
}

describe('selectIdentities', () => {
  it('walks through all pages', async () => {
    const ids = await addUsers(users(125));
    const { pages, ids: found } = await select(selection());
    expect(pages.map(({ length }) => length)).toEqual([60, 60, 5]);
    expect(found).toEqual(ids.sort());
  });

  it('says when an identity was made, and by which providers', async () => {
    const [identityId] = await addUsers(['alice']);
    for await (const { identities } of selectIdentities(selection(), aws.clients.cognito, pacer)) {
      expect(identities).toEqual([
        {
          identityId,
          logins: expect.any(Array),
          createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
          lastModifiedAt: expect.stringMatching(/Z$/),
        },
      ]);
    }
  });

  it('goes on from a position', async () => {
    await addUsers(users(70));
    const whole = await select(selection());
    const rest = await select(selection(), whole.next);
    expect(rest.pages).toEqual(whole.pages.slice(1));
  });

  it('finds exactly the disabled ones, over page borders, and from a position', async () => {
    const names = users(130);
    const ids = await addUsers(names);
    const gone = names.filter((_, index) => index % 7 === 3);
    for (const name of gone) await merge(name, 'u0');
    const expected = ids.filter((_, index) => index % 7 === 3).sort();
    const whole = await select(selection({ disabledOnly: true }));
    expect(whole.ids).toEqual(expected);
    const rest = await select(selection({ disabledOnly: true }), whole.next);
    expect(rest.pages.flat()).toEqual(whole.pages.at(-1));
  });

  it('takes none for disabled that was made after the start', async () => {
    await addUsers(['u0', 'u1']);
    await merge('u1', 'u0');
    expect((await select(selection({ disabledOnly: true, startedAt: 0 }))).ids).toEqual([]);
  });

  it('fails at the end when the two lists do not go together', async () => {
    await addUsers(users(3));
    const { cognito } = aws.clients;
    const stranger = { IdentityId: 'eu-west-1:00000000-0000-4000-8000-000000000000' };
    const strange = {
      send: async (command: { input: { HideDisabled?: boolean } }) => {
        const answer = await cognito.send(command as never);
        return command.input.HideDisabled ? { Identities: [stranger] } : answer;
      },
    } as unknown as typeof cognito;
    const pages = selectIdentities(selection({ disabledOnly: true }), strange, pacer);
    await expect(pages.next()).rejects.toThrow('Nothing of this selection should be relied upon');
  });

  it('selects by age', async () => {
    const old = await addUsers(['old']);
    const { value: page } = await selectIdentities(selection(), aws.clients.cognito, pacer).next();
    const at = Date.parse(page?.identities[0]?.lastModifiedAt ?? '');
    expect((await select(selection({ modifiedBefore: at }))).ids).toEqual([]);
    expect((await select(selection({ modifiedBefore: at + 1 }))).ids).toEqual(old);
  });
});

describe('deleteIdentities', () => {
  it('deletes, and says which were not deleted', async () => {
    const [id = ''] = await addUsers(['alice']);
    const unknown = 'eu-west-1:00000000-0000-4000-8000-000000000000';
    expect(await deleteIdentities([id, unknown], aws.clients.cognito, pacer)).toEqual([
      { identityId: unknown, reason: 'AccessDenied' },
    ]);
    expect((await select(selection())).ids).toEqual([]);
  });
});

describe('createPacer', () => {
  function paced(callsPerSecond: number) {
    let now = 1000;
    const waits: number[] = [];
    return {
      waits,
      pacer: createPacer({
        callsPerSecond,
        clock: { now: () => now },
        wait: async (ms) => {
          waits.push(ms);
          now += ms;
        },
      }),
    };
  }
  const throttled = Object.assign(new Error('Rate exceeded'), { name: 'TooManyRequestsException' });

  it('lets calls go at their rate', async () => {
    const { pacer: slow, waits } = paced(5);
    for (let call = 0; call < 3; call++) await slow.send('x', async () => call);
    expect(waits).toEqual([200, 200]);
  });

  it('waits longer and longer when AWS throttles, and then goes on', async () => {
    const { pacer: slow, waits } = paced(1000);
    let left = 3;
    const answer = await slow.send('x', async () => {
      if (left-- > 0) throw throttled;
      return 'done';
    });
    expect([answer, waits]).toEqual(['done', [1000, 2000, 4000]]);
  });

  it('gives up in a sentence', async () => {
    const { pacer: slow, waits } = paced(1000);
    await expect(slow.send('cognito-identity:X', () => Promise.reject(throttled))).rejects.toThrow(
      'cognito-identity:X failed (TooManyRequestsException): Rate exceeded',
    );
    expect(waits).toHaveLength(7);
    await expect(slow.send('x', () => Promise.reject(new Error('other')))).rejects.toThrow(
      'x failed (Error): other',
    );
  });
});
