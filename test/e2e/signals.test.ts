import { afterEach, describe, expect, it } from 'vitest';
import { type RunningCommand, startCommand } from '../support/command.ts';

let command: RunningCommand | undefined;
afterEach(async () => {
  command?.process.kill('SIGKILL');
  await command?.finished;
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** Has the process say when it looks after SIGTERM itself. Before that no program can help being ended by it. */
const announcing = `process.on('newListener', (name) => {
  if (name === 'SIGTERM') setImmediate(() => process.stderr.write('hears signals'));
})`;

/** Sends one signal after another, every millisecond, until the process is gone. */
async function storm({ process: child, finished }: RunningCommand) {
  let over = false;
  void finished.then(() => {
    over = true;
  });
  for (let sent = 0; !over; sent++) {
    child.kill(sent % 2 === 0 ? 'SIGTERM' : 'SIGINT');
    await pause(1);
  }
}

const commands: Readonly<Record<string, readonly string[]>> = {
  serve: ['serve'],
  emulate: ['emulate', '--port', '0'],
};

describe.each(Object.keys(commands))('%s', (name) => {
  // Into the loading of modules, the start, the moments after it, and an idle service.
  it.each([0, 60, 150, 300, 600, 1_500])(
    'ends with code 0 in a storm of signals that begins %i ms after it can hear them',
    async (ms) => {
      const running = startCommand(commands[name] ?? [], {
        PORT: '0',
        EMULATOR_PORT: '0',
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(announcing)}`,
      });
      command = running;
      await expect.poll(running.output, { timeout: 20_000, interval: 1 }).toContain('hears signals');
      await pause(ms + Math.random() * 20);
      await storm(running);
      expect([(await running.finished).code, running.process.signalCode]).toEqual([0, null]);
    },
    60_000,
  );
});
