/** JSON values as YAML 1.2 in block style. Texts are quoted as in JSON, which YAML reads the same. */
export function toYaml(value: unknown, indent = ''): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    return value.map((item) => `${indent}- ${nested(item, `${indent}  `).trimStart()}`).join('\n');
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0) return '{}';
    return entries.map(([key, item]) => `${indent}${keyText(key)}:${after(item, `${indent}  `)}`).join('\n');
  }
  return JSON.stringify(value);
}

const isBlock = (value: unknown) =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0;

const nested = (value: unknown, indent: string) => toYaml(value, isBlock(value) ? indent : '');

const after = (value: unknown, indent: string) =>
  isBlock(value) ? `\n${toYaml(value, indent)}` : ` ${toYaml(value)}`;

/** Plain where nobody could read it as anything but a text. */
const keyText = (key: string) =>
  /^[A-Za-z][A-Za-z0-9]*$/.test(key) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(key)
    ? key
    : JSON.stringify(key);
