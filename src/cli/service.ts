import type { App, RunningApp } from '../app.ts';
import type { Config } from '../config/config.ts';

export type Service = RunningApp & Pick<App, 'stop'>;

/** The whole server is loaded here, and by no other command. */
export async function startService(config: Config): Promise<Service> {
  const { createApp } = await import('../app.ts');
  const { start, stop } = createApp(config);
  return { ...(await start()), stop };
}
