import type { Principal } from '../auth/principal.ts';
import type {
  CognitoGateway,
  IdentityDescription,
  IdentityPoolDescription,
  Page,
  PageRequest,
  UnprocessedIdentity,
} from '../cognito/gateway.ts';
import { ServiceError } from '../errors.ts';
import type { RequestScope } from '../lib/requestScope.ts';
import type { AuditSink } from '../telemetry/audit.ts';
import { type AuditSubject, auditedChange } from '../telemetry/audited.ts';
import { developerUserIdentifierOf } from '../tokens/logins.ts';
import type { IdentityReader } from './identityReader.ts';

/** What one request needs to read and change identities. */
export interface IdentityRequest extends RequestScope {
  readonly principal: Principal;
  readonly identities: IdentityReader;
}

/** Who may see and change which identity. Every rule about owners and administrators stands here. */
export interface IdentityService {
  /** The caller's own identity, null before the first token. Never registers the caller. */
  own(request: IdentityRequest): Promise<IdentityDescription | null>;
  /** The caller's own, or any for administrators. What the caller may not see answers like what does not exist. */
  byId(identityId: string, request: IdentityRequest): Promise<IdentityDescription | null>;
  byDeveloperUserIdentifier(
    developerUserIdentifier: string,
    request: IdentityRequest,
  ): Promise<IdentityDescription | null>;
  list(
    page: PageRequest & { hideDisabled: boolean },
    request: IdentityRequest,
  ): Promise<Page<IdentityDescription>>;
  /** Owner or administrator, as for the identity itself. */
  developerUserIdentifiers(
    identityId: string,
    page: PageRequest,
    request: IdentityRequest,
  ): Promise<Page<string>>;
  pool(request: IdentityRequest): Promise<IdentityPoolDescription>;
  merge(
    users: { sourceUserIdentifier: string; destinationUserIdentifier: string },
    request: IdentityRequest,
  ): Promise<IdentityDescription>;
  unlink(
    link: { identityId: string; developerUserIdentifier: string },
    request: IdentityRequest,
  ): Promise<IdentityDescription | null>;
  remove(identityIds: readonly string[], request: IdentityRequest): Promise<readonly UnprocessedIdentity[]>;
}

export function createIdentityService(
  { gateway, audit }: { readonly gateway: CognitoGateway; readonly audit: AuditSink },
  { userIdHmacKey }: { readonly userIdHmacKey?: Uint8Array },
): IdentityService {
  const userOf = (principal: Principal) => developerUserIdentifierOf(principal, userIdHmacKey);
  const ownId = ({ principal, identities }: IdentityRequest) => identities.findIdentityId(userOf(principal));

  /** For others than administrators the look-up is always that of their own user, so neither answer nor time tells what exists. */
  const mayRead = async (identityId: string, request: IdentityRequest) =>
    request.principal.administrator || (await ownId(request)) === identityId;

  const assertAdministrator = ({ principal }: IdentityRequest) => {
    if (!principal.administrator) throw new ServiceError('FORBIDDEN', 'Only administrators may do this.');
  };

  async function changed<T>(
    subject: Pick<AuditSubject, 'action' | 'identityIds' | 'affectedUserIds'>,
    request: IdentityRequest,
    change: () => Promise<T>,
  ): Promise<T> {
    try {
      return await auditedChange(audit, { ...subject, userId: userOf(request.principal) }, request, {
        permit: () => assertAdministrator(request),
        change,
      });
    } finally {
      request.identities.forgetAll();
    }
  }

  return {
    async own(request) {
      const id = await ownId(request);
      return id === null ? null : request.identities.describeIdentity(id);
    },

    async byId(identityId, request) {
      return (await mayRead(identityId, request)) ? request.identities.describeIdentity(identityId) : null;
    },

    async byDeveloperUserIdentifier(developerUserIdentifier, request) {
      assertAdministrator(request);
      const id = await request.identities.findIdentityId(developerUserIdentifier);
      return id === null ? null : request.identities.describeIdentity(id);
    },

    async list(page, request) {
      assertAdministrator(request);
      const found = await gateway.listIdentities(page, request.signal);
      for (const identity of found.items) request.identities.remember(identity);
      return found;
    },

    async developerUserIdentifiers(identityId, page, request) {
      if (!(await mayRead(identityId, request)))
        throw new ServiceError('FORBIDDEN', 'This is not your identity.');
      return (await request.identities.listDeveloperUserIdentifiers(identityId, page)) ?? { items: [] };
    },

    async pool(request) {
      assertAdministrator(request);
      return gateway.describeIdentityPool(request.signal);
    },

    async merge(users, request) {
      const identityId = await changed(
        { action: 'merge', affectedUserIds: Object.values(users) },
        request,
        () => gateway.mergeDeveloperIdentities(users, request.signal),
      );
      const identity = await request.identities.describeIdentity(identityId);
      if (identity !== null) return identity;
      throw new ServiceError('NOT_FOUND', 'The users were merged, but their identity was deleted meanwhile.');
    },

    async unlink(link, request) {
      const subject = {
        action: 'unlink',
        identityIds: [link.identityId],
        affectedUserIds: [link.developerUserIdentifier],
      } as const;
      await changed(subject, request, () => gateway.unlinkDeveloperIdentity(link, request.signal));
      return request.identities.describeIdentity(link.identityId);
    },

    remove: (identityIds, request) =>
      changed({ action: 'delete', identityIds }, request, () =>
        gateway.deleteIdentities(identityIds, request.signal),
      ),
  };
}
