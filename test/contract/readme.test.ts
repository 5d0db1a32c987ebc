import 'reflect-metadata';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema } from 'graphql';
import { getMetadataStorage } from 'type-graphql';
import { describe, expect, it } from 'vitest';
import { settingNames } from '../../src/config/settings.ts';
import { settingsMarkdown } from '../../src/config/settingsTable.ts';
import { coverage, coverageMarkdown } from '../../src/emulator/coverage.ts';
import { lenientDifferences } from '../../src/emulator/lenient.ts';
import { inputs } from '../../src/emulator/validation/cognitoShapes.ts';
import { errorCodes } from '../../src/errors.ts';
import { httpOf } from '../../src/graphql/errors.ts';
import { resolvers } from '../../src/graphql/schema.ts';

const readme = readFileSync('README.md', 'utf8');
const part = (name: string) =>
  new RegExp(`<!-- ${name} -->\\n([\\s\\S]*?)<!-- /${name} -->`).exec(readme)?.[1] ?? '';
const firstColumn = (table: string) =>
  [...table.matchAll(/^\| ([^|]+?) \|/gm)].map(([, cell]) => cell as string).slice(1);

describe('the README', () => {
  it('lists every setting as the configuration knows it', () =>
    expect(part('settings').trim()).toBe(settingsMarkdown()));

  it('lists every error code', () =>
    expect(firstColumn(part('errors')).map((cell) => cell.replaceAll('`', ''))).toEqual([...errorCodes]));

  it('compares every operation of the embedded Cognito with AWS as the code does', () => {
    expect(part('operations').trim()).toBe(coverageMarkdown());
    expect(Object.keys(coverage).sort()).toEqual(Object.keys(inputs).sort());
    expect(Object.keys(coverage)).toHaveLength(23);
  });

  it('lists what the lenient mode accepts', () => {
    expect(part('lenient').trim().split('\n')).toEqual(
      lenientDifferences.map((difference) => `- ${difference}`),
    );
  });

  it('says of every error code which status an answer with nothing else has', () => {
    for (const [, code = '', statuses = ''] of part('errors').matchAll(/^\| `(\w+)` \| ([^|]+) \|/gm)) {
      expect(statuses.split(' or ').map(Number), code).toContain(httpOf({ code })?.status ?? 200);
    }
  });

  it('lists every operation of the API, and who may call it', () => {
    const listed = [...part('api').matchAll(/^\| (`[^|]+) \| (user|administrator) \|/gm)].flatMap(
      ([, names = '', who = '']) => [...names.matchAll(/\w+/g)].map(([name]) => `${name}: ${who}`),
    );
    const { authorizedFields } = getMetadataStorage();
    const roots = resolvers.flatMap((resolver) =>
      authorizedFields
        .filter(({ target }) => target === resolver)
        .map(({ fieldName, roles }) => [fieldName, roles] as const),
    );
    const schema = buildSchema(readFileSync('schema/schema.graphql', 'utf8'));
    const names = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
      Object.keys(type?.getFields() ?? {}),
    );
    const rolesOf = new Map(roots);
    expect(listed.sort()).toEqual(
      names
        .map((name) => `${name}: ${rolesOf.get(name)?.includes('ADMINISTRATOR') ? 'administrator' : 'user'}`)
        .sort(),
    );
    expect([...rolesOf.keys()]).toEqual(expect.arrayContaining(names));
  });

  it('quotes symptoms in words that occur', () => {
    const chapter = /## When something does not work\n([\s\S]*?)\n## /.exec(readme)?.[1] ?? '';
    const symptoms = [...chapter.matchAll(/^\| ([^|]+) \|/gm)].map(([, cell]) => cell as string);
    expect(symptoms.length).toBeGreaterThan(35);
    const texts = [...sourcesOf('src'), readFileSync('node_modules/graphql/jsutils/instanceOf.js', 'utf8')];
    const quoted = symptoms.flatMap((symptom) =>
      [...symptom.matchAll(/`([^`]+)`/g)].map(([, text]) => text as string),
    );
    for (const text of quoted.filter((each) => !each.startsWith('/'))) {
      // Where something of the moment stands in a text, the README has an ellipsis.
      const words = text.split('…').map((each) => each.trim());
      expect(
        texts.some((source) =>
          words.every((word) => source.includes(word) || source.includes(word.replace("'", "\\'"))),
        ),
        text,
      ).toBe(true);
    }
    const settings = [...chapter.matchAll(/`([A-Z][A-Z]+_[A-Z_]+)`/g)].map(([, name]) => name as string);
    const known = new Set<string>([
      ...settingNames,
      ...errorCodes,
      ...apolloCodes,
      ...clientCodes,
      'HTTPS_PROXY',
    ]);
    expect(settings.filter((name) => !known.has(name))).toEqual([]);
  });

  it('links to files, and to chapters, that exist', () => {
    for (const [, path = '', anchor] of readme.matchAll(/\]\((?!http)([^)#]*)(?:#([^)]+))?\)/g)) {
      expect(path === '' || existsSync(path), path).toBe(true);
      if (anchor === undefined) continue;
      const target = path === '' ? readme : readFileSync(path, 'utf8');
      expect(anchorsOf(target), `${path}#${anchor}`).toContain(anchor);
    }
  });
});

const apolloCodes = ['BAD_REQUEST', 'GRAPHQL_VALIDATION_FAILED'];
const clientCodes = ['SIGN_IN_REQUIRED', 'SIGNED_OUT', 'USER_CHANGED', 'TIMEOUT', 'NETWORK_ERROR'];

/** As GitHub makes them of headings. */
const anchorsOf = (markdown: string) =>
  [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );

const sourcesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join(folder, file), 'utf8'));
