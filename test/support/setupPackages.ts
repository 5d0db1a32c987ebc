import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { isInstalled, toolNames, tools } from './debianPackages.ts';

/**
 * Runs once before all tests: as root on Debian, installs what some suites need and is missing. Says so first.
 * `TEST_SETUP=off` forbids it. When it fails, the suites concerned say for themselves what they lack.
 */
export function setup(): void {
  const missing = toolNames.filter((name) => !isInstalled(name));
  const root = process.getuid?.() === 0;
  if (missing.length === 0 || process.env['TEST_SETUP'] === 'off') return;
  if (!root || !existsSync('/etc/debian_version') || !existsSync('/usr/bin/apt-get')) return;

  const packages = missing.map((name) => tools[name].package);
  say(`Some suites need Debian packages that are missing. Installing ${packages.join(', ')} with apt-get.`);
  say('TEST_SETUP=off forbids this; those suites are then skipped.');
  const done = apt('update', '-qq') && apt('install', '-y', '-qq', '--no-install-recommends', ...packages);
  say(done ? 'Installed.' : 'The installation failed; the suites that need these packages are skipped.');
}

function apt(...args: string[]): boolean {
  const { status, stderr } = spawnSync('/usr/bin/apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...args], {
    // Runlevel 1: the packages' own services (redis, nginx) are not started.
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    timeout: 600_000,
  });
  if (status !== 0) say(stderr.trim().split('\n').slice(-5).join('\n'));
  return status === 0;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
