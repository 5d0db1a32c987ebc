const longForm = /^([\w-]+):([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;
const shortForm = /^([\w-]+)\.([\w-]{22})$/;

/** `<region>:<uuid>` in two thirds of the space; any other id as it is. */
export function shortId(id: string): string {
  const parts = longForm.exec(id);
  if (!parts) return id;
  return `${parts[1]}.${Buffer.from((parts[2] as string).replaceAll('-', ''), 'hex').toString('base64url')}`;
}

/** The id that `shortId` made short. */
export function longId(short: string): string {
  const parts = shortForm.exec(short);
  if (!parts) return short;
  const hex = Buffer.from(parts[2] as string, 'base64url').toString('hex');
  const uuid = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join(
    '-',
  );
  return `${parts[1]}:${uuid}`;
}
