import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/loadConfig.ts';
import { settingNames } from '../../src/config/settings.ts';
import { createReadinessRoute, livenessRoute } from '../../src/http/health.ts';
import { codeBlocks } from '../support/readmeExamples.ts';

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

const [text = '', ...others] = codeBlocks(readFileSync('README.md', 'utf8'), 'yaml');
const { spec, metadata } = parse(text);
const { spec: pod, metadata: labelled } = spec.template;
const [container] = pod.containers;
const env: Readonly<Record<string, string>> = Object.fromEntries(
  (container.env as { name: string; value: string }[]).map(({ name, value }) => [name, value]),
);
const ports: Readonly<Record<string, number>> = Object.fromEntries(
  (container.ports as { name: string; containerPort: number }[]).map((port) => [
    port.name,
    port.containerPort,
  ]),
);
const dockerfile = readFileSync('Dockerfile', 'utf8');
const ofImage = Object.fromEntries(
  (/^ENV (.+)$/m.exec(dockerfile)?.[1] ?? '').split(' ').map((pair) => pair.split('=') as [string, string]),
);

describe("the README's manifest for Kubernetes", () => {
  it('is the only one, and selects its own pods', () => {
    expect(others).toEqual([]);
    expect(spec.selector.matchLabels).toEqual(labelled.labels);
    expect(metadata.name).toBe(container.image.split('/').at(-1)?.split(':')[0]);
  });

  it('runs this version of the image, as the user that it is made for, with nothing to write to', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(container.image).toMatch(new RegExp(`:${version.replaceAll('.', '\\.')}$`));
    expect(dockerfile).toMatch(/^USER node$/m);
    // The number that `node` has in Node's own images: a name could not be checked against runAsNonRoot.
    expect(container.securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: 1000,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('probes paths that exist, on ports that are open', () => {
    const probe = ({ httpGet: { path, port } }: Probe) => [path, ports[port]];
    expect(probe(container.livenessProbe)).toEqual([livenessRoute.path, Number(ofImage['PORT'])]);
    expect(probe(container.readinessProbe)).toEqual([createReadinessRoute([]).path, Number(ofImage['PORT'])]);
  });

  it('sets only what is a setting, and opens the port of the metrics that it sets', () => {
    expect(Object.keys(env).filter((name) => !(settingNames as readonly string[]).includes(name))).toEqual(
      [],
    );
    expect(ports['metrics']).toBe(Number(env['METRICS_PORT']));
    expect(ports['metrics']).not.toBe(ports['http']);
  });

  it('waits longer than the server takes to stop', () => {
    const [command, seconds] = container.lifecycle.preStop.exec.command;
    expect(command).toBe('sleep');
    const { shutdownGraceMs } = loadConfig({}).http;
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(Number(seconds) + shutdownGraceMs / 1000);
  });

  it('leaves room for full caches', () => {
    const mebibytes = (amount: string) => Number(/^(\d+)Mi$/.exec(amount)?.[1]);
    const { requests, limits } = container.resources;
    // 256 MiB of tokens, 100 MB of everything else, and what the collector of garbage is behind.
    expect(mebibytes(limits.memory)).toBeGreaterThan(2 * 256 + 100);
    expect(mebibytes(requests.memory)).toBeGreaterThan(100);
  });
});
