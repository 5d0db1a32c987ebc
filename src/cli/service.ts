import type { Config } from '../config/config.ts';
import type { Terminal } from './terminal.ts';

/** A running server, as far as commands need to know it. */
export interface Service {
  readonly url: string;
  readonly cognitoUrl?: string;
  readonly identityPoolId: string;
  readonly region: string;
  readonly demoToken?: (user: string, scope?: string) => Promise<string>;
  stop(): Promise<void>;
}

interface AppModule {
  startApp(config: Config): Promise<Service>;
}

/** The whole server is loaded here, and by no other command. */
export async function startService(config: Config): Promise<Service> {
  const { startApp } = (await import(String('../app.ts'))) as AppModule;
  return startApp(config);
}

/** Waits for Ctrl-C or SIGTERM and then stops. A second signal changes nothing: the grace period bounds the wait. */
export async function runUntilStopped(
  { stop }: Pick<Service, 'stop'>,
  terminal: Pick<Terminal, 'stopRequested'>,
): Promise<void> {
  await terminal.stopRequested();
  await stop();
}
