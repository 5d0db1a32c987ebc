import { randomUUID } from 'node:crypto';
import { Redis, type RedisOptions } from 'ioredis';

export interface RedisLinkOptions {
  /** `redis://` or `rediss://`, with user and password if any. Never logged. */
  readonly url: string;
  /** In front of every key; the same for all processes that share. */
  readonly namespace: string;
  /** Milliseconds for one command; a Redis that is slower counts as gone. Default 100. */
  readonly commandTimeoutMs?: number;
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
  /** Whether the last command was answered in time. */
  readonly available: boolean;
  /** Processes seen within the last seconds, this one included. */
  readonly replicas: number;
  /** Runs a Lua script; null when Redis does not answer in time. Keys are put under the namespace. */
  run(script: string, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown[] | null>;
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
  const { url, namespace, commandTimeoutMs = 100, heartbeatMs = 1000, onState } = options;
  const replicaId = randomUUID();
  const settings: RedisOptions = {
    commandTimeout: commandTimeoutMs,
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
  let replicas = options.expectedReplicas ?? 1;

  function mark(now: boolean) {
    if (healthy === now) return;
    healthy = now;
    onState?.(now);
  }

  async function run(script: string, keys: readonly string[], args: readonly (string | number)[]) {
    if (commands.status !== 'ready') return null;
    try {
      const names = keys.map((key) => `${namespace}:${key}`);
      return (await commands.eval(script, names.length, ...names, ...args)) as unknown[];
    } catch {
      // Slow, gone, read-only, out of memory: whatever it is, the service goes on without.
      mark(false);
      return null;
    }
  }

  async function heartbeat() {
    const answer = await run(heartbeatScript, ['replicas'], [replicaId, heartbeatMs]);
    if (answer === null) return mark(false);
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
      return commands.publish(channel, message).then(
        () => true,
        () => {
          mark(false);
          return false;
        },
      );
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
