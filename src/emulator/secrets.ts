import { randomBytes } from 'node:crypto';
import type { KeyStorage } from './signingKeys.ts';
import type { KeyValueStore } from './store/keyValue.ts';

/** What has to outlive a restart together with the data, so that tokens, credentials and page tokens stay good. */
export interface Secrets {
  readonly sessionKey: Uint8Array;
  readonly pageTokenKey: Uint8Array;
  readonly signingKeys: KeyStorage;
}

export async function loadSecrets(keyValue: KeyValueStore): Promise<Secrets> {
  const secret = (name: string) =>
    keyValue.write((writer) => {
      const kept = writer.get<string>('meta', name);
      if (kept !== undefined) return Buffer.from(kept, 'base64');
      const made = randomBytes(32);
      writer.put('meta', name, made.toString('base64'));
      return made;
    });
  const [sessionKey, pageTokenKey] = await Promise.all([secret('sessionKey'), secret('pageTokenKey')]);
  return {
    sessionKey,
    pageTokenKey,
    signingKeys: {
      load: () => keyValue.read((reader) => reader.get<string[]>('meta', 'signingKeys')) ?? [],
      save: (pems) => keyValue.write((writer) => writer.put('meta', 'signingKeys', pems)),
    },
  };
}
