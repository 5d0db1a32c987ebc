import type { Change } from '../mutants.ts';

export const telemetryChanges: readonly Change[] = [
  { file: 'src/telemetry/auditLog.ts', from: ').nlink > 0', to: ').nlink >= 0' },
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a piece of source
  { file: 'src/telemetry/auditLog.ts', from: 'this.#torn ? `\\n${text}` : text', to: 'text' },
  { file: 'src/telemetry/audited.ts', from: "  await write('OK', [issued.identityId]);\n", to: '' },
  { file: 'src/telemetry/audited.ts', from: "    await write('STARTED');\n", to: '' },
  { file: 'src/telemetry/audited.ts', from: '    await work.permit();\n', to: '' },
];
