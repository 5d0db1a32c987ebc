import type { App, RunningApp } from '../app.ts';
import type { Config } from '../config/config.ts';
import type { Terminal } from './terminal.ts';

export type Service = RunningApp & Pick<App, 'stop'>;

/** The whole server is loaded here, and by no other command. */
export async function startService(config: Config): Promise<Service> {
  const { createApp } = await import('../app.ts');
  const { start, stop } = createApp(config);
  return { ...(await start()), stop };
}

/** Waits for Ctrl-C or SIGTERM and then stops. A second signal changes nothing: the grace period bounds the wait. */
export async function runUntilStopped(
  { stop }: Pick<Service, 'stop'>,
  terminal: Pick<Terminal, 'stopRequested'>,
): Promise<void> {
  await terminal.stopRequested();
  await stop();
}
