import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fetch, ProxyAgent, Socks5ProxyAgent, type Dispatcher } from 'undici';
import { createServer as createHttpServer } from 'node:http';
import WebSocket, { WebSocketServer } from 'ws';
import { openProxy, type Proxy, type ProxyOptions } from '../../runtime/sandbox/proxies/proxies.ts';
import { openWayOut } from '../../runtime/src/proxy/proxy.ts';
import { eventually } from '../support/deadline.ts';

const CONNECT_MS = 500;
const KINDS = ['socks5', 'http'] as const;
const http = createHttpServer((_request, response) => response.end('hello from behind'));
let origin: string;

beforeAll(async () => {
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  origin = `127.0.0.1:${(http.address() as AddressInfo).port}`;
});
afterAll(async () => {
  http.closeAllConnections();
  http.close();
  await once(http, 'close');
});

const through = (url: string): Dispatcher =>
  url.startsWith('socks5')
    ? new Socks5ProxyAgent(url, { connectTimeout: CONNECT_MS })
    : new ProxyAgent({ uri: url, proxyTunnel: true, connectTimeout: CONNECT_MS });

/** Fetches through the proxy, on a connection of its own. */
async function get(proxyUrl: string, url = `http://${origin}/`): Promise<string> {
  const dispatcher = through(proxyUrl);
  try {
    return await (await fetch(url, { dispatcher, signal: AbortSignal.timeout(4 * CONNECT_MS) })).text();
  } finally {
    await dispatcher.destroy();
  }
}

async function withProxy(options: ProxyOptions, run: (proxy: Proxy) => Promise<void>): Promise<void> {
  const proxy = await openProxy(options);
  try {
    await run(proxy);
  } finally {
    await proxy.close();
  }
}

describe.each(KINDS)('a %s proxy', (kind) => {
  test('passes bytes both ways and counts them by destination', async () => {
    await withProxy({ kind }, async (proxy) => {
      expect(await get(proxy.url)).toBe('hello from behind');
      const traffic = proxy.destinations.get(origin);
      expect(traffic?.connections).toBe(1);
      expect(traffic?.up).toBeGreaterThan(30);
      expect(traffic?.down).toBeGreaterThan('hello from behind'.length);
    });
  });

  test('lets in who knows user and password, whatever characters are in them, and nobody else', async () => {
    await withProxy({ kind, user: 'us:er@', password: 'pä ss/?#' }, async (proxy) => {
      expect(await get(proxy.url)).toBe('hello from behind');
      await expect(get(`${kind}://us:wrong@127.0.0.1:${proxy.port}`)).rejects.toThrow();
      await expect(get(`${kind}://127.0.0.1:${proxy.port}`)).rejects.toThrow();
      expect(proxy.refusedCredentials).toBeGreaterThanOrEqual(2);
      expect(proxy.destinations.get(origin)?.connections).toBe(1);
    });
  });

  test('takes a client that goes before it has asked for anything, or asks nonsense, for no wrong credentials', async () => {
    await withProxy({ kind, user: 'me', password: 'secret' }, async (proxy) => {
      for (const words of ['', 'nonsense\r\n\r\n']) {
        const client = connect(proxy.port, '127.0.0.1');
        await once(client, 'connect');
        client.end(words);
        client.resume();
        await once(client, 'close');
      }
      await expect(get(`${kind}://me:wrong@127.0.0.1:${proxy.port}`)).rejects.toThrow();
      expect(proxy.refusedCredentials).toBe(1);
    });
  });

  test('refuses, is down, hangs, and is well again', async () => {
    await withProxy({ kind }, async (proxy) => {
      proxy.faults.refuse = true;
      await expect(get(proxy.url)).rejects.toThrow();
      proxy.faults.refuse = false;
      proxy.faults.down = true;
      await expect(get(proxy.url)).rejects.toThrow();
      proxy.faults.down = false;
      proxy.faults.hang = true;
      await expect(get(proxy.url)).rejects.toThrow();
      proxy.faults.hang = false;
      expect(await get(proxy.url)).toBe('hello from behind');
    });
  });

  test('delays, throttles, and can be cut', async () => {
    await withProxy({ kind }, async (proxy) => {
      proxy.faults.delayMs = 80;
      const began = performance.now();
      await get(proxy.url);
      expect(performance.now() - began).toBeGreaterThan(150);
      proxy.faults.delayMs = 0;
      proxy.faults.bytesPerSecond = 1_000;
      const throttled = performance.now();
      await get(proxy.url);
      expect(performance.now() - throttled).toBeGreaterThan(100);
      proxy.faults.bytesPerSecond = 0;
      await onOpenSocket(proxy, async (socket) => {
        const closed = new Promise((resolve) => socket.once('close', resolve));
        await openConnections(proxy, 1);
        proxy.cut();
        await closed;
      });
      await openConnections(proxy, 0);
    });
  });

  test('lets no piece overtake another while it is slow, nor when it is fast again', async () => {
    await withProxy({ kind }, async (proxy) => {
      const words = Array.from({ length: 60 }, (_none, at) => `${at} `);
      const heard: string[] = [];
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
      await once(server, 'listening');
      server.on('connection', (peer) => peer.on('message', (word: Buffer) => void heard.push(word.toString())));
      const wayOut = openWayOut(proxy.url, CONNECT_MS);
      const { port } = server.address() as AddressInfo;
      const socket = new WebSocket(`ws://127.0.0.1:${port}`, { agent: wayOut.agent });
      await once(socket, 'open');
      for (const [at, word] of words.entries()) {
        // Pieces of their own, so that each is delayed by itself.
        proxy.faults.delayMs = at < 40 ? 60 : 0;
        socket.send(word);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      await eventually(
        5_000,
        'all words',
        () => heard.length,
        (count) => count === words.length,
      );
      expect(heard).toEqual(words);
      socket.terminate();
      for (const client of server.clients) client.terminate();
      server.close();
      await wayOut.close();
    });
  });

  test('passes on all that was said before an end, however slow it is', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined).once('data', () => socket.end('HTTP/1.0 200 OK\r\n\r\nlast words'));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await withProxy({ kind }, async (proxy) => {
      Object.assign(proxy.faults, { delayMs: 50, bytesPerSecond: 2_000 });
      expect(await get(proxy.url, url)).toBe('last words');
    });
    server.close();
    await once(server, 'close');
  });

  test("carries a fetch of Node's own, as the client makes it, by the runtime's own way out", async () => {
    await withProxy({ kind, user: 'me', password: 'secret' }, async (proxy) => {
      const wayOut = openWayOut(proxy.url, CONNECT_MS);
      const response = await globalThis.fetch(`http://${origin}/`, { dispatcher: wayOut.dispatcher } as RequestInit);
      expect(await response.text()).toBe('hello from behind');
      expect([...proxy.destinations.keys()]).toEqual([origin]);
      await wayOut.close();
    });
  });

  test("carries a WebSocket by the runtime's own way out, asked for by name", async () => {
    await withProxy({ kind, user: 'me', password: 'secret' }, async (proxy) => {
      const wayOut = openWayOut(proxy.url, CONNECT_MS);
      const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const socket = new WebSocket(`ws://localhost:${port}`, { agent: wayOut.agent });
      await once(socket, 'open');
      socket.terminate();
      await once(socket, 'close');
      expect([...proxy.destinations.keys()]).toEqual([`localhost:${port}`]);
      await wayOut.close();
      for (const client of server.clients) client.terminate();
      server.close();
      await once(server, 'close');
    });
  });
});

const openConnections = (proxy: Proxy, count: number) =>
  eventually(
    5_000,
    'open connections',
    () => proxy.open,
    (open) => open === count,
  );

/** A raw connection through the proxy to a server that says nothing. */
async function onOpenSocket(proxy: Proxy, run: (socket: WebSocket) => Promise<void>): Promise<void> {
  const server: Server = createServer((peer) => peer.on('error', () => undefined).resume()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const wayOut = openWayOut(proxy.url, CONNECT_MS);
  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, { agent: wayOut.agent });
  socket.on('error', () => undefined);
  await once(server, 'connection');
  await run(socket);
  await wayOut.close();
  server.close();
  await once(server, 'close');
}
