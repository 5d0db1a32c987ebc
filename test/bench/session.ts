import { type Field, startField } from './contestants.ts';
import type { Pace, Row } from './rounds.ts';

export interface Session {
  readonly pace: Pace;
  /** The servers that most suites ask, started when the first suite needs them. */
  field(): Promise<Field>;
  stop(): Promise<void>;
}

export function createSession(pace: Pace, otherBuild?: string): Session {
  let field: Promise<Field> | undefined;
  return {
    pace,
    field: () => {
      field ??= startField(otherBuild);
      return field;
    },
    stop: async () => (await field)?.stop(),
  };
}

export interface Suite {
  readonly about: string;
  /** Left out where no suites are named. */
  readonly onlyByName?: boolean;
  run(session: Session): Promise<Row[]>;
}
