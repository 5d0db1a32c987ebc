import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { describe, expect, it } from 'vitest';

/** Which rooms each room may import. This table is the architecture; `src/decisions.md` says why. */
const mayImport: Record<string, string[]> = {
  lib: [],
  errors: [],
  client: [],
  auth: ['lib', 'errors'],
  telemetry: ['lib', 'errors'],
  emulator: ['lib'],
  demo: ['lib', 'errors', 'client', 'pool'],
  cognito: ['lib', 'errors', 'telemetry'],
  pool: ['lib', 'errors', 'telemetry'],
  tokens: ['lib', 'errors', 'telemetry', 'auth', 'cognito/gateway'],
  identities: ['lib', 'errors', 'telemetry', 'auth', 'cognito/gateway', 'tokens/logins'],
  graphql: ['lib', 'errors', 'telemetry', 'auth', 'tokens', 'identities', 'cognito/gateway'],
  http: ['lib', 'errors', 'telemetry', 'auth', 'graphql', 'identities'],
};

const inside = (place: string) => `^src/${place}(/|\\.ts$)`;
const rule = (name: string, from: object, to: object) => ({ name, severity: 'error' as const, from, to });
const onlyFrom = (name: string, places: string, to: object) =>
  rule(name, { path: '^src/', pathNot: places }, to);

const forbidden = [
  ...Object.entries(mayImport).map(([room, allowed]) =>
    rule(
      `${room} may import ${allowed.join(', ') || 'nothing of ours'}`,
      { path: inside(room) },
      { path: '^src/', pathNot: [room, ...allowed].map(inside) },
    ),
  ),
  rule('no cycles', {}, { circular: true }),
  rule('client runs in a browser', { path: '^src/client/' }, { dependencyTypes: ['core'] }),
  onlyFrom('config is read by app and cli', '^src/(config/|cli/|app(/|\\.ts)|index\\.ts|lambda\\.ts)', {
    path: '^src/config/',
  }),
  onlyFrom('emulator is started by app and cli', '^src/(emulator/|cli/|app(/|\\.ts))', {
    path: '^src/emulator/',
  }),
  onlyFrom('AWS stays behind the gateway', '^src/(cognito/aws|pool/|cli/|demo/|app(/|\\.ts))', {
    path: 'node_modules/@aws-sdk/',
  }),
  onlyFrom('GraphQL stays in its rooms', '^src/(graphql|http|client/generated)/', {
    path: 'node_modules/(graphql|type-graphql|@apollo)/',
  }),
];

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);
const textOf = (file: string) => readFileSync(join('src', file), 'utf8');

describe('the rooms of src', () => {
  it('import only what the table allows, without cycles', async () => {
    const { output } = await cruise(['src'], {
      validate: true,
      ruleSet: { forbidden },
      parser: 'swc',
      tsPreCompilationDeps: true,
      doNotFollow: { path: 'node_modules' },
      enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] },
    });
    const { violations, totalCruised } = (output as ICruiseResult).summary;
    expect(violations.map(({ rule: broken, from, to }) => `${broken.name}: ${from} -> ${to}`)).toEqual([]);
    const cruised = (output as ICruiseResult).modules.filter(({ source }) => /^src\/.*\.ts$/.test(source));
    expect(cruised.length).toBe(sources.length);
    expect(totalCruised).toBeGreaterThan(sources.length);
  });

  it.each([
    ['process.env', /\bprocess\.env\b/, /^(main\.ts|lambda\.ts|config\/|cli\/)/],
    ['console', /\bconsole\./, /^cli\//],
    ['the system clock', /\bDate\.now\(|\bnew Date\(\)/, /^(lib\/|client\/environment\.ts)/],
    ['Math.random', /\bMath\.random\b/, /^(lib\/|client\/environment\.ts)/],
    ['default exports', /^export default\b/m, /^$/],
  ])('use %s only where it belongs', (_, pattern, allowed) => {
    const users = sources.filter(
      (file) => !allowed.test(file) && pattern.test(withoutComments(textOf(file))),
    );
    expect(users).toEqual([]);
  });

  it('are files that can be read in a sitting', () => {
    const long = sources.filter(
      (file) => !file.includes('generated') && textOf(file).split('\n').length > 501,
    );
    expect(long).toEqual([]);
  });
});

const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
