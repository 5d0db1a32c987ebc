import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A file or folder of this package, by its path from the package's root: the same from `src`, from `dist` and from a bundle. */
export function packageFile(path: string): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return join(folder, path);
}
