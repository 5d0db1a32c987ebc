import type { IncomingMessage } from 'node:http';
import { TextDecoder } from 'node:util';
import { HttpError } from './httpError.ts';

/** Reads a JSON body of at most `limit` bytes. Errors: 400, 413, 415, each an `HttpError`. */
export async function readJsonBody(request: IncomingMessage, limit: number): Promise<unknown> {
  assertJson(request.headers['content-type']);
  assertIdentity(request.headers['content-encoding']);
  const bytes = await readBody(request, limit);
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    throw new HttpError(400, 'BAD_REQUEST', 'The body is not valid JSON in UTF-8.');
  }
}

/** Strict: half a character is refused and not replaced. A byte order mark is passed over. Keeps nothing from text to text. */
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Looks at the media type before a byte of the body is read. JSON is UTF-8 (RFC 8259 section 8.1), and many clients say so in
 * their own spelling; any other charset is refused and never decoded.
 */
function assertJson(contentType: string | undefined): void {
  if (contentType === 'application/json') return;
  const [essence = '', ...parameters] = (contentType ?? '')
    .split(';')
    .map((part) => part.trim().toLowerCase());
  if (essence !== 'application/json') {
    throw new HttpError(415, 'BAD_REQUEST', 'Send the operation as application/json.', {
      accept: 'application/json',
    });
  }
  for (const parameter of parameters) {
    const charset = /^charset\s*=\s*"?([^"]*)"?$/.exec(parameter)?.[1];
    if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
      throw new HttpError(415, 'BAD_REQUEST', 'Send the operation in UTF-8.', { accept: 'application/json' });
    }
  }
}

function assertIdentity(contentEncoding: string | undefined): void {
  if (contentEncoding !== undefined && contentEncoding.toLowerCase() !== 'identity') {
    throw new HttpError(415, 'BAD_REQUEST', 'Send the body uncompressed.', { 'accept-encoding': 'identity' });
  }
}

function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = () =>
    new HttpError(413, 'BAD_REQUEST', `The body is larger than ${limit} bytes.`, { connection: 'close' });
  if (Number(request.headers['content-length'] ?? 0) > limit) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        request.removeAllListeners('data');
        request.resume();
        reject(tooLarge());
      } else chunks.push(chunk);
    });
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => {
      // Follows a good end too, and an error costs its stack even when nobody gets to see it.
      if (!request.readableEnded) reject(new HttpError(400, 'BAD_REQUEST', 'The body ended early.'));
    });
  });
}
