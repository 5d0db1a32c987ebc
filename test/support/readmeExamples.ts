import { readFileSync } from 'node:fs';

/** A code block of a Markdown text that is said to be the content of a file: `<!-- example: path -->` on the line before it. */
export interface MarkedExample {
  readonly path: string;
  /** What is between the fences. */
  readonly code: string;
}

export function markedExamples(markdown: string): MarkedExample[] {
  const marked = /^<!-- example: (\S+) -->\n+```\w*\n([\s\S]*?)^```$/gm;
  return [...markdown.matchAll(marked)].map(([, path = '', code = '']) => ({ path, code }));
}

/** The contents of all code blocks of a language. */
export const codeBlocks = (markdown: string, language: string): string[] =>
  [...markdown.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, code = '']) => code,
  );

/** The examples whose code differs from their file; also marks that no code block follows. */
export function staleExamples(markdown: string): string[] {
  const found = markedExamples(markdown);
  const marks = [...markdown.matchAll(/<!-- example: (\S+) -->/g)].map(([, path = '']) => path);
  const differing = found.filter(({ path, code }) => readFileSync(path, 'utf8') !== code);
  return [
    ...marks
      .filter((path) => !found.some((each) => each.path === path))
      .map((path) => `${path}: no code block`),
    ...differing.map(({ path }) => `${path}: another text`),
  ];
}
