import { expect, it } from 'vitest';
import { answerTypes, preferredType } from '../../../src/http/accept.ts';

const [json, graphql] = answerTypes;

it.each([
  [undefined, json],
  ['', json],
  ['*/*', json],
  ['application/*', json],
  [graphql, graphql],
  ['Application/JSON; Charset="UTF-8"', json],
  [`${graphql}, ${json};q=0.9`, graphql],
  [`${json};q=0.9, ${graphql}`, graphql],
  [`${graphql};q=0.5, */*;q=0.1`, graphql],
  [`${json};q=0, */*`, graphql],
  ['text/html,application/xhtml+xml,*/*;q=0.8', json],
  [`multipart/mixed, ${graphql}`, graphql],
  ['text/html', null],
  ['application/xml, text/*', null],
  [`${json};q=0`, null],
  [`${json};q=2`, null],
  [`${json};charset=latin1`, null],
  [`${json};v=2`, null],
  ['nonsense', null],
  [',;,=', null],
])('Accept: %s is answered as %s', (accept, type) => {
  expect(preferredType(accept, answerTypes)).toBe(type);
});
