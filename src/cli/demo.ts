import { devNull } from 'node:os';
import { loadConfig } from '../config/loadConfig.ts';
import { CommandError } from './failure.ts';
import { type Service, startService } from './service.ts';
import type { Terminal } from './terminal.ts';

/** The main job once, on free ports and with the settings of a trial whatever the environment says. */
export async function demo(terminal: Terminal): Promise<void> {
  const config = loadConfig({ PORT: '0', EMULATOR_PORT: '0', LOG_LEVEL: 'silent', AUDIT_FILE: devNull });
  const service = await startService(config);
  try {
    const { runDemo } = await import('../demo/runDemo.ts');
    await runDemo(
      { ...targetOf(service), developerProviderName: config.cognito.developerProviderName },
      (line) => terminal.stdout.write(`${line}\n`),
    );
  } finally {
    await service.stop();
  }
}

function targetOf({ url, cognitoUrl, identityPoolId, region }: Service) {
  if (cognitoUrl === undefined)
    throw new CommandError('The demo needs the embedded Cognito, which did not start.');
  return { url, cognitoUrl, identityPoolId, region };
}
