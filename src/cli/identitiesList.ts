import { type IdentityRecord, selectIdentities } from '../pool/selectIdentities.ts';
import { type SelectionOptions, withSelection } from './identitySelection.ts';
import { printJson, type Terminal, tell } from './terminal.ts';

export interface IdentitiesListOptions extends SelectionOptions {
  readonly limit: number;
  readonly json?: boolean;
}

/** Prints the first identities. */
export function identitiesList(options: IdentitiesListOptions, terminal: Terminal): Promise<void> {
  return withSelection(options, terminal, async ({ clients, selection, pacer }) => {
    const found: IdentityRecord[] = [];
    let more = false;
    for await (const { identities, next } of selectIdentities(selection, clients.cognito, pacer)) {
      found.push(...identities);
      more = found.length > options.limit || next !== undefined;
      // Which ones are disabled is certain only after the last page.
      if (found.length >= options.limit && !selection.disabledOnly) break;
    }
    const shown = found.slice(0, options.limit);
    if (options.json) printJson(terminal, { identities: shown, more });
    else {
      for (const { identityId, createdAt, lastModifiedAt, logins } of shown) {
        terminal.stdout.write(`${identityId}  ${createdAt}  ${lastModifiedAt}  ${logins.join(' ') || '-'}\n`);
      }
      if (more) tell(terminal, `There may be more: use --limit, or \`identities export\` for all.`);
    }
  });
}
