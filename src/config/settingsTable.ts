import { type Setting, type SettingName, settings } from './settings.ts';

const rows = Object.entries<Setting>(settings) as [SettingName, Setting][];

/** The settings as a Markdown table, for the README. */
export function settingsMarkdown(): string {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const lines = rows.map(
    ([name, { shownDefault, meaning }]) => `| \`${name}\` | ${cell(shownDefault)} | ${cell(meaning)} |`,
  );
  return ['| name | default | meaning |', '|---|---|---|', ...lines].join('\n');
}

/** The settings as plain text in groups, for `serve --help`. */
export function settingsHelp(): string {
  const groups = [...new Set(rows.map(([, { group }]) => group))];
  return groups
    .map((group) => {
      const lines = rows
        .filter(([, setting]) => setting.group === group)
        .map(
          ([name, { meaning, shownDefault }]) =>
            `  ${name} (${plain(shownDefault)})\n      ${plain(meaning)}`,
        );
      return [`${group}:`, ...lines].join('\n');
    })
    .join('\n\n');
}

const plain = (text: string) => text.replaceAll('`', '');
