import { execFileSync, spawnSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, release } from 'node:os';

/** What the figures were taken on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  readonly kernel: string;
  readonly date: string;
  readonly commit: string;
  /** How many processes wanted to run in the minute before: well above 0 means that others disturb the figures. */
  readonly loadBefore: number;
  /** Whether server and load generator each had a core of its own. */
  readonly pinned: boolean;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    node: process.version,
    kernel: release(),
    date: new Date().toISOString().slice(0, 16).replace('T', ' '),
    commit: commit(),
    loadBefore: loadavg()[0] ?? 0,
    pinned: canPin,
  };
}

export function machineLine({
  cpu,
  cores,
  node,
  kernel,
  date,
  commit: at,
  loadBefore,
  pinned,
}: Machine): string {
  const pinning = pinned ? 'server and load generator pinned to a core each' : 'not pinned';
  return `${cpu}, ${cores} cores, Node ${node}, Linux ${kernel}, ${date} UTC, commit ${at}, load before ${loadBefore.toFixed(1)}, ${pinning}`;
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return 'unknown';
  }
}

/** Linux has taskset; elsewhere the system places processes as it likes, and the machine line says so. */
export const canPin =
  availableParallelism() > 1 && spawnSync('taskset', ['-c', '0,1', 'true'], { stdio: 'ignore' }).status === 0;
