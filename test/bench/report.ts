import { type Machine, machineLine } from './machine.ts';
import type { Row } from './rounds.ts';

/** One Markdown table for all suites, the machine below it. */
export function tableOf(rows: readonly Row[], machine: Machine): string {
  const header = ['suite', 'what', 'median', 'spread', 'ratio', 'CPU µs', 'CPU ratio', 'p50 ms', 'p99 ms'];
  const body = rows.map((row) => [
    row.suite,
    row.server,
    row.missing ?? `${wholeNumber(row.value)} ${row.unit}`,
    row.spread === undefined ? '' : `±${(row.spread * 100).toFixed(0)} %`,
    fixed(row.ratio, 2),
    fixed(row.microsecondsPerRequest, 0),
    fixed(row.cpuRatio, 2),
    fixed(row.p50Ms, 1),
    fixed(row.p99Ms, 1),
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...body.map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column < 2 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  const unsteady = rows.some(({ spread = 0 }) => spread > 0.2)
    ? [
        'Some spreads are above 20 %: the machine was busy, and these figures are rough. Repeat on a quiet one.',
      ]
    : [];
  return [line(header), rule, ...body.map(line), '', machineLine(machine), ...unsteady].join('\n');
}

const fixed = (value: number | undefined, digits: number) =>
  value === undefined ? '' : value.toFixed(digits);
const wholeNumber = (value = 0) => Math.round(value).toLocaleString('en');

/** Bars of the ratios to the base of each suite. Colours are readable on light and dark pages. */
export function chartOf(rows: readonly Row[], machine: Machine): string {
  const bars = rows.filter(({ ratio }) => ratio !== undefined);
  const [left, width, height] = [300, 380, 22];
  const longest = Math.max(1, ...bars.map(({ ratio = 0 }) => ratio));
  const parts: string[] = [];
  let y = 34;
  let suite = '';
  for (const { suite: of, server, ratio = 0, value, unit, spread = 0 } of bars) {
    if (of !== suite) {
      suite = of;
      y += 12;
      parts.push(`<text x="8" y="${y + 14}" font-weight="bold">${escaped(suite)}</text>`);
      y += height;
    }
    const length = Math.max(1, (ratio / longest) * width);
    const colour = server.startsWith('cognito-graphql') ? '#d9730d' : '#7a8794';
    parts.push(
      `<text x="${left - 8}" y="${y + 14}" text-anchor="end">${escaped(server)}</text>`,
      `<rect x="${left}" y="${y + 2}" width="${length.toFixed(1)}" height="${height - 6}" fill="${colour}"><title>${wholeNumber(value)} ${unit}, ±${(spread * 100).toFixed(0)} %</title></rect>`,
      `<text x="${(left + length + 6).toFixed(1)}" y="${y + 14}">${ratio.toFixed(2)}</text>`,
    );
    y += height;
  }
  const total = left + width + 60;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total} ${y + 30}" font-family="sans-serif" font-size="13" fill="#7a8794" role="img">`,
    '<title>Benchmark: ratios to the first of each suite, longer is better</title>',
    '<text x="8" y="22" font-size="15">Ratio to the first of each suite in the same rounds; longer is better</text>',
    ...parts,
    `<text x="8" y="${y + 20}" font-size="10">${escaped(machineLine(machine))}</text>`,
    '</svg>',
    '',
  ].join('\n');
}

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
