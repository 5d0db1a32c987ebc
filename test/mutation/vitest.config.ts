import { mergeConfig } from 'vitest/config';
import base from '../../vitest.config.ts';
import type { Mutant } from './mutants.ts';

const mutant = JSON.parse(process.env['MUTANT'] ?? 'null') as Mutant | null;

/** The ordinary tests, with one guard taken away while its file is loaded. */
// biome-ignore lint/style/noDefaultExport: vitest takes its configuration from the default export
export default mergeConfig(base, {
  plugins: [
    {
      name: 'mutant',
      enforce: 'pre',
      transform(code: string, id: string) {
        if (mutant === null || !id.endsWith(`/${mutant.file}`)) return null;
        const { offset, from, to } = mutant;
        if (code.slice(offset, offset + from.length) !== from)
          throw new Error('the file has changed meanwhile');
        return { code: code.slice(0, offset) + to + code.slice(offset + from.length), map: null };
      },
    },
  ],
  test: { bail: 1 },
});
