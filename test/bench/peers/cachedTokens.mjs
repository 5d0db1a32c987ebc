// Bytes of heap for each kept token: the product's cache, or a Map of nothing but the answer. Run with --expose-gc.
import { createTokenCache } from '../../../src/tokens/tokenCache.ts';

const [kind, users] = process.argv.slice(2);
const count = Number(users);
const expiresAt = Date.now() + 900_000;
/** A flat string of its own, as it comes out of an answer: not a piece of another one, and not one that others share. */
const text = (length, index) => Buffer.alloc(length, `${index}.`).toString('latin1');
const idOf = (index) => `us-east-1:00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
const tokenOf = (index) => ({ identityId: idOf(index), openIdToken: text(905, index), expiresAt });

const used = () => {
  for (let i = 0; i < 3; i++) gc();
  return process.memoryUsage().heapUsed;
};
const scope = { identityPoolId: idOf(0), developerProviderName: 'login.bench' };
const cache = createTokenCache({ ...scope, maxEntries: count, maxBytes: 8 * 1024 ** 3 });
const map = new Map();
const before = used();
const { signal } = new AbortController();
for (let index = 0; index < count; index++) {
  const developerUserIdentifier = `user-${String(index).padStart(6, '0')}`;
  if (kind === 'map') map.set(developerUserIdentifier, tokenOf(index));
  else {
    const request = { developerUserIdentifier, tokenDuration: 900, principalTags: {} };
    await cache.issue(request, async () => tokenOf(index), signal);
  }
}
const bytes = (used() - before) / count;
if (kind !== 'map' && cache.size !== count)
  throw new Error(`${cache.size} tokens are kept instead of ${count}`);
if (kind === 'map' && map.size !== count) throw new Error(`${map.size} tokens are kept instead of ${count}`);
process.stdout.write(JSON.stringify({ bytes }));
