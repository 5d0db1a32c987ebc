import { once } from 'node:events';
import { createServer, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { createEndTogether } from '../../../src/lib/endTogether.ts';

const server = createServer();
afterEach(() => void server.close());

/** Responses to as many requests, not ended yet, with what their clients come to read. */
async function openExchanges(count: number) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const responses: ServerResponse[] = [];
  const answers: Promise<{ status: number; body: string }>[] = [];
  for (let i = 0; i < count; i++) {
    const sent = request({ host: '127.0.0.1', port, agent: false });
    answers.push(
      once(sent, 'response').then(async ([answer]) => ({
        status: answer.statusCode,
        body: await text(answer),
      })),
    );
    sent.end();
    const [, response] = await once(server, 'request');
    responses.push(response);
  }
  return { responses, answers };
}

it('ends the responses of one turn one right after the other, and none before the turn is over', async () => {
  const { responses, answers } = await openExchanges(3);
  const endTogether = createEndTogether();
  responses.forEach((response, index) => {
    response.statusCode = 200 + index;
    endTogether(response, `body ${index}`);
  });
  // Whatever is under way in this turn comes first.
  await Promise.resolve();
  expect(responses.map(({ writableEnded }) => writableEnded)).toEqual([false, false, false]);
  await turn();
  expect(responses.map(({ writableEnded }) => writableEnded)).toEqual([true, true, true]);
  expect(await Promise.all(answers)).toEqual([
    { status: 200, body: 'body 0' },
    { status: 201, body: 'body 1' },
    { status: 202, body: 'body 2' },
  ]);
});

it('begins anew with the next turn, goes past a client that is gone, and ends without a body', async () => {
  const { responses, answers } = await openExchanges(3);
  const [first, gone, last] = responses as [ServerResponse, ServerResponse, ServerResponse];
  const endTogether = createEndTogether();
  endTogether(first, 'first');
  await turn();
  expect(first.writableEnded).toBe(true);
  const lost = expect(answers[1]).rejects.toThrow('socket hang up');
  gone.destroy();
  endTogether(gone, 'nobody reads this');
  endTogether(last, undefined);
  await turn();
  await lost;
  expect(await answers[0]).toEqual({ status: 200, body: 'first' });
  expect(await answers[2]).toEqual({ status: 200, body: '' });
});
