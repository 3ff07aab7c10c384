/** Services a workflow talks to beside WhatsApp, all on one port of loopback: each path is answered as a test wants. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from './deadline.ts';

export interface Asked {
  path: string;
  body: Buffer;
}

export interface Outside {
  url: string;
  /** The first request for this path, already there or still to come. */
  asked(path: string): Promise<Asked>;
  stop(): Promise<void>;
}

/** `answers` gives, by path, what is said to a request; anything else gets an empty object. */
export async function startOutside(answers: Record<string, (body: Buffer) => object> = {}): Promise<Outside> {
  const requests: Asked[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const path = request.url ?? '';
      const body = Buffer.concat(parts);
      requests.push({ path, body });
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answers[path]?.(body) ?? {}));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async asked(path) {
      const find = () => Promise.resolve(requests.find((request) => request.path === path));
      const found = await eventually(30_000, `a request for ${path}`, find, (request) => request !== undefined);
      if (!found) throw new Error(`nothing asked for ${path}`);
      return found;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
