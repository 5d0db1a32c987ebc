import { randomUUID } from 'node:crypto';
import { Redis, type RedisOptions } from 'ioredis';

export interface RedisLinkOptions {
  /** `redis://` or `rediss://`, with user and password if any. Never logged. */
  readonly url: string;
  /** In front of every key; the same for all processes that share. */
  readonly namespace: string;
  /** Milliseconds for one command. Default 100. */
  readonly commandTimeoutMs?: number;
  /** Milliseconds without any answer from the first command that was late until Redis counts as gone. Default 300. */
  readonly patienceMs?: number;
  /** Milliseconds between signs of life. Default 1000. */
  readonly heartbeatMs?: number;
  /** Processes assumed before Redis was ever reached. Default 1. */
  readonly expectedReplicas?: number;
  /** For log and metrics. */
  readonly onState?: (available: boolean) => void;
}

/** The connection to a Redis that may be slow, gone or wiped at any time: nothing here waits for it or throws because of it. */
export interface RedisLink {
  readonly replicaId: string;
  /** Whether Redis can be used; a single command that was late does not change it. */
  readonly available: boolean;
  /** Processes seen within the last seconds, this one included. */
  readonly replicas: number;
  /** Runs a Lua script; null when Redis does not answer in time, at once while it is not available. Keys are put under the namespace. */
  run(script: string, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown[] | null>;
  /** How many of these keys there are; null as with `run`. */
  count(keys: readonly string[]): Promise<number | null>;
  /** Calls back for every message of another process or of this one. */
  onMessage(handler: (message: string) => void): void;
  /** Calls back when messages are received (again), some of which may have been missed before. */
  onListening(handler: () => void): void;
  /** Calls back after every sign of life that Redis answered. */
  onPulse(handler: () => void): void;
  /** Sends to all processes; false when Redis did not take it. */
  publish(message: string): Promise<boolean>;
  /** Why Redis cannot be used at present; null when it can. */
  problem(): string | null;
  close(): Promise<void>;
}

/** Counts the processes that gave a sign of life within three heartbeats. */
const heartbeatScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 3 * ARGV[2])
redis.call('PEXPIRE', KEYS[1], 10 * ARGV[2])
return { redis.call('ZCARD', KEYS[1]) }
`;

export function createRedisLink(options: RedisLinkOptions): RedisLink {
  const { url, namespace, commandTimeoutMs = 100, patienceMs = 300, heartbeatMs = 1000, onState } = options;
  const replicaId = randomUUID();
  const settings: RedisOptions = {
    connectTimeout: 1000,
    // A command is answered now or not at all: what waited would come too late and hold up what comes after.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(1000, 50 * 2 ** Math.min(attempt, 5)),
    lazyConnect: true,
  };
  const commands = new Redis(url, settings);
  // Listening has no answers to wait for; the connection's own sign of life is the heartbeat of the other one.
  const listener = new Redis(url, { ...settings, commandTimeout: 1000 });
  const channel = `${namespace}:changes`;
  const listening: (() => void)[] = [];
  const pulses: (() => void)[] = [];
  let healthy = false;
  let subscribed = false;
  /** When a command was late, unless something was answered since. */
  let silentSince: number | undefined;
  let replicas = options.expectedReplicas ?? 1;

  function mark(now: boolean) {
    if (healthy === now) return;
    healthy = now;
    onState?.(now);
  }

  /** The answer of a command, or null; whatever is wrong (slow, gone, read-only, out of memory), the service goes on without. */
  async function answered<T>(command: Promise<T>): Promise<T | null> {
    try {
      const answer = await inTime(command, commandTimeoutMs);
      silentSince = undefined;
      return answer;
    } catch (error) {
      const now = performance.now();
      silentSince ??= now;
      // One late answer is no reason to split the budget: those who still reach Redis would not know of it.
      if (!(error instanceof Late) || now - silentSince >= patienceMs) mark(false);
      return null;
    }
  }

  async function evaluate(script: string, keys: readonly string[], args: readonly (string | number)[]) {
    if (commands.status !== 'ready') return null;
    const names = named(keys);
    return answered(commands.eval(script, names.length, ...names, ...args) as Promise<unknown[]>);
  }

  const named = (keys: readonly string[]) => keys.map((key) => `${namespace}:${key}`);

  const run: RedisLink['run'] = async (script, keys, args) => (healthy ? evaluate(script, keys, args) : null);

  async function heartbeat() {
    const answer = await evaluate(heartbeatScript, ['replicas'], [replicaId, heartbeatMs]);
    if (answer === null) return;
    replicas = Math.max(1, Number(answer[0]));
    mark(true);
    for (const handler of pulses) handler();
  }

  // Without a handler a lost connection would end the process; what there is to tell, `problem` tells.
  commands.on('error', () => {});
  listener.on('error', () => {});
  commands.on('ready', () => void heartbeat());
  commands.on('close', () => mark(false));
  listener.on('close', () => {
    subscribed = false;
  });
  listener.on('ready', () => {
    listener.subscribe(channel).then(
      () => {
        subscribed = true;
        for (const handler of listening) handler();
      },
      () => listener.disconnect(true),
    );
  });
  commands.connect().catch(() => {});
  listener.connect().catch(() => {});
  const pulse = setInterval(() => void heartbeat(), heartbeatMs);
  pulse.unref();

  return {
    replicaId,
    run,
    async count(keys) {
      return healthy && commands.status === 'ready' ? answered(commands.exists(...named(keys))) : null;
    },
    get available() {
      return healthy;
    },
    get replicas() {
      return replicas;
    },
    onMessage(handler) {
      listener.on('message', (_channel: string, message: string) => handler(message));
    },
    onListening(handler) {
      listening.push(handler);
      if (subscribed) handler();
    },
    onPulse(handler) {
      pulses.push(handler);
    },
    async publish(message) {
      if (commands.status !== 'ready') return false;
      return (await answered(commands.publish(channel, message))) !== null;
    },
    problem() {
      if (healthy && subscribed) return null;
      return 'Redis cannot be used: every process keeps to its part of the budget and to its own cache';
    },
    async close() {
      clearInterval(pulse);
      await run("redis.call('ZREM', KEYS[1], ARGV[1]) return {}", ['replicas'], [replicaId]);
      commands.disconnect();
      listener.disconnect();
    },
  };
}

class Late extends Error {}

/** Rejects with `Late` after `ms`. What arrived while this process itself was busy is read first: timers come before that. */
function inTime<T>(answer: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => setImmediate(() => reject(new Late())), ms);
    answer.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
