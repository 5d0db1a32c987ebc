import { describe, expect, it } from 'vitest';
import { createProgress, progressText } from '../../../src/cli/progress.ts';

function terminal(isTTY: boolean) {
  const written: string[] = [];
  const output = { isTTY, write: (text: string) => written.push(text) };
  return {
    written,
    terminal: {
      env: {},
      stdout: output,
      stderr: output,
      ask: async () => undefined,
      stopRequested: async () => {},
      onHangUp: () => {},
    },
  };
}

describe('progressText', () => {
  it.each([
    [
      { done: 600, total: 1200, sinceStart: 600, elapsed: 60 },
      'x [##########..........] 50% 600 of 1200, 60 s left',
    ],
    [
      { done: 600, total: 1200, sinceStart: 60, elapsed: 60 },
      'x [##########..........] 50% 600 of 1200, 10 min left',
    ],
    [
      { done: 1, total: 36_000, sinceStart: 1, elapsed: 1 },
      'x [....................] 0% 1 of 36000, 10 h 0 min left',
    ],
    [{ done: 0, total: 10, sinceStart: 0, elapsed: 0 }, 'x [....................] 0% 0 of 10'],
    [{ done: 0, total: 0, sinceStart: 0, elapsed: 1 }, 'x [####################] 100% 0 of 0'],
    [{ done: 900, total: undefined, sinceStart: 600, elapsed: 2 }, 'x 900, 300 per second'],
    [{ done: 0, total: undefined, sinceStart: 0, elapsed: 0 }, 'x 0'],
  ])('of %j', (reached, text) => {
    expect(progressText('x', reached)).toBe(text);
  });
});

describe('createProgress', () => {
  it('rewrites one line of a terminal and clears it', () => {
    const { terminal: tty, written } = terminal(true);
    let now = 0;
    const progress = createProgress('x', tty, { clock: { now: () => now } });
    progress.update(0, 100);
    now = 1000;
    progress.update(50, 100);
    progress.end();
    expect(written).toEqual([
      '\r\u001b[Kx [....................] 0% 0 of 100',
      '\r\u001b[Kx [##########..........] 50% 50 of 100, 1 s left',
      '\r\u001b[K',
    ]);
  });

  it('writes a line every ten seconds into a log', () => {
    const { terminal: log, written } = terminal(false);
    let now = 0;
    const progress = createProgress('x', log, { clock: { now: () => now } });
    for (now = 1000; now <= 25_000; now += 1000) progress.update(now / 1000);
    progress.end();
    expect(written).toEqual(['x 10, 1 per second\n', 'x 20, 1 per second\n']);
  });
});
