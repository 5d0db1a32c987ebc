import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/**
 * Who may start processes, and which. What the product writes is searched for secrets, so whatever runs it goes through `startNode` of
 * `test/support/command.ts`; the programs of others may print what they were asked for.
 */
const starters: Readonly<Record<string, string>> = {
  'test/support/command.ts': 'Node.js',
  'test/support/buildProduct.ts': 'the build',
  'test/support/debianPackages.ts': 'python3',
  'test/support/installedPackage.ts': 'npm pack and tar',
  'test/support/readerShell.ts': 'what the README has for a shell; its errors are searched, too',
  'test/support/redisServer.ts': 'redis-server',
  'test/support/setupPackages.ts': 'apt-get',
  'test/e2e/cli/pool.test.ts': 'aws',
  'test/e2e/container.test.ts': 'the compiler, as the Dockerfile has it',
  'test/e2e/realClients/boto3.test.ts': 'python3',
  'test/e2e/realClients/botocoreModel.test.ts': 'python3',
  'test/e2e/realClients/debianAws.test.ts': 'aws and python3',
  'test/e2e/replicas/nginx.ts': 'nginx',
  'test/e2e/serve.test.ts': 'curl, as it is pasted',
};

// Measurements and the run of the mutants are no tests.
const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.m?[jt]s$/.test(file) && !/^(bench|architecture)\//.test(file))
  .map((file) => `test/${file}`);
const those = (pattern: RegExp) => files.filter((file) => pattern.test(readFileSync(file, 'utf8'))).sort();

describe('what the product writes in a process of its own is searched for secrets, as', () => {
  it('only the files that are listed start processes', () => {
    expect(those(/^(?!import type ).*\b(child_process|worker_threads|cluster)['"]/m)).toEqual(
      Object.keys(starters).sort(),
    );
  });

  it('one of them starts Node.js', () => {
    expect(
      those(/(?<!dirname\()\bprocess\.(execPath|argv0|argv\[0\])|\b(spawn|exec|run)\w*\(\s*'(node|tsx|npx)'/),
    ).toEqual(['test/support/command.ts']);
  });
});
