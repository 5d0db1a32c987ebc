import type { Change } from '../mutants.ts';

export const identitiesChanges: readonly Change[] = [
  {
    file: 'src/identities/identityService.ts',
    from: 'request.principal.administrator || (await ownId(request)) === identityId',
    to: 'true',
  },
  {
    file: 'src/identities/identityService.ts',
    from: 'request.principal.administrator || (await ownId(request)) === identityId',
    to: 'request.principal.administrator',
  },
  {
    file: 'src/identities/identityService.ts',
    from: '(await ownId(request)) === identityId',
    to: '(await request.identities.describeIdentity(identityId)) !== null && (await ownId(request)) === identityId',
  },
  {
    file: 'src/identities/identityService.ts',
    from: 'permit: () => assertAdministrator(request)',
    to: 'permit: () => undefined',
  },
  {
    file: 'src/identities/identityService.ts',
    from: '      assertAdministrator(request);\n      const id',
    to: '            const id',
  },
  {
    file: 'src/identities/identityService.ts',
    from: '      assertAdministrator(request);\n      const found',
    to: '            const found',
  },
  {
    file: 'src/identities/identityService.ts',
    from: '      assertAdministrator(request);\n      return gateway',
    to: '            return gateway',
  },
  {
    file: 'src/identities/identityService.ts',
    from: '(await mayRead(identityId, request)) ? request',
    to: 'true ? request',
  },
  { file: 'src/identities/identityService.ts', from: 'request.identities.forgetAll()', to: 'void 0' },
];
