import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import type { Row } from '../rounds.ts';

export async function clientSize(): Promise<Row[]> {
  const parts = [
    ['fromCognitoGraphQL', "export { fromCognitoGraphQL } from './index.js'"],
    ['everything', "export * from './index.js'"],
  ] as const;
  return Promise.all(
    parts.map(async ([server, contents]) => {
      const { outputFiles } = await build({
        stdin: { contents, resolveDir: resolve('dist/client'), loader: 'js' },
        bundle: true,
        minify: true,
        write: false,
        format: 'esm',
        target: 'es2022',
        platform: 'browser',
      });
      const bundle = outputFiles[0]?.contents ?? new Uint8Array();
      return { suite: 'client', server, unit: 'bytes', value: gzipSync(bundle, { level: 9 }).length };
    }),
  );
}
