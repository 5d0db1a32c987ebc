const executables = [
  'npm',
  'npx',
  'node',
  'docker',
  'kubectl',
  'curl',
  'aws',
  'openssl',
  'kill',
  'cognito-graphql',
];
/** Commands of the product that a text may name without the product's name in front. */
const subcommands = ['serve', 'demo', 'emulate', 'token', 'pool', 'identities', 'dashboard', 'completion'];
const blocks = /^```(\w*)\n([\s\S]*?)^```$/gm;

/** The shell blocks of a Markdown text as scripts: without comments, each with the lines that are continued in one. */
export const scriptsIn = (markdown: string): string[] =>
  [...markdown.matchAll(blocks)].flatMap(([, language, code = '']) =>
    language === 'sh' ? [withoutComments(code)] : [],
  );

/**
 * Everything that a Markdown text has its reader run: the lines of shell blocks, and what stands in the text as code and begins with a
 * program or a command of the product.
 */
export function commandsIn(markdown: string): string[] {
  const prose = markdown.replaceAll(blocks, '');
  const inText = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code.replaceAll('\\|', '|'));
  const beginsWith = (words: readonly string[], code: string) =>
    words.some((word) => code.startsWith(`${word} `));
  return [
    ...new Set([
      ...scriptsIn(markdown).flatMap((script) => script.split('\n')),
      ...inText.filter((code) => beginsWith([...executables, ...subcommands, 'set'], code)),
    ]),
  ].filter((command) => command !== '');
}

const withoutComments = (code: string) =>
  code
    .replaceAll(/ *\\\n */g, ' ')
    .replaceAll(/(?:^| +)#.*$/gm, '')
    .trim();
