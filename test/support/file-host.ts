/** A web server that gives files well and badly, for what is sent by its URL. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

export interface FileHost {
  url: string;
  /** Paths asked for, in order. */
  asked: string[];
  close(): Promise<void>;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface FileHostOptions {
  /** Where it listens; default 127.0.0.1. */
  address?: string;
  /** Speaks HTTPS with these. */
  tls?: { cert: string; key: string };
}

/** `files` by name; a path of two parts treats the file of the second in the manner the first names. */
export async function startFileHost(
  files: Record<string, Buffer>,
  { address = '127.0.0.1', tls }: FileHostOptions = {},
): Promise<FileHost> {
  const asked: string[] = [];
  const answer: Answer = (request, response) => {
    const path = new URL(request.url ?? '/', 'http://host').pathname;
    asked.push(path);
    const [, manner = '', name = ''] = path.split('/');
    const file = files[name || manner];
    if (!file) return void response.writeHead(404).end('no such file');
    (MANNERS[name === '' ? 'well' : manner] ?? well)(file)(request, response);
  };
  const server = tls ? createSecureServer(tls, answer) : createServer(answer);
  server.listen(0, address);
  await once(server, 'listening');
  const url = `${tls ? 'https' : 'http'}://${address}:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url, asked, close };
}

/** What a name ends in says what it is. */
const TYPES: Record<string, string> = { html: 'text/html; charset=utf-8', jpg: 'image/jpeg' };

const well =
  (file: Buffer): Answer =>
  ({ url = '' }, response) => {
    const type = TYPES[/\.(\w+)(?:\?|$)/.exec(url)?.[1] ?? ''];
    response.writeHead(200, { ...(type && { 'content-type': type }) }).end(file);
  };

const MANNERS: Record<string, (file: Buffer) => Answer> = {
  well,
  /** Goes on for ever. */
  endless: (file) => (_request, response) => {
    const more = () => {
      while (!response.destroyed && response.write(file));
    };
    response.on('drain', more);
    more();
  },
  /** Breaks off in the middle. */
  cut: (file) => (_request, response) => {
    response.writeHead(200, { 'content-length': file.length });
    response.write(file.subarray(0, file.length >> 1), () => response.destroy());
  },
  /** Begins and says nothing more. */
  silent: (file) => (_request, response) => void response.write(file.subarray(0, 1_000)),
  gzip: (file) => (_request, response) =>
    void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(file)),
  named: (file) => (_request, response) =>
    void response
      .writeHead(200, {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': `attachment; filename="list.csv"; filename*=UTF-8''liste%20%C3%A9t%C3%A9.csv`,
      })
      .end(file),
  locked: (file) => (request, response) => {
    const key = `Basic ${Buffer.from('ann:se cret').toString('base64')}`;
    if (request.headers.authorization !== key) return void response.writeHead(401).end();
    response.end(file);
  },
  moved: (_file) => (request, response) =>
    void response.writeHead(302, { location: (request.url ?? '').replace('/moved', '') }).end('over there'),
  elsewhere: (_file) => (request, response) => {
    const to = new URL(request.url ?? '/', 'http://host').searchParams.get('to') ?? '';
    response.writeHead(307, { location: to }).end();
  },
  circle: (_file) => (request, response) => void response.writeHead(301, { location: request.url ?? '' }).end(),
};
