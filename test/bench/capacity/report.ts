import type { Finding } from './capacity.ts';
import { defaultQuota } from './plans.ts';
import type { Habits } from './simulate.ts';

const whole = (value: number) => value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 });
const percent = (share: number) => `${(share * 100).toFixed(share > 0 && share < 0.1 ? 2 : 0)} %`;

/** One Markdown table, with what it rests on below it. */
export function capacityTable(findings: readonly Finding[], habits: Habits): string {
  const header = [
    'users',
    'Regions × replicas',
    'calls/s',
    '1 h tokens',
    `at ${defaultQuota}/s: shed`,
    'gave up',
    'p99 wait',
    'ask AWS for',
    'then shed',
    'p99 wait',
    'parts',
  ];
  const rows = findings.map(({ free, longer, byDefault, recommended }) => [
    whole(free.users),
    `${free.regions} × ${free.replicas}`,
    whole(free.callsPerSecond),
    whole(longer.callsPerSecond),
    percent(byDefault.shedShare),
    percent(byDefault.failedShare),
    `${whole(byDefault.p99WaitMs)} ms`,
    recommended.quota > defaultQuota ? `${whole(recommended.quota)}/s` : 'nothing',
    percent(recommended.shedShare),
    `${whole(recommended.p99WaitMs)} ms`,
    whole(free.parts),
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padStart(widths[column] ?? 0)).join(' | ')} |`;
  const { sessionsPerDay, asksPerSession, secondsBetweenAsks, peakFactor } = habits;
  return [
    line(header),
    `|${widths.map((width) => `${'-'.repeat(width + 1)}:`).join('|')}|`,
    ...rows.map(line),
    '',
    `The busiest hour, ${peakFactor} times the average: ${sessionsPerDay} sessions a user and day, ${asksPerSession} requests a session, ${secondsBetweenAsks} s apart on average.`,
    'Calls, quotas and waits are those of each Region; users are spread evenly over them. Tokens of 15 minutes, but for "1 h tokens".',
    'Shed: of all requests, repetitions included. Gave up: of all users who wanted something, after four attempts.',
    'Parts: the Region was simulated as one of so many equal parts with that part of its quota, so that waits and shares are rather too high.',
  ].join('\n');
}

const [left, top, width, height] = [70, 40, 560, 300];
const leastUsers = 10_000;
const mostUsers = 100_000_000;
const [leastCalls, mostCalls] = [0.1, 10_000];
const along = (value: number, least: number, most: number) =>
  Math.log10(Math.max(value, least) / least) / Math.log10(most / least);
const xOf = (users: number) => left + along(users, leastUsers, mostUsers) * width;
const yOf = (calls: number) => top + height - along(calls, leastCalls, mostCalls) * height;

/** Calls a second against users, both in powers of ten. Colours are readable on light and dark pages. */
export function capacityChart(findings: readonly Finding[]): string {
  const series = [
    ['tokens of 15 minutes', '#d9730d', findings.map(({ free }) => free)],
    ['tokens of an hour', '#2f80c3', findings.map(({ longer }) => longer)],
  ] as const;
  const grid = (from: number, to: number) =>
    Array.from({ length: Math.round(Math.log10(to / from)) + 1 }, (_, i) => from * 10 ** i);
  const parts = [
    ...grid(leastUsers, mostUsers).flatMap((users) => [
      `<path d="M${xOf(users).toFixed(1)} ${top}v${height}" stroke="#7a8794" stroke-opacity=".3"/>`,
      `<text x="${xOf(users).toFixed(1)}" y="${top + height + 18}" text-anchor="middle">${whole(users)}</text>`,
    ]),
    ...grid(leastCalls, mostCalls).flatMap((calls) => [
      `<path d="M${left} ${yOf(calls).toFixed(1)}h${width}" stroke="#7a8794" stroke-opacity=".3"/>`,
      `<text x="${left - 8}" y="${(yOf(calls) + 4).toFixed(1)}" text-anchor="end">${whole(calls)}</text>`,
    ]),
    `<path d="M${left} ${yOf(defaultQuota).toFixed(1)}h${width}" stroke="#c0392b" stroke-dasharray="6 4"/>`,
    `<text x="${left + 6}" y="${(yOf(defaultQuota) - 6).toFixed(1)}" fill="#c0392b">${defaultQuota} calls/s: AWS's default in each Region</text>`,
    ...series.flatMap(([name, colour, estimates], i) => {
      // Of all Regions together.
      const points = estimates.map(
        ({ users, regions, callsPerSecond }) => [xOf(users), yOf(callsPerSecond * regions)] as const,
      );
      return [
        `<polyline points="${points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        ...points.map(
          ([x, y]) => `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="4" fill="${colour}"/>`,
        ),
        `<text x="${left + width - 8}" y="${top + height - 34 + i * 18}" text-anchor="end" fill="${colour}">${name}</text>`,
      ];
    }),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${left + width + 50} ${top + height + 50}" font-family="sans-serif" font-size="12" fill="#7a8794" role="img">`,
    '<title>Calls for tokens in the busiest hour against users</title>',
    `<text x="8" y="22" font-size="15">Calls for tokens a second in the busiest hour, all Regions together</text>`,
    ...parts,
    `<text x="${left + width / 2}" y="${top + height + 40}" text-anchor="middle">users</text>`,
    '</svg>',
    '',
  ].join('\n');
}
