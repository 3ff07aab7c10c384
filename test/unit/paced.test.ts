import { expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pacedTimes } from '../load/bench/paced.ts';

async function withServer<Result>(listener: RequestListener, use: (url: string) => Promise<Result>): Promise<Result> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const pace = { headers: {}, perSecond: 200, seconds: 1, body: String };

test('all requests are made though none is answered before the last has come', async () => {
  const [bodies, held]: [number[], (() => void)[]] = [[], []];
  const times = await withServer(
    (request, response) => {
      request.on('data', (part: Buffer) => bodies.push(Number(part)));
      held.push(() => response.writeHead(202).end());
      if (held.length === 200) for (const answer of held) answer();
    },
    (url) => pacedTimes({ ...pace, url }),
  );
  expect(bodies.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_none, at) => at));
  // The first was due a second before the last, and has waited for it.
  expect(times[0]).toBeGreaterThan(900);
  expect(times).toHaveLength(200);
});

test('a request that is refused is no measure', async () => {
  const refused = withServer(
    (_request, response) => response.writeHead(429).end(),
    (url) => pacedTimes({ ...pace, url }),
  );
  await expect(refused).rejects.toThrow('429');
});
