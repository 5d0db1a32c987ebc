import { createEmulator } from '../../../src/emulator/index.ts';

// Serves a data directory until it is killed.
const emulator = createEmulator({ dataDirectory: process.argv[2] as string });
try {
  const { url } = await emulator.listen();
  process.stdout.write(`${url}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(3);
}
