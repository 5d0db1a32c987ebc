import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Stack, startStack } from '../support/stack.ts';

/** Names of metrics, without the part that all of them begin with, with the names of their labels. */
type Labels = ReadonlyMap<string, readonly string[]>;

let stack: Stack;
let text: string;
beforeAll(async () => {
  stack = await startStack();
  const issue = 'mutation { cognitoCredentials { identityId awsCredentials { expiration } } }';
  await stack.send({ query: issue, user: 'alice' });
  stack.emulator.faults.add({ operation: 'GetOpenIdTokenForDeveloperIdentity', reset: true });
  await Promise.all(Array.from({ length: 12 }, (_, i) => stack.send({ query: issue, user: `user-${i}` })));
  text = await (await fetch(`${stack.app.url}/metrics`)).text();
});
afterAll(() => stack.stop());

function documented(): Labels {
  const table =
    /<!-- metrics -->\n([\s\S]*?)<!-- \/metrics -->/.exec(readFileSync('README.md', 'utf8'))?.[1] ?? '';
  const rows = [...table.matchAll(/^\| (`[^|]+) \| ([^|]*)\|/gm)];
  return new Map(
    rows.flatMap(([, names = '', labels = '']) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name]) => [name as string, labels.match(/\w+/g) ?? []]),
    ),
  );
}

function scraped(): Labels {
  const names = [...text.matchAll(/^# TYPE cognito_graphql_(\w+) /gm)].map(([, name]) => name as string);
  return new Map(names.map((name) => [name, labelsOf(name)]));
}

function labelsOf(name: string): string[] {
  const samples = text.matchAll(
    new RegExp(`^cognito_graphql_${name}(?:_bucket|_sum|_count)?(?:\\{(.*)\\})? `, 'gm'),
  );
  const labels = [...samples].flatMap(([, inside = '']) =>
    [...inside.matchAll(/(\w+)="/g)].map(([, label]) => label as string),
  );
  return [...new Set(labels)].filter((label) => label !== 'le');
}

describe("the README's table of metrics", () => {
  it('lists every metric of its own that a scrape holds, with its labels, and no other', () => {
    const [told, seen] = [documented(), scraped()];
    expect([...told.keys()].sort()).toEqual([...seen.keys()].sort());
    for (const [name, labels] of seen) expect(told.get(name)?.toSorted(), name).toEqual(labels.toSorted());
  });

  it('is spoken of with the names of further metrics that a scrape holds', () => {
    const readme = readFileSync('README.md', 'utf8');
    const mentioned = [...readme.matchAll(/`((?:nodejs|process)_\w+)`/g)].map(([, name]) => name as string);
    expect(mentioned).toContain('nodejs_eventloop_lag_p99_seconds');
    for (const name of mentioned.filter((each) => !each.endsWith('_'))) {
      expect(text, name).toContain(`# TYPE ${name} `);
    }
  });
});
