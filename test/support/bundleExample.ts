import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

/**
 * Puts an example of the README, with the files beside it that it imports, into somebody's folder as one module. Replacements stand
 * for what a reader would fill in: addresses, ids, ports.
 *
 * @returns the module's name in the folder
 */
export async function bundleExample(
  path: string,
  folder: string,
  replacements: Readonly<Record<string, string>>,
): Promise<string> {
  const name = `${basename(path, '.ts')}.mjs`;
  await build({
    entryPoints: [path],
    outfile: join(folder, name),
    bundle: true,
    packages: 'external',
    format: 'esm',
    target: 'es2022',
    plugins: [
      {
        name: 'replacements',
        setup(building) {
          building.onLoad({ filter: /\/examples\/\w+\.ts$/ }, (file) => ({
            loader: 'ts',
            contents: Object.entries(replacements).reduce(
              (text, [from, to]) => text.replaceAll(from, to),
              readFileSync(file.path, 'utf8'),
            ),
          }));
        },
      },
    ],
  });
  return name;
}
