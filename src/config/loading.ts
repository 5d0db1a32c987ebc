import type { SettingName, SettingValues } from './settings.ts';

/** What the parts of the loader share. */
export interface Loading {
  readonly values: SettingValues;
  /** Whether the setting was given, well or badly. An empty text counts as not given. */
  has(name: SettingName): boolean;
  /** Whether the setting was given and is of the right form: only then is it worth comparing with others. */
  good(name: SettingName): boolean;
  report(setting: string, problem: string, remedy: string): void;
}

/** `{ name: value }`, or nothing when there is no value: absent settings are absent keys. */
export function present<Name extends string, T>(name: Name, value: T | undefined): { [K in Name]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { [K in Name]: T });
}
