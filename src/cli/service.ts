import type { App } from '../app.ts';
import type { Config } from '../config/config.ts';
import type { Terminal } from './terminal.ts';

/** The whole server is loaded here, and by no other command. */
export async function startService(config: Config): Promise<App> {
  const { startApp } = await import('../app.ts');
  return startApp(config);
}

/** Waits for Ctrl-C or SIGTERM and then stops. A second signal changes nothing: the grace period bounds the wait. */
export async function runUntilStopped(
  { stop }: Pick<App, 'stop'>,
  terminal: Pick<Terminal, 'stopRequested'>,
): Promise<void> {
  await terminal.stopRequested();
  await stop();
}
