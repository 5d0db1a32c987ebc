import type { Command } from 'commander';
import { UsageError } from './failure.ts';
import type { Terminal } from './terminal.ts';

/** Words that may follow a command: its commands and options. */
interface Place {
  /** Names of the commands that lead here, with spaces; empty for the program itself. */
  readonly path: string;
  readonly words: readonly string[];
}

/** Prints a script that completes commands and options. Made from the program itself, so it cannot fall behind. */
export function completion(shell: string, program: Command, terminal: Terminal): void {
  const places = placesOf(program, '');
  const scripts: Record<string, () => string> = {
    bash: () => bash(places),
    zsh: () => `autoload -U +X bashcompinit && bashcompinit\n${bash(places)}`,
    fish: () => fish(places),
  };
  const script = scripts[shell];
  if (script === undefined) throw new UsageError('The shell must be bash, zsh or fish.');
  terminal.stdout.write(`${script()}\n`);
}

function placesOf(command: Command, path: string): readonly Place[] {
  const options = command.options.flatMap(({ long }) => (typeof long === 'string' ? [long] : []));
  const words = [...command.commands.map((sub) => sub.name()), ...options, '--help'];
  const inner = command.commands.flatMap((sub) => placesOf(sub, `${path} ${sub.name()}`.trim()));
  return [{ path, words }, ...inner];
}

function bash(places: readonly Place[]): string {
  const cases = places.map(({ path, words }) => `    "${path}") words="${words.join(' ')}" ;;`);
  return `_cognito_graphql() {
  local path="" words="" word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    [[ "$word" == -* ]] && break
    path="\${path:+$path }$word"
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _cognito_graphql cognito-graphql`;
}

function fish(places: readonly Place[]): string {
  return places
    .map(({ path, words }) => {
      const typed = `string join ' ' (string match -v -- '-*' (commandline -opc)[2..])`;
      return `complete -c cognito-graphql -f -n 'test "$(${typed.replaceAll("'", "\\'")})" = "${path}"' -a '${words.join(' ')}'`;
    })
    .join('\n');
}
