import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { markedExamples, staleExamples } from '../../support/readmeExamples.ts';

const path = 'test/e2e/client/examples/urql.ts';
const code = readFileSync(path, 'utf8');
const block = (text: string) => `Text.\n\n<!-- example: ${path} -->\n\`\`\`ts\n${text}\`\`\`\n\nMore.\n`;

describe('examples in a Markdown text', () => {
  it('are found by their marks, and unmarked ones are not', () => {
    const text = `\`\`\`ts\nunmarked();\n\`\`\`\n${block('a();\n')}${block('b();\n')}`;
    expect(markedExamples(text)).toEqual([
      { path, code: 'a();\n' },
      { path, code: 'b();\n' },
    ]);
  });

  it('are stale when they differ from their file by as much as a space', () => {
    expect(staleExamples(block(code))).toEqual([]);
    expect(staleExamples(block(code.replace('{', '{ ')))).toEqual([`${path}: another text`]);
  });

  it('are stale when no code follows their mark', () => {
    expect(staleExamples(`<!-- example: ${path} -->\nSee there.\n`)).toEqual([`${path}: no code block`]);
  });
});
