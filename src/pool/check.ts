/** One thing that was looked at. */
export interface Check {
  readonly result: 'good' | 'warning' | 'problem';
  /** What was looked at, and what was found. */
  readonly finding: string;
  /** What to change; for problems and warnings. */
  readonly change?: string;
}
