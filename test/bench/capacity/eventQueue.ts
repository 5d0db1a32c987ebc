import type { Clock } from '../../../src/lib/clock.ts';
import type { Timers } from '../../../src/lib/timers.ts';

interface Event {
  readonly at: number;
  /** Events of the same moment happen in the order in which they were planned. */
  readonly order: number;
  run: (() => void) | undefined;
}

/** A clock and timers for a simulation of millions of events: time leaps from one to the next. */
export class EventQueue implements Clock, Timers {
  readonly #heap: Event[] = [];
  #now = Date.UTC(2026, 10, 25);
  #planned = 0;

  now(): number {
    return this.#now;
  }

  set(run: () => void, delayMs: number): Event {
    const event = { at: this.#now + Math.max(0, delayMs), order: this.#planned++, run };
    this.#push(event);
    return event;
  }

  /** The event stays where it is and does nothing when its time comes. */
  clear(handle: unknown): void {
    (handle as Event).run = undefined;
  }

  /** Lets everything happen that is due within `ms`, each event with all that follows from it before the next. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (let next = this.#heap[0]; next !== undefined && next.at <= end; next = this.#heap[0]) {
      this.#pop();
      if (next.run === undefined) continue;
      this.#now = next.at;
      next.run();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#now = end;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent] as Event)) break;
      heap[at] = heap[parent] as Event;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child += 1;
      if (!isBefore(heap[child] as Event, last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
  }
}

const isBefore = (a: Event, b: Event) => a.at < b.at || (a.at === b.at && a.order < b.order);
