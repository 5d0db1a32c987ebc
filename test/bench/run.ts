import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { reportCapacity } from './capacity/capacity.ts';
import { describeMachine } from './machine.ts';
import { chartOf, tableOf } from './report.ts';
import type { Pace, Row } from './rounds.ts';
import { createSession } from './session.ts';
import { suites } from './suites.ts';

const full: Pace = {
  rounds: 5,
  firstWarmUpMs: 4_000,
  firstWarmUpRequests: 20_000,
  firstWarmUpAtMostMs: 15_000,
  warmUpMs: 1_000,
  measureMs: 6_000,
  connections: 32,
};
const quick: Pace = {
  rounds: 2,
  firstWarmUpMs: 300,
  firstWarmUpRequests: 2_500,
  firstWarmUpAtMostMs: 1_000,
  warmUpMs: 100,
  measureMs: 400,
  connections: 32,
};

const help = `Compares the built product with other servers that do the same work, on loopback.

Usage: npm run bench -- [options] [suite ...]

Suites (default: all but millionUsers):
${Object.entries(suites)
  .map(([name, { about }]) => `  ${name.padEnd(14)}${about}`)
  .join('\n')}

Or alone: capacity   simulates the busiest hour for 10,000 to 100,000,000 users: which quota to ask AWS for

Options:
  --quick         fewer suites with fewer and shorter rounds: under two minutes, rough figures
  --json FILE     write all figures, those of each round too
  --svg FILE      write a chart of the ratios, for capacity one of the calls
  --against FILE  main.js of another build of the product, to take part as well
  --emulator URL  another emulator of Cognito that is running (LocalStack, moto), to take part in suite emulator
  --help          this text

Ratios are to the first line of a suite, from figures of the same round: they hold from machine to machine, the rest does not.
CPU is the processor time of the server's own process for one request. Servers run on one core, the load generator on another.
Some peers need packages of their own:  npm install --prefix test/bench
`;

class UsageError extends Error {}

function parse(argv: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'string' },
        svg: { type: 'string' },
        against: { type: 'string' },
        emulator: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (positionals.includes('capacity') && positionals.length > 1) {
      throw new UsageError('capacity is a simulation and goes alone.');
    }
    const unknown = positionals
      .filter((name) => name !== 'capacity')
      .find((name) => !Object.hasOwn(suites, name));
    if (unknown !== undefined) {
      throw new UsageError(`There is no suite ${unknown}; there are ${Object.keys(suites).join(', ')}.`);
    }
    const without = values.quick ? ['never', 'not with --quick'] : ['never'];
    const usual = Object.keys(suites).filter((name) => !without.includes(suites[name]?.unnamed ?? ''));
    return { ...values, chosen: positionals.length > 0 ? positionals : usual };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function capacity({ json, svg }: Pick<ReturnType<typeof parse>, 'json' | 'svg'>): Promise<void> {
  const report = await reportCapacity((text) => void process.stderr.write(text));
  process.stdout.write(`${report.text}\n`);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report.findings, null, 2)}\n`);
  const plot = svg ?? join(tmpdir(), 'capacity.svg');
  writeFileSync(plot, report.svg);
  process.stderr.write(`The plot is in ${plot}.\n`);
}

async function bench({
  quick: hurried,
  json,
  svg,
  against,
  emulator,
  chosen,
}: ReturnType<typeof parse>): Promise<void> {
  const built = spawnSync('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (built.status !== 0) throw new Error('The product could not be built.');
  const machine = describeMachine();
  const session = createSession(hurried ? quick : full, against, emulator);
  const rows: Row[] = [];
  try {
    for (const name of chosen) {
      process.stderr.write(`${name}: ${suites[name]?.about}\n`);
      rows.push(...((await suites[name]?.run(session)) ?? []));
    }
  } finally {
    await session.stop();
  }
  process.stdout.write(`${tableOf(rows, machine)}\n`);
  if (json !== undefined)
    writeFileSync(json, `${JSON.stringify({ machine, pace: session.pace, rows }, null, 2)}\n`);
  if (svg !== undefined) writeFileSync(svg, chartOf(rows, machine));
}

// The SDK's advice to developers about Node versions is no result.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

// Paths on the command line are those of the shell; everything else is found from the root of the package.
try {
  const options = parse(process.argv.slice(2));
  const absolute = (file?: string) =>
    file === undefined ? undefined : resolve(process.env['INIT_CWD'] ?? '.', file);
  if (options.help) process.stdout.write(help);
  else {
    process.chdir(resolve(import.meta.dirname, '../..'));
    const settings = {
      ...options,
      json: absolute(options.json),
      svg: absolute(options.svg),
      against: absolute(options.against),
    };
    await (options.chosen.includes('capacity') ? capacity(settings) : bench(settings));
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
