import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { WebSocket } from 'undici';

/** What a process uses at one moment, everything that can be collected having been collected. */
export interface Sample {
  /** Seconds since watching began. */
  readonly at: number;
  readonly heapBytes: number;
  readonly residentBytes: number;
  readonly descriptors: number;
  /** Seconds, of the time since the sample before. */
  readonly lagP99: number;
}

export interface WatchedProcess {
  sample(): Promise<Sample>;
  /** A process does not end while somebody debugs it. */
  close(): Promise<void>;
}

/**
 * Watches a process that was started with `--inspect`: the inspector collects its garbage, so that what is left is what it holds on to,
 * and `/metrics` tells how much that is. A heap that nobody has collected goes up and down by more than any leak of an hour.
 */
export async function watchProcess(
  pid: number,
  inspector: string,
  metricsUrl: string,
): Promise<WatchedProcess> {
  const socket = new WebSocket(inspector);
  await once(socket, 'open');
  const begin = Date.now();
  let calls = 0;

  async function collectGarbage(): Promise<void> {
    const id = ++calls;
    const answered = new Promise<void>((resolve, reject) => {
      const hear = ({ data }: { readonly data: unknown }) => {
        if ((JSON.parse(String(data)) as { id?: number }).id !== id) return;
        socket.removeEventListener('message', hear);
        socket.removeEventListener('close', lost);
        resolve();
      };
      const lost = () => reject(new Error('the inspected process is gone'));
      socket.addEventListener('message', hear);
      socket.addEventListener('close', lost);
    });
    socket.send(JSON.stringify({ id, method: 'HeapProfiler.collectGarbage' }));
    await answered;
  }

  return {
    async sample() {
      // What finalizers set free goes the second time.
      await collectGarbage();
      await collectGarbage();
      const text = await (await fetch(metricsUrl)).text();
      const metric = (name: string) => {
        const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1];
        if (value === undefined) throw new Error(`/metrics has no ${name}`);
        return Number(value);
      };
      return {
        at: (Date.now() - begin) / 1000,
        heapBytes: metric('nodejs_heap_size_used_bytes'),
        residentBytes: metric('process_resident_memory_bytes'),
        // Linux alone tells; elsewhere all samples are equal.
        descriptors: existsSync('/proc/self/fd') ? readdirSync(`/proc/${pid}/fd`).length : 0,
        lagP99: metric('nodejs_eventloop_lag_p99_seconds'),
      };
    },
    async close() {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}
