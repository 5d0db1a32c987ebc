import type { Clock } from '../../src/lib/clock.ts';
import type { Timers } from '../../src/lib/timers.ts';

/** A clock and its timers that move only when told. */
export class SimulatedTime implements Clock, Timers {
  #now: number;
  readonly #pending = new Map<object, { readonly at: number; readonly run: () => void }>();

  constructor(now = Date.UTC(2026, 10, 25)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  set(run: () => void, delayMs: number): object {
    const handle = {};
    this.#pending.set(handle, { at: this.#now + Math.max(0, delayMs), run });
    return handle;
  }

  clear(handle: unknown): void {
    this.#pending.delete(handle as object);
  }

  /** Timers that have not fired. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Moves on by `ms`, firing timers in order and letting what they started settle before the next one. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settled();
      let next: [object, { at: number; run: () => void }] | undefined;
      for (const entry of this.#pending) if (!next || entry[1].at < next[1].at) next = entry;
      if (!next || next[1].at > end) break;
      this.#pending.delete(next[0]);
      this.#now = Math.max(this.#now, next[1].at);
      next[1].run();
    }
    this.#now = end;
    await settled();
  }
}

/** Resolves when every promise that can settle without waiting has done so. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
