import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A Redis on a loopback port of its own that keeps nothing on disk. */
export class RedisServer {
  #process: ChildProcess | undefined;
  #directory: string | undefined;

  private constructor(readonly port: number) {}

  static async start(): Promise<RedisServer> {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    const server = new RedisServer(port);
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it, empty. */
  async restart(): Promise<void> {
    await this.stop();
    this.#directory = mkdtempSync(join(tmpdir(), 'redis-'));
    const args = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const child = spawn('redis-server', [...args, '--dir', this.#directory], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#process = child;
    let log = '';
    for await (const chunk of child.stdout) {
      log += chunk;
      if (log.includes('Ready to accept connections')) break;
    }
  }

  async stop(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGCONT');
      child.kill('SIGKILL');
      await ended;
    }
    if (this.#directory) rmSync(this.#directory, { recursive: true, force: true });
    this.#directory = undefined;
  }

  /** Lets connections stand and answers nothing. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }
}

/** Waits until the condition holds, for at least as many seconds; for what happens in another process. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  seconds = 10,
): Promise<void> {
  for (let i = 0; i < 50 * seconds; i += 1) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`it did not come about that ${what}`);
}
