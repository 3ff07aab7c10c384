/** The control server: what the sandbox can do, over HTTP, for other processes on this machine. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { requireOwn } from './control-guard.ts';
import { partsOf } from './control-path.ts';
import { ControlError, Reply, requireFields } from './control-route.ts';
import type { Controlled } from './control-route.ts';
import { routes } from './control-routes.ts';
import { pageFile } from './page/page.ts';

/** Control is never offered beyond this machine, wherever the chat server listens. */
const HOST = '127.0.0.1';
const MAX_BODY_BYTES = 64 * 1024;

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
  try {
    requireOwn(request);
    const page = request.method === 'GET' ? await pageFile(request.url ?? '') : null;
    if (page) return void response.writeHead(200, page.headers).end(page.body);
    const body = await answer(sandbox, request);
    if (body instanceof Reply) body.write(response);
    else send(response, 200, body);
  } catch (error) {
    if (response.headersSent) return void response.destroy();
    const sentence = error instanceof Error ? error.message : String(error);
    send(response, error instanceof ControlError ? error.status : 500, { error: sentence });
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function answer(sandbox: Controlled, request: IncomingMessage): Promise<object> {
  const url = URL.parse(request.url ?? '/', `http://${HOST}`);
  if (!url) throw new ControlError(400, `${JSON.stringify(request.url)} is no path; GET /routes lists what there is`);
  const atPath = routes.flatMap((route) => {
    const parts = partsOf(route.path, url.pathname);
    return parts ? [{ route, parts }] : [];
  });
  const found = atPath.find(({ route }) => route.method === request.method);
  if (!found) {
    const what = `no such thing: ${request.method} ${url.pathname}; GET /routes lists what there is`;
    throw new ControlError(atPath.length > 0 ? 405 : 404, what);
  }
  const { route, parts } = found;
  const given =
    request.method === 'GET'
      ? Object.fromEntries(url.searchParams)
      : await readJson(request, route.maxBytes ?? MAX_BODY_BYTES);
  requireFields(route.fields, given);
  return route.handle(sandbox, Object.values(parts)[0] ?? '', given, parts);
}

/** Reads what is too long to its end, without keeping it: whoever sends it would not read the answer before. */
async function readJson(request: IncomingMessage, maxBytes: number): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (size > maxBytes) throw new ControlError(413, `a body may have ${maxBytes} bytes here, this one has ${size}`);
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
