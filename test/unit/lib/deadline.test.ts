import { describe, expect, it } from 'vitest';
import { DeadlineError, withDeadline } from '../../../src/lib/deadline.ts';

const never = new AbortController().signal;
const forever = () => new Promise<never>(() => {});

describe('withDeadline', () => {
  it('answers what the work answers', async () => {
    expect(await withDeadline(async () => 42, 1000, never)).toBe(42);
  });

  it('throws what the work throws', async () => {
    const reason = new Error('no');
    await expect(withDeadline(() => Promise.reject(reason), 1000, never)).rejects.toBe(reason);
  });

  it('gives up when the time is over, also on work that takes no notice, and tells the work', async () => {
    let seen: AbortSignal | undefined;
    const waiting = withDeadline(
      (signal) => {
        seen = signal;
        return forever();
      },
      5,
      never,
    );
    await expect(waiting).rejects.toEqual(new DeadlineError(5));
    expect(seen?.aborted).toBe(true);
  });

  it("ends with the caller's own reason when the caller aborts", async () => {
    const caller = new AbortController();
    const reason = new Error('gone');
    let seen: AbortSignal | undefined;
    const waiting = withDeadline(
      (signal) => {
        seen = signal;
        return forever();
      },
      1000,
      caller.signal,
    );
    caller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(seen?.reason).toBe(reason);
  });

  it('starts nothing for a caller who has gone already', async () => {
    let started = false;
    const work = async () => {
      started = true;
    };
    await expect(withDeadline(work, 1000, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    expect(started).toBe(false);
  });

  it('puts nothing around work that has no limit', async () => {
    const caller = new AbortController();
    let seen: AbortSignal | undefined;
    const timers = { set: () => expect.fail('no timer'), clear: () => expect.fail('no timer') };
    const work = async (signal: AbortSignal) => {
      seen = signal;
      return 42;
    };
    expect(await withDeadline(work, Number.POSITIVE_INFINITY, caller.signal, timers)).toBe(42);
    expect(seen).toBe(caller.signal);
  });

  it('leaves no timer behind', async () => {
    const pending = new Set<unknown>();
    const timers = {
      set: () => {
        const handle = {};
        pending.add(handle);
        return handle;
      },
      clear: (handle: unknown) => {
        pending.delete(handle);
      },
    };
    await withDeadline(async () => 1, 1000, never, timers);
    await withDeadline(() => Promise.reject(new Error('no')), 1000, never, timers).catch(() => {});
    expect(pending.size).toBe(0);
  });
});
