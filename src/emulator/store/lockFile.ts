import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

export interface HeldLock {
  release(): void;
}

/**
 * Takes a lock file that names its process. A lock whose process is gone is taken over: after `kill -9` nobody is left to
 * remove it.
 */
export function acquireLock(file: string): HeldLock | { readonly heldBy: number } {
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) }));
  try {
    if (!take(mine, file)) {
      const holder = holderOf(file);
      if (holder !== undefined) return { heldBy: holder };
      // Renaming first: of several that find the stale lock, one gets it and the others find nothing to rename.
      const stale = `${file}.stale.${process.pid}`;
      try {
        renameSync(file, stale);
        rmSync(stale);
      } catch {}
      if (!take(mine, file)) return { heldBy: holderOf(file) ?? 0 };
    }
  } finally {
    rmSync(mine, { force: true });
  }
  return { release: () => rmSync(file, { force: true }) };
}

/** Puts the whole file in place at once, or not at all: nobody ever reads half a lock. */
function take(mine: string, file: string): boolean {
  try {
    linkSync(mine, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** The living process that holds the lock, if any. */
function holderOf(file: string): number | undefined {
  let holder: { pid?: unknown; startedAt?: unknown };
  try {
    holder = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
  const { pid, startedAt } = holder;
  if (typeof pid !== 'number' || !isAlive(pid)) return undefined;
  // In a container the next process often gets the same number.
  return startedAt === startOf(pid) ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process was started, in the kernel's own count; null where the system does not say. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name may contain anything, so the fields are counted from its closing bracket: the 22nd of all.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
