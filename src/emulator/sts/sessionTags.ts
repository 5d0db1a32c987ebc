/**
 * Bytes that session tags may take. AWS packs tags into a binary form whose size it does not publish; the only number
 * it does publish is this aggregate for attribute mapping (Developer Guide, "Using attributes for access control").
 */
const allottedBytes = 460;

/** How much of the space for session tags these use, in percent, rounded up. Over 100, STS refuses the session. */
export function packedTagsPercent(tags: Readonly<Record<string, string>>): number {
  const bytes = Object.entries(tags).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  return Math.ceil((bytes * 100) / allottedBytes);
}
