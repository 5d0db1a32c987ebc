import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const root = resolve('.');

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/**
 * Folders below `node_modules` of the packages that `npm install` of this one brings, this one not included: what it depends on, and its
 * peers that are not optional, and so forth. In the versions of the lock, so that nothing has to be fetched.
 */
export function productionPackages(): string[] {
  const found = new Set<string>();
  const visit = (folder: string) => {
    for (const name of neededBy(folder)) {
      const other = resolveFrom(folder, name);
      if (found.has(other)) continue;
      found.add(other);
      visit(other);
    }
  };
  visit(root);
  return [...found].map((folder) => relative(join(root, 'node_modules'), folder)).sort();
}

function neededBy(folder: string): string[] {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifest;
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true);
  return [...Object.keys(dependencies), ...peers];
}

/** As Node.js looks for packages. */
function resolveFrom(folder: string, name: string): string {
  for (let place = folder; ; place = dirname(place)) {
    const candidate = join(place, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (place === root) throw new Error(`${name} is not installed`);
  }
}

/** Bytes of the files in a folder and below, without packages of their own inside. */
export function bytesIn(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== 'node_modules') bytes += bytesIn(path);
    else if (entry.isFile()) bytes += statSync(path).size;
  }
  return bytes;
}
