import { expect } from 'vitest';
import { errorCodes } from '../../src/errors.ts';
import { marker } from './inputs.ts';

export interface FuzzAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

const refusals = new Set([400, 401, 403, 404, 405, 406, 413, 415, 417, 429, 431]);
const unavailable = new Set<unknown>(errorCodes.filter((code) => /^(AUTH|UPSTREAM|AUDIT)_/.test(code)));

/** What holds for every answer to whatever was sent. */
export function expectDecency({ status, headers, text }: FuzzAnswer, bodiless: boolean): void {
  expect(headers['x-request-id']).toMatch(/^[\w.:-]{1,64}$/);
  expect(headers['cache-control']).toBe('no-store');
  expect(headers['x-content-type-options']).toBe('nosniff');
  if (status === 204 || bodiless) {
    expect(text).toBe('');
    return;
  }
  expect(headers['content-type']).toMatch(/^application\/(graphql-response\+)?json; charset=utf-8$/);
  const body = JSON.parse(text) as { errors?: { extensions: { code: unknown } }[] };
  const codes = body.errors?.map(({ extensions }) => extensions.code) ?? [];
  expect(codes).not.toContain('INTERNAL_SERVER_ERROR');
  if (status === 503) expect(codes.some((code) => unavailable.has(code))).toBe(true);
  else if (status !== 200) expect(refusals).toContain(status);
  expect(text).not.toMatch(/\\n +at |node_modules|\.[tj]s:\d|\/(home|tmp|usr)\//);
  expect(text).not.toContain(marker);
}
