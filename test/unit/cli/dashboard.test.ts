import { beforeAll, describe, expect, it } from 'vitest';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { runCommand } from '../../support/command.ts';

interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number };
    readonly targets: readonly {
      readonly expr: string;
      readonly legendFormat: string;
      readonly refId: string;
    }[];
  }[];
}

let printed: Dashboard;
/** Metric names with their labels, as the server serves them. */
const served = new Map<string, Set<string>>();
beforeAll(async () => {
  const { code, stdout } = await runCommand(['dashboard']);
  expect(code).toBe(0);
  printed = JSON.parse(stdout);
  const metrics = createMetrics();
  metrics.countRequest('/graphql', 200, 1);
  metrics.countField('me', 'OK');
  metrics.upstream.onCall('issueOpenIdToken', 'ok', 1);
  metrics.upstream.onWait('tokens', 1);
  metrics.upstream.onShed('issueOpenIdToken');
  metrics.watch({
    budget: { tokens: { rate: 50, left: 50, waiting: 0 } },
    cache: { size: 0, bytes: 0 },
    checks: [{ name: 'cognito', problem: () => null }],
  });
  for (const [, name, labels = ''] of (await metrics.text()).matchAll(/^(\w+)(?:\{(.*)\})? /gm)) {
    served.set(name as string, new Set([...labels.matchAll(/(\w+)="/g)].map(([, label]) => label as string)));
  }
});

const targets = () => printed.panels.flatMap((panel) => panel.targets);
/** Prometheus itself adds these when it scrapes. */
const fromPrometheus = ['job', 'instance'];

describe('the dashboard', () => {
  it('uses only metrics that the server serves, with labels that they have', () => {
    for (const { expr } of targets()) {
      const names = [...expr.matchAll(/\b((?:cognito_graphql|nodejs|process)_\w+)\{/g)].map(
        ([, name]) => name as string,
      );
      expect(names.length, expr).toBeGreaterThan(0);
      for (const name of names) {
        expect([...served.keys()]).toContain(name);
        const known = [...(served.get(name) ?? []), ...fromPrometheus];
        const grouped = /by \(([^)]+)\)/.exec(expr)?.[1]?.split(', ') ?? [];
        const matched = [...expr.matchAll(/[{,](\w+)=~/g)].map(([, label]) => label);
        for (const label of [...grouped, ...matched]) expect(known, `${expr}: ${label}`).toContain(label);
      }
    }
  });

  it('shows every metric of the service', () => {
    const used = targets()
      .map(({ expr }) => expr)
      .join('\n');
    const own = [...served.keys()].filter((name) => name.startsWith('cognito_graphql_'));
    const families = new Set(own.map((name) => name.replace(/_(bucket|sum|count)$/, '')));
    expect([...families].filter((family) => !used.includes(family))).toEqual([]);
  });

  it('names in each legend only labels that its query keeps', () => {
    for (const { expr, legendFormat } of targets()) {
      const kept = /by \(([^)]+)\)/.exec(expr)?.[1]?.split(', ') ?? [];
      for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect(kept).toContain(label);
    }
  });

  it('puts no two panels in one place', () => {
    const places = printed.panels.map(({ gridPos: { x, y } }) => `${x},${y}`);
    expect(new Set(places).size).toBe(places.length);
    expect(printed.panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  });
});
