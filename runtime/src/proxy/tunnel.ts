/**
 * One connection through a proxy: all that a session sends and gets goes through here or fails. Every failure is a
 * `ProxyError` whose text begins "the proxy", by which the disconnect policy knows the cause, and which holds no secret.
 */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, isIP, type Socket } from 'node:net';
import { SocksClient } from 'socks';
import { toError } from '../errors.ts';
import type { ProxyAddress } from '../proxy-address.ts';

/** Where the tunnel is to lead. A name is resolved by the proxy. */
export interface Destination {
  host: string;
  port: number;
}

export class ProxyError extends Error {
  constructor({ shown }: ProxyAddress, what: string) {
    super(`the proxy ${shown} ${what}`);
    this.name = 'ProxyError';
  }
}

/** Opens a tunnel. Rejects with `ProxyError` when the proxy does not do it within the time, ms, or the signal aborts. */
export async function openTunnel(
  proxy: ProxyAddress,
  to: Destination,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<Socket> {
  const late = AbortSignal.timeout(timeoutMs);
  const both = AbortSignal.any([late, signal]);
  try {
    both.throwIfAborted();
    return await (proxy.protocol === 'socks5' ? bySocks(proxy, to, timeoutMs, both) : byConnect(proxy, to, both));
  } catch (error) {
    if (signal.aborted) throw new ProxyError(proxy, 'is no longer used');
    if (late.aborted) throw new ProxyError(proxy, `did not answer within ${timeoutMs} ms`);
    if (error instanceof ProxyError) throw error;
    throw new ProxyError(proxy, `does not work: ${toError(error).message}`);
  }
}

async function bySocks(proxy: ProxyAddress, to: Destination, timeoutMs: number, signal: AbortSignal): Promise<Socket> {
  const { host, port, user, password } = proxy;
  const socket = connect({ host, port });
  const abandon = () => socket.destroy();
  signal.addEventListener('abort', abandon, { once: true });
  try {
    await opened(socket);
    const { socket: tunnel } = await SocksClient.createConnection({
      proxy: { host, port, type: 5, ...(user !== '' && { userId: user, password }) },
      destination: { host: to.host.replace(/^\[(.*)\]$/, '$1'), port: to.port },
      command: 'connect',
      existing_socket: socket,
      // The signal ends it before. The library keeps the connection in memory until this has passed, whatever became of it.
      timeout: timeoutMs + 1_000,
    });
    return tunnel;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', abandon);
  }
}

async function opened(socket: Socket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<undefined>();
  const connected = () => resolve(undefined);
  const closed = () => reject(new Error('it closed the connection'));
  socket.once('connect', connected).once('error', reject).once('close', closed);
  try {
    await promise;
  } finally {
    socket.off('connect', connected).off('error', reject).off('close', closed);
  }
}

async function byConnect(proxy: ProxyAddress, to: Destination, signal: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const target = `${isIP(to.host) === 6 ? `[${to.host}]` : to.host}:${to.port}`;
  const authorization = Buffer.from(`${proxy.user}:${proxy.password}`).toString('base64');
  const request = (proxy.protocol === 'https' ? httpsRequest : httpRequest)({
    ...{ host: proxy.host, port: proxy.port, method: 'CONNECT', path: target, agent: false },
    headers: {
      host: target,
      ...((proxy.user || proxy.password) && { 'proxy-authorization': `Basic ${authorization}` }),
    },
    ...(proxy.protocol === 'https' && isIP(proxy.host) === 0 && { servername: proxy.host }),
  });
  const abandon = () => request.destroy(new Error('abandoned'));
  signal.addEventListener('abort', abandon, { once: true });
  request.on('error', reject);
  request.once('connect', ({ statusCode = 0 }, socket: Socket, head: Buffer) => {
    // What a proxy may have sent of the destination with its own answer.
    if (head.length > 0) socket.unshift(head);
    if (statusCode >= 200 && statusCode < 300) return resolve(socket);
    socket.destroy();
    reject(new ProxyError(proxy, refusal(statusCode)));
  });
  request.once('response', (response) => {
    response.destroy();
    reject(new ProxyError(proxy, 'answers, but not as a proxy does'));
  });
  request.end();
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', abandon);
  }
}

const refusal = (status: number) =>
  status === 407 ? 'refused user and password (HTTP 407)' : `refused to connect (HTTP ${status})`;
