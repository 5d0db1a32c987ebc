import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

/** For what is CommonJS among the packages that become part of the module. */
const requireForBundled =
  "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);";

/**
 * Puts an example of the README, with the files beside it that it imports, into somebody's folder as one module. Replacements stand
 * for what a reader would fill in: addresses, ids, ports.
 *
 * @param installed Packages that the folder has; all others become part of the module. Default: it has all of them.
 * @returns the module's name in the folder
 */
export async function bundleExample(
  path: string,
  folder: string,
  replacements: Readonly<Record<string, string>>,
  installed?: readonly string[],
): Promise<string> {
  const name = `${basename(path, '.ts')}.mjs`;
  await build({
    entryPoints: [path],
    outfile: join(folder, name),
    bundle: true,
    platform: 'node',
    ...(installed === undefined
      ? { packages: 'external' }
      : { external: installed.flatMap((name) => [name, `${name}/*`]), banner: { js: requireForBundled } }),
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
