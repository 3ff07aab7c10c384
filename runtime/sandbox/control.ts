/** The control server: what the sandbox can do, over HTTP, for other processes on this machine. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { requireOwn } from './control-guard.ts';
import { ControlError, fits } from './control-route.ts';
import type { Controlled } from './control-route.ts';
import { routes } from './control-routes.ts';

/** Control is never offered beyond this machine, wherever the chat server listens. */
const HOST = '127.0.0.1';
const MAX_BODY_BYTES = 64 * 1024;

const NAMES = {
  string: 'a string',
  boolean: 'a boolean',
  number: 'a number',
  strings: 'a list of strings',
  object: 'an object',
  objects: 'a list of objects',
} as const;

export interface ControlServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Opens the control server of a sandbox. Resolves when it listens. */
export async function openControlServer(sandbox: Controlled, port: number): Promise<ControlServer> {
  const http = createServer((request, response) => void respond(sandbox, request, response));
  http.listen(port, HOST);
  await once(http, 'listening');
  return {
    url: `http://${HOST}:${(http.address() as AddressInfo).port}`,
    async close() {
      const closed = once(http, 'close');
      http.close();
      http.closeAllConnections();
      await closed;
    },
  };
}

async function respond(sandbox: Controlled, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [status, body] = await answer(sandbox, request).catch((error: unknown): [number, object] => [
    error instanceof ControlError ? error.status : 500,
    { error: error instanceof Error ? error.message : String(error) },
  ]);
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function answer(sandbox: Controlled, request: IncomingMessage): Promise<[number, object]> {
  requireOwn(request);
  const url = new URL(request.url ?? '/', `http://${HOST}`);
  const atPath = routes.flatMap((route) => {
    const match = route.path.exec(url.pathname);
    return match ? [{ route, subject: match[1] ?? '' }] : [];
  });
  const found = atPath.find(({ route }) => route.method === request.method);
  if (!found) throw new ControlError(atPath.length > 0 ? 405 : 404, `no such thing: ${request.method} ${url.pathname}`);
  const given = request.method === 'GET' ? Object.fromEntries(url.searchParams) : await readJson(request);
  for (const field of Object.keys(given)) {
    if (!(field in found.route.fields)) throw new ControlError(400, `unknown field ${JSON.stringify(field)}`);
  }
  for (const [field, rule] of Object.entries(found.route.fields)) {
    if (!fits(rule, given[field])) throw new ControlError(400, `${field} must be ${NAMES[rule.type]}`);
  }
  return [200, await found.route.handle(sandbox, found.subject, given)];
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new ControlError(413, `a body may have ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString() || '{}';
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new ControlError(400, 'the body is not JSON');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ControlError(400, 'the body must be a JSON object');
  }
  return body as Record<string, unknown>;
}
