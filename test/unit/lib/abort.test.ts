import { describe, expect, it } from 'vitest';
import { untilAborted } from '../../../src/lib/abort.ts';

describe('untilAborted', () => {
  it('answers or throws what the work does', async () => {
    const never = new AbortController().signal;
    expect(await untilAborted(Promise.resolve(42), never)).toBe(42);
    await expect(untilAborted(Promise.reject(new Error('no')), never)).rejects.toThrow('no');
  });

  it("stops waiting with the caller's own reason", async () => {
    const caller = new AbortController();
    const reason = new Error('gone');
    const waiting = untilAborted(new Promise(() => {}), caller.signal);
    caller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(untilAborted(Promise.resolve(42), caller.signal)).rejects.toBe(reason);
  });
});
