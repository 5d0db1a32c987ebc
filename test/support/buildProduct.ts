import { execFileSync } from 'node:child_process';

/** Runs once before all tests: those of the built command need it as it is now. Takes a few seconds. */
export function setup(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 'ignore', 'inherit'] });
}
