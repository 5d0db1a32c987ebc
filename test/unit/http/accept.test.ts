import { expect, it } from 'vitest';
import { answerTypes, createPreferredType, preferredType } from '../../../src/http/accept.ts';

const [json, graphql] = answerTypes;
const remembering = createPreferredType(answerTypes);

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
  expect([remembering(accept), remembering(accept)]).toEqual([type, type]);
});

it('a header beyond those that are remembered is answered all the same', () => {
  for (let i = 0; i < 200; i += 1) expect(remembering(`text/${i}`)).toBeNull();
  expect(remembering(`text/html, ${graphql}`)).toBe(graphql);
});
