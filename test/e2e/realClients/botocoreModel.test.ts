import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { inputs } from '../../../src/emulator/validation/cognitoShapes.ts';
import type { Shape } from '../../../src/emulator/validation/shapes.ts';
import { requireTool } from '../../support/requirements.ts';

const run = promisify(execFile);
const tool = requireTool('boto3');

interface ModelShape {
  readonly type: string;
  readonly members?: Readonly<Record<string, { readonly shape: string }>>;
  readonly member?: { readonly shape: string };
  readonly key?: { readonly shape: string };
  readonly value?: { readonly shape: string };
  readonly required?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
}

interface Model {
  readonly operations: Readonly<Record<string, { readonly input: { readonly shape: string } }>>;
  readonly shapes: Readonly<Record<string, ModelShape>>;
}

async function botocoreModel(): Promise<Model> {
  const find = 'import botocore, os; print(os.path.dirname(botocore.__file__))';
  const { stdout } = await run(tool.path, ['-c', find], { env: { PATH: '/usr/bin:/bin' } });
  const file = `${stdout.trim()}/data/cognito-identity/2014-06-30/service-2.json`;
  return JSON.parse(await readFile(file, 'utf8')) as Model;
}

/** One line for every place of an input, with all that the model demands there, in the model's order. */
function linesOfModel({ shapes }: Model, name: string, path: string): string[] {
  const shape = shapes[name] as ModelShape;
  const { type, min, max, pattern } = shape;
  const here = line(path, { type, min, max, pattern, values: shape.enum });
  const below = (part: { readonly shape: string } | undefined, step: string) =>
    part ? linesOfModel({ shapes } as Model, part.shape, `${path}${step}`) : [];
  const members = Object.entries(shape.members ?? {}).flatMap(([member, part]) =>
    below(part, `.${member}${shape.required?.includes(member) ? '!' : ''}`),
  );
  return [
    here,
    ...below(shape.key, '{key}'),
    ...below(shape.value, '{value}'),
    ...below(shape.member, '[]'),
    ...members,
  ];
}

function linesOfOurs(shape: Shape, path: string): string[] {
  switch (shape.type) {
    case 'string':
      return [line(path, { ...shape, pattern: shape.pattern?.printed })];
    case 'list':
      return [line(path, shape), ...linesOfOurs(shape.member, `${path}[]`)];
    case 'map':
      return [
        line(path, shape),
        ...linesOfOurs(shape.key, `${path}{key}`),
        ...linesOfOurs(shape.value, `${path}{value}`),
      ];
    case 'structure':
      return [
        line(path, shape),
        ...Object.entries(shape.members as Record<string, { shape: Shape; required: boolean }>).flatMap(
          ([name, member]) => linesOfOurs(member.shape, `${path}.${name}${member.required ? '!' : ''}`),
        ),
      ];
    default:
      return [line(path, shape)];
  }
}

interface Rules {
  readonly type: string;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly pattern?: string | undefined;
  readonly values?: readonly string[] | undefined;
}

/** Which values are sensitive, Debian's version of the model does not say. */
const line = (path: string, { type, min, max, pattern, values }: Rules) =>
  [path, type, `${min ?? ''}..${max ?? ''}`, pattern ?? '', values?.join('|') ?? ''].join('  ');

tool.describe("botocore's model of cognito-identity", () => {
  it('demands of every input exactly what the emulator demands, in the same order', async () => {
    const model = await botocoreModel();
    const operations = Object.keys(model.operations).sort();
    expect(Object.keys(inputs).sort()).toEqual(operations);
    for (const operation of operations) {
      const theirs = linesOfModel(model, model.operations[operation]?.input.shape ?? '', operation);
      const ours = linesOfOurs(inputs[operation as keyof typeof inputs], operation);
      expect(ours).toEqual(theirs);
    }
  });
});
