interface Closing {
  once(event: 'close', listener: () => void): unknown;
  destroy(): unknown;
}

/** Things that close when they are done, and that a stop waits for. */
export function createUnderWay() {
  const open = new Set<Closing>();
  return {
    add(closing: Closing): void {
      open.add(closing);
      closing.once('close', () => open.delete(closing));
    },
    /** Lets what is under way end for at most `graceMs`, then cuts it off. */
    async drain(graceMs: number): Promise<void> {
      const ended = Promise.all(
        [...open].map((each) => new Promise<void>((resolve) => each.once('close', resolve))),
      );
      const cutOff = setTimeout(() => {
        for (const each of open) each.destroy();
      }, graceMs);
      await ended;
      clearTimeout(cutOff);
    },
  };
}
