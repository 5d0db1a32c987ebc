import { readFile, rename, writeFile } from 'node:fs/promises';

/** What the server needs to know of a pool. */
export function serverSettings(
  pool: { readonly identityPoolId: string; readonly developerProviderName: string },
  region: string,
  { endpointUrl }: { readonly endpointUrl?: string },
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const endpoints = ['COGNITO_IDENTITY', 'STS', 'IAM'].flatMap((service) => {
    const name = `AWS_ENDPOINT_URL_${service}`;
    const url = endpointUrl ?? env[name] ?? env['AWS_ENDPOINT_URL'];
    return url === undefined ? [] : [[name, url] as const];
  });
  return {
    AWS_REGION: region,
    COGNITO_IDENTITY_POOL_ID: pool.identityPoolId,
    COGNITO_DEVELOPER_PROVIDER_NAME: pool.developerProviderName,
    ...Object.fromEntries(endpoints),
  };
}

/** Sets the given names in a `.env` file and keeps all its other lines. Readable by its owner only: others may add secrets. */
export async function writeEnvFile(file: string, settings: Readonly<Record<string, string>>): Promise<void> {
  const before = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const rest = new Map(Object.entries(settings));
  const lines = before.split('\n').map((line) => {
    const name = /^\s*(?:export\s+)?(\w+)\s*=/.exec(line)?.[1] ?? '';
    const value = rest.get(name);
    rest.delete(name);
    return value === undefined ? line : `${name}=${value}`;
  });
  if (lines.at(-1) === '') lines.pop();
  const text = [...lines, ...[...rest].map(([name, value]) => `${name}=${value}`), ''].join('\n');
  // A half-written file would take the other settings with it.
  const next = `${file}.new`;
  await writeFile(next, text, { mode: 0o600 });
  await rename(next, file);
}
