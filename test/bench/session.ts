import { type Field, startField } from './contestants.ts';
import type { Pace, Row } from './rounds.ts';

export interface Session {
  readonly pace: Pace;
  /** Address of another emulator of Cognito, which takes part where tokens are issued by one. */
  readonly otherEmulator: string | undefined;
  /** The servers that most suites ask, started when the first suite needs them. */
  field(): Promise<Field>;
  stop(): Promise<void>;
}

export function createSession(pace: Pace, otherBuild?: string, otherEmulator?: string): Session {
  let field: Promise<Field> | undefined;
  return {
    pace,
    otherEmulator,
    field: () => {
      field ??= startField(otherBuild);
      return field;
    },
    stop: async () => (await field)?.stop(),
  };
}

export interface Suite {
  readonly about: string;
  /** When it runs without being named. Default: always. */
  readonly unnamed?: 'not with --quick' | 'never';
  run(session: Session): Promise<Row[]>;
}
