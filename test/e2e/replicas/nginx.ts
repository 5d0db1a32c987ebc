import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeBlocks } from '../../support/readmeExamples.ts';
import { until } from '../../support/redisServer.ts';

/** What an answer came from, written by nginx: `host:port` of the server tried last. */
export const servedBy = 'x-served-by';

export interface Nginx {
  readonly url: string;
  stop(): Promise<void>;
}

/** The load balancer of the README, with these servers for those of the README, and with what a test needs around it. */
function configuration(directory: string, port: number, servers: readonly string[]): string {
  const [block = '', ...more] = codeBlocks(readFileSync('README.md', 'utf8'), 'nginx');
  if (more.length > 0) throw new Error('The README has more than one block for nginx.');
  const [line, ...others] = [...block.matchAll(/^ {2}server \S+(.*;)\n/gm)];
  if (line === undefined || others.some(([, settings]) => settings !== line[1])) {
    throw new Error('The servers in the README differ in their settings.');
  }
  const ours = block
    .replace(/(?:^ {2}server \S+.*;\n)+/m, servers.map((server) => `  server ${server}${line[1]}\n`).join(''))
    .replace('listen 80;', `listen 127.0.0.1:${port} backlog=1024;`)
    .replace('location / {', `location / {\n    add_header ${servedBy} $upstream_addr always;`);
  return `
daemon off;
master_process off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log warn;
events { worker_connections 2048; }
http {
  access_log off;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  keepalive_requests 1000000;
${ours}
}
`;
}

/** An nginx of its own in front of servers given as `host:port`. */
export async function startNginx(path: string, servers: readonly string[]): Promise<Nginx> {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'nginx-'));
  // Where Debian's build looks for its log before it has read any configuration.
  mkdirSync(join(directory, 'logs'));
  const file = join(directory, 'nginx.conf');
  writeFileSync(file, configuration(directory, port, servers));
  const child = spawn(path, ['-p', directory, '-c', file, '-e', join(directory, 'error.log')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (chunk) => {
    complaint += chunk;
  });
  const url = `http://127.0.0.1:${port}`;
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`nginx ended: ${complaint}${logOf(directory)}`);
    return fetch(`${url}/livez`).then(
      ({ status }) => status === 200,
      () => false,
    );
  }, 'nginx answers');
  return {
    url,
    async stop() {
      await ended(child);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

function logOf(directory: string): string {
  try {
    return readFileSync(join(directory, 'error.log'), 'utf8');
  } catch {
    return '';
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}
