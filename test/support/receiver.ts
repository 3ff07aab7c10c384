/** A webhook receiver on loopback: keeps what it gets, in order, and answers as it is told. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { within } from './deadline.ts';

export interface Received {
  id: string;
  event: string;
  sequence: number;
  timestamp: number;
  sessionId: string;
  // Events of every kind are looked into; a wrong guess fails the test.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  data: any;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Receiver {
  url: string;
  events: Received[];
  /** The first event that matches, already there or still to come. */
  next(match: (event: Received) => boolean, timeoutMs?: number): Promise<Received>;
  stop(): Promise<void>;
}

/** What the receiver answers: a status, one with headers, nothing at all, or an end of the connection. */
export type Reply = number | { status: number; headers: Record<string, string>; body?: string } | 'never' | 'reset';

export async function startReceiver(answer: (event: Received) => Reply = () => 200, port = 0): Promise<Receiver> {
  const events: Received[] = [];
  let arrived = Promise.withResolvers<undefined>();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString();
      const received = { ...(JSON.parse(body) as Received), headers: request.headers, body };
      events.push(received);
      const reply = answer(received);
      if (typeof reply === 'number') response.writeHead(reply).end();
      else if (reply === 'reset') request.socket.resetAndDestroy();
      else if (reply !== 'never') response.writeHead(reply.status, reply.headers).end(reply.body);
      arrived.resolve(undefined);
      arrived = Promise.withResolvers();
    });
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const find = async (match: (event: Received) => boolean): Promise<Received> => {
    for (;;) {
      const found = events.find(match);
      if (found) return found;
      await arrived.promise;
    }
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    events,
    next: (match, timeoutMs = 15_000) => within(timeoutMs, 'an event', find(match)),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
