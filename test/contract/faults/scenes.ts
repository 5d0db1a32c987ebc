import type { CognitoGateway } from '../../../src/cognito/gateway.ts';
import type { Operation } from './table.ts';

const never = new AbortController().signal;

/** One call of an operation, ready to be made, with what its answer must be. */
export interface Scene {
  call(gateway: CognitoGateway): Promise<unknown>;
  /** Throws unless the answer is about whom it should be. */
  check(answer: never): void | Promise<void>;
}

interface Surroundings {
  /** A gateway that nothing is wrong with. */
  healthy(): CognitoGateway;
  readonly identityPoolId: string;
  /** A guest's identity. */
  guest(): Promise<string>;
  expect(actual: unknown, expected: unknown): void;
}

let people = 0;

/** For every operation of the port: people and identities of its own, so that nothing is left over from another call. */
export function createScenes(around: Surroundings): Readonly<Record<Operation, () => Promise<Scene>>> {
  const { healthy, identityPoolId, guest, expect } = around;
  const requestOf = (user: string) => ({
    developerUserIdentifier: user,
    tokenDuration: 900,
    principalTags: {},
  });
  const somebody = async () => {
    people += 1;
    const user = `user-${people}`;
    return { user, ...(await healthy().issueOpenIdToken(requestOf(user), never)) };
  };
  type Answered<T extends Operation> = Awaited<ReturnType<CognitoGateway[T]>>;
  const scene = <T extends Operation>(
    call: (gateway: CognitoGateway) => Promise<Answered<T>>,
    check: (answer: Answered<T>) => void | Promise<void>,
  ): Scene => ({ call, check });

  return {
    async issueOpenIdToken() {
      const { user, identityId } = await somebody();
      return scene<'issueOpenIdToken'>(
        (gateway) => gateway.issueOpenIdToken(requestOf(user), never),
        (token) => expect(token.identityId, identityId),
      );
    },
    async linkIdentity() {
      people += 1;
      const user = `user-${people}`;
      const identityId = await guest();
      return scene<'linkIdentity'>(
        (gateway) => gateway.linkIdentity({ ...requestOf(user), identityId }, never),
        async (token) => {
          expect(token.identityId, identityId);
          expect(await healthy().findIdentityId(user, never), identityId);
        },
      );
    },
    async exchangeOpenIdToken() {
      const token = await somebody();
      return scene<'exchangeOpenIdToken'>(
        (gateway) => gateway.exchangeOpenIdToken(token, never),
        ({ accessKeyId }) => expect(accessKeyId.startsWith('ASIA'), true),
      );
    },
    async findIdentityId() {
      const { user, identityId } = await somebody();
      return scene<'findIdentityId'>(
        (gateway) => gateway.findIdentityId(user, never),
        (found) => expect(found, identityId),
      );
    },
    async listDeveloperUserIdentifiers() {
      const { user, identityId } = await somebody();
      return scene<'listDeveloperUserIdentifiers'>(
        (gateway) => gateway.listDeveloperUserIdentifiers(identityId, { maxResults: 10 }, never),
        (page) => expect(page?.items, [user]),
      );
    },
    async describeIdentity() {
      const { identityId } = await somebody();
      return scene<'describeIdentity'>(
        (gateway) => gateway.describeIdentity(identityId, never),
        (identity) => expect(identity?.identityId, identityId),
      );
    },
    async listIdentities() {
      await somebody();
      return scene<'listIdentities'>(
        (gateway) => gateway.listIdentities({ maxResults: 1, hideDisabled: true }, never),
        ({ items }) => expect(items.length, 1),
      );
    },
    async describeIdentityPool() {
      return scene<'describeIdentityPool'>(
        (gateway) => gateway.describeIdentityPool(never),
        (pool) => expect(pool.identityPoolId, identityPoolId),
      );
    },
    async mergeDeveloperIdentities() {
      const [source, destination] = [await somebody(), await somebody()];
      return scene<'mergeDeveloperIdentities'>(
        (gateway) =>
          gateway.mergeDeveloperIdentities(
            { sourceUserIdentifier: source.user, destinationUserIdentifier: destination.user },
            never,
          ),
        async (merged) => {
          expect(merged, destination.identityId);
          expect(await healthy().findIdentityId(source.user, never), destination.identityId);
        },
      );
    },
    async unlinkDeveloperIdentity() {
      const { user, identityId } = await somebody();
      return scene<'unlinkDeveloperIdentity'>(
        (gateway) => gateway.unlinkDeveloperIdentity({ identityId, developerUserIdentifier: user }, never),
        async () => expect(await healthy().findIdentityId(user, never), null),
      );
    },
    async deleteIdentities() {
      const { identityId } = await somebody();
      return scene<'deleteIdentities'>(
        (gateway) => gateway.deleteIdentities([identityId], never),
        async (unprocessed) => {
          expect(unprocessed, []);
          expect(await healthy().describeIdentity(identityId, never), null);
        },
      );
    },
  };
}
