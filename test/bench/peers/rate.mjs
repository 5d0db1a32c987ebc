/**
 * Runs `work` over and over, first to warm up and then to be measured, and writes the figures of a round as JSON.
 *
 * @param work one unit of what is counted; its promise, if it answers one, is waited for
 */
export async function measureRate(work, warmUpMs, measureMs) {
  const runFor = async (ms) => {
    const end = performance.now() + ms;
    let count = 0;
    while (performance.now() < end) {
      const pending = work(count++);
      if (pending !== undefined) await pending;
    }
    return count;
  };
  await runFor(warmUpMs);
  const cpu = process.cpuUsage();
  const begin = performance.now();
  const count = await runFor(measureMs);
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  process.stdout.write(
    JSON.stringify({
      requestsPerSecond: count / seconds,
      microsecondsPerRequest: (user + system) / count,
      unexpected: 0,
    }),
  );
}
