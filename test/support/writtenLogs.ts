import { Writable } from 'node:stream';
import { secretsIn } from './secretScanner.ts';

/**
 * Everything that the product has written in this test file: log lines, audit records, and the outputs of its commands. `watchLogs.ts`
 * searches it when the file's tests are done, for what has the form of a secret and for the secrets that the tests have used.
 */
interface Written {
  readonly chunks: string[];
  /** What others have written so far, and may go on writing. */
  readonly sources: (() => string)[];
  readonly secrets: Set<string>;
  readonly inputs: Set<string>;
}

/** One for each test file, whichever copy of this module asks. */
const key = Symbol.for('cognito-graphql.writtenLogs');
const holder = globalThis as unknown as Record<symbol, Written | undefined>;
holder[key] ??= { chunks: [], sources: [], secrets: new Set(), inputs: new Set() };
const written: Written = holder[key];

export function keepWritten(text: string): void {
  written.chunks.push(text);
}

/** The same for something that is still being written: `text` answers all of it whenever it is asked. */
export function keepWriting(text: () => string): void {
  written.sources.push(text);
}

export const writtenText = (): string =>
  [...written.chunks, ...written.sources.map((text) => text())].join('');

/** For tests of the search itself, which write what must not be written. */
export function forgetWritten(): void {
  written.chunks.length = 0;
  written.sources.length = 0;
  written.secrets.clear();
  written.inputs.clear();
}

/** Short ones would be found everywhere; what is secret in earnest is long. */
const shortest = 8;

/** Makes known what must be in no log from now on, nor have been before. */
export function hush(...secrets: readonly (string | undefined)[]): void {
  for (const secret of secrets) {
    if (secret !== undefined && secret.length >= shortest) written.secrets.add(secret);
  }
}

/** Whether a setting's value is secret, told by its name: loading the settings in every test file would take too long. */
export const isSecretSetting = (name: string) =>
  /SECRET|_KEY$|^REDIS_URL$/.test(name) && name !== 'AUTH_PUBLIC_KEY';

/** The values of secret settings that a process is given. */
export function hushSettings(env: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || !isSecretSetting(name)) continue;
    hush(/^\w+:\/\/[^/]*?:([^@/]+)@/.exec(value)?.[1]);
    // An address without a password is none; several keys come with their ids.
    if (!/^rediss?:/.test(value))
      hush(value, ...value.split(',').map((part) => part.slice(part.indexOf(':') + 1)));
  }
}

/** Strings out of the variables of an operation. They belong into audit records where those have a place for them, and into no log. */
export function hushInput(input: unknown): void {
  if (typeof input === 'string') {
    if (input.length >= shortest && !/^[a-z-]+-\d:[0-9a-f-]{36}$/.test(input)) written.inputs.add(input);
  } else if (typeof input === 'object' && input !== null) Object.values(input).forEach(hushInput);
}

const tellingMember =
  /"(?:openIdToken|secretAccessKey|sessionToken|Token|SecretKey|SessionToken|access_token|id_token|refresh_token)":"([^"]+)"/g;

/** Learns the secrets that an answer hands out. */
export function hushAnswer(text: string): void {
  for (const [, secret] of text.matchAll(tellingMember)) hush(secret);
}

/** What is written and must not be, each with the line that holds it made unrecognisable. */
export function leaks(): string[] {
  const secrets = [...written.secrets];
  const inputs = [...written.inputs];
  const text = writtenText();
  // Most files write nothing wrong; only when there is something the lines are looked at one by one.
  if (secretsIn(text, secrets).length === 0 && !inputs.some((input) => text.includes(input))) return [];
  return text.split('\n').flatMap((line) => {
    const found = secretsIn(line, secrets).map((name) =>
      name.replace(/^known secret \d+$/, 'a secret of a test'),
    );
    if (!isAuditRecord(line) && inputs.some((input) => line.includes(input)))
      found.push('an input of a test');
    return found.map((name) => `${name} in a line about "${subjectOf(line)}"`);
  });
}

const isAuditRecord = (line: string) => /^\{"time":.*"action":"\w+","outcome":"\w+"/.test(line);

/** The constant part of a log line; what else it holds is what was not to be seen. */
const subjectOf = (line: string) =>
  /"msg":"([^"]{0,80})"/.exec(line)?.[1] ?? /"action":"(\w+)"/.exec(line)?.[1] ?? line.slice(0, 12);

/** A stream that keeps what is written, for a logger; it is searched for secrets as every other log is. */
export function captureText() {
  let text = '';
  const stream = new Writable({
    write(chunk, _, done) {
      text += String(chunk);
      keepWritten(String(chunk));
      done();
    },
  });
  return {
    stream,
    text: () => text,
    clear() {
      text = '';
    },
  };
}
