import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** What some suites need from Debian, by the name they ask for. */
export const tools = {
  aws: { package: 'awscli', path: '/usr/bin/aws', module: undefined },
  boto3: { package: 'python3-boto3', path: '/usr/bin/python3', module: 'boto3' },
  chromium: { package: 'chromium', path: '/usr/bin/chromium', module: undefined },
  nginx: { package: 'nginx', path: '/usr/sbin/nginx', module: undefined },
  'redis-server': { package: 'redis-server', path: '/usr/bin/redis-server', module: undefined },
} as const;

export type ToolName = keyof typeof tools;
export const toolNames = Object.keys(tools) as readonly ToolName[];

export function isInstalled(name: ToolName): boolean {
  const { path, module } = tools[name];
  if (!existsSync(path)) return false;
  return module === undefined || spawnSync(path, ['-c', `import ${module}`]).status === 0;
}
