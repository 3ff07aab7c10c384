/** A session's ways out, through real proxies on this machine. */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createServer as createHttpsServer, request as httpsRequest } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import WebSocket from 'ws';
import { issueCertificate } from '../../runtime/sandbox/media/certificate.ts';
import { openProxy, type Proxy, type ProxyOptions } from '../../runtime/sandbox/proxies/proxies.ts';
import { openWayOut, type WayOut } from '../../runtime/src/proxy/proxy.ts';
import { within } from '../support/deadline.ts';

const CONNECT_MS = 400;
const KINDS = ['socks5', 'http'] as const;
const trusted = getCACertificates('default');
const plain = createHttpServer((_request, response) => response.end('in clear'));
let secure: ReturnType<typeof createHttpsServer>;
let keys: { key: string; cert: string };
let authority: string;
const ports = { plain: 0, secure: 0 };

beforeAll(async () => {
  const issued = await issueCertificate('127.0.0.1');
  keys = { key: issued.key, cert: issued.certificate };
  authority = issued.authority;
  setDefaultCACertificates([...trusted, authority]);
  secure = createHttpsServer(keys, (_request, response) => response.end('by TLS'));
  for (const [name, server] of Object.entries({ plain, secure })) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports[name as keyof typeof ports] = (server.address() as AddressInfo).port;
  }
});
afterAll(async () => {
  setDefaultCACertificates(trusted);
  for (const server of [plain, secure]) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

async function through(options: ProxyOptions, run: (wayOut: WayOut, proxy: Proxy) => Promise<void>): Promise<void> {
  const proxy = await openProxy(options);
  const wayOut = openWayOut(proxy.url, CONNECT_MS);
  try {
    await run(wayOut, proxy);
  } finally {
    await wayOut.close();
    await proxy.close();
  }
}

/** As the client downloads: with Node's own fetch. */
async function download({ dispatcher }: WayOut, url: string): Promise<string> {
  return await (await fetch(url, { dispatcher } as RequestInit)).text();
}

/** As the client uploads: with node:https. */
async function upload({ agent }: WayOut, url: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  httpsRequest(url, { agent, method: 'POST' }, (response) => {
    let body = '';
    response.on('data', (part: Buffer) => (body += part.toString()));
    response.on('end', () => resolve(body));
  })
    .on('error', reject)
    .end('file');
  return await promise;
}

/** Why a WebSocket did not open. */
async function refusal({ agent }: WayOut): Promise<string> {
  const socket = new WebSocket(`ws://127.0.0.1:${ports.plain}/`, { agent });
  const [error] = (await once(socket, 'error')) as [Error];
  return error.message;
}

describe.each(KINDS)('%s', (kind) => {
  test('names go to the proxy, with a password of any characters, for what is fetched and what is uploaded', async () => {
    await through({ kind, user: 'me+region-br', password: 'p:@/?#%& ä' }, async (wayOut, proxy) => {
      expect(await download(wayOut, `https://localhost:${ports.secure}/`)).toBe('by TLS');
      expect(await upload(wayOut, `https://localhost:${ports.secure}/`)).toBe('by TLS');
      expect(await download(wayOut, `http://localhost:${ports.plain}/`)).toBe('in clear');
      const destinations = [`localhost:${ports.secure}`, `localhost:${ports.plain}`];
      expect([...proxy.destinations.keys()]).toEqual(destinations);
    });
  });

  test('a server that cannot prove who it is is not talked to', async () => {
    await through({ kind }, async (wayOut) => {
      setDefaultCACertificates(trusted);
      try {
        await expect(upload(wayOut, `https://127.0.0.1:${ports.secure}/`)).rejects.toThrow();
        await expect(download(wayOut, `https://127.0.0.1:${ports.secure}/`)).rejects.toThrow();
      } finally {
        setDefaultCACertificates([...trusted, authority]);
      }
    });
  });

  test('a proxy that hangs, refuses, wants another password or is gone says so, without what is secret', async () => {
    await through({ kind, user: 'me', password: 'hunter2' }, async (wayOut, proxy) => {
      proxy.faults.hang = true;
      const began = performance.now();
      expect(await refusal(wayOut)).toMatch(/^the proxy \S+ did not answer within 400 ms$/);
      expect(performance.now() - began).toBeLessThan(4 * CONNECT_MS);
      await expect(download(wayOut, `http://127.0.0.1:${ports.plain}/`)).rejects.toThrow();
      proxy.faults.hang = false;
      proxy.faults.refuse = true;
      const texts = [await refusal(wayOut)];
      proxy.faults.refuse = false;
      proxy.faults.down = true;
      texts.push(await refusal(wayOut));
      proxy.faults.down = false;
      proxy.password = 'another';
      texts.push(await refusal(wayOut));
      for (const text of texts) expect(text).toMatch(/^the proxy /);
      expect(texts.join()).not.toMatch(/hunter2|aHVudGVyM|me:/);
      await expect(download(wayOut, `http://127.0.0.1:${ports.plain}/`)).rejects.toThrow();
      expect([...proxy.destinations.keys()]).toEqual([]);
    });
  });

  test('a server that never says who it is is not waited for, whatever is sent to it', async () => {
    const silent = createServer((client) => client.on('error', () => undefined).resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const url = `https://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
    await through({ kind }, async (wayOut) => {
      await expect(upload(wayOut, url)).rejects.toThrow(/^127\.0\.0\.1 did not say who it is within 400 ms$/);
      await expect(download(wayOut, url)).rejects.toThrow();
    });
    silent.close();
    await once(silent, 'close');
  });

  test('closing ends what is being opened at once', async () => {
    await through({ kind }, async (wayOut, proxy) => {
      proxy.faults.hang = true;
      const refused = refusal(wayOut);
      await wayOut.close();
      expect(await within(CONNECT_MS / 2, 'end', refused)).toMatch(/^the proxy \S+ is no longer used$/);
    });
  });
});

/** Passes what comes to a server on to a proxy. */
function passOn(client: Socket, proxy: Proxy): void {
  const behind = connect(proxy.port, '127.0.0.1');
  client.on('error', () => behind.destroy()).on('close', () => behind.destroy());
  behind.on('error', () => client.destroy()).on('close', () => client.destroy());
  client.pipe(behind).pipe(client);
}

test('an HTTP proxy that is reached by TLS', async () => {
  await through({ kind: 'http', user: 'me', password: 'secret' }, async (_wayOut, proxy) => {
    const tls = createTlsServer(keys, (client) => passOn(client, proxy)).listen(0, '127.0.0.1');
    await once(tls, 'listening');
    const wayOut = openWayOut(`https://me:secret@localhost:${(tls.address() as AddressInfo).port}`, 2_000);
    expect(await download(wayOut, `https://localhost:${ports.secure}/`)).toBe('by TLS');
    expect(await upload(wayOut, `https://localhost:${ports.secure}/`)).toBe('by TLS');
    expect([...proxy.destinations.keys()]).toEqual([`localhost:${ports.secure}`]);
    await wayOut.close();
    tls.close();
    await once(tls, 'close');
  });
});

test.each(KINDS)('a %s proxy that listens on IPv6', async (kind) => {
  await through({ kind }, async (_wayOut, proxy) => {
    const relay = createServer((client) => passOn(client, proxy)).listen(0, '::1');
    await once(relay, 'listening');
    const wayOut = openWayOut(`${kind}://[::1]:${(relay.address() as AddressInfo).port}`, 2_000);
    expect(await download(wayOut, `http://127.0.0.1:${ports.plain}/`)).toBe('in clear');
    expect(await upload(wayOut, `https://127.0.0.1:${ports.secure}/`)).toBe('by TLS');
    await wayOut.close();
    relay.close();
    await once(relay, 'close');
  });
});
