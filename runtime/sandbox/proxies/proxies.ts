/**
 * Proxies to test behind: a SOCKS5 and a HTTP CONNECT proxy on this machine that count what goes where and fail as real ones
 * do. They connect to loopback only, so that nothing leaves this machine by them.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { acceptConnect } from './http-connect.ts';
import { acceptSocks } from './socks5.ts';
import { passBytes } from './traffic.ts';

/** How a proxy misbehaves; everything is off until set. */
export interface ProxyFaults {
  /** Refuses every connection the proxy is asked to make, as its protocol does. */
  refuse: boolean;
  /** Says nothing to whoever connects, for as long as it is set. */
  hang: boolean;
  /** Ends every TCP connection to it at once, as if nothing listened. */
  down: boolean;
  /** Each piece of data is passed on so much later, ms. */
  delayMs: number;
  /** No more than so many bytes a second pass each way; 0 is as fast as can be. */
  bytesPerSecond: number;
  /** An HTTP proxy answers CONNECT with this instead of 200, such as 407, 502 or 503. */
  status: number | null;
}

/** What went to one destination. */
export interface Traffic {
  connections: number;
  /** Bytes from the client, and to it. */
  up: number;
  down: number;
}

export interface ProxyOptions {
  kind: 'socks5' | 'http';
  /** With a user the proxy lets in nobody else. */
  user?: string;
  password?: string;
  /** Any free port when not given. */
  port?: number;
}

export interface Proxy {
  /** To give a client, credentials included. */
  readonly url: string;
  readonly port: number;
  readonly faults: ProxyFaults;
  /** By `host:port` as the client asked for it: a name is a name that the proxy was asked to resolve. */
  readonly destinations: ReadonlyMap<string, Traffic>;
  /** Connections open through it now. */
  readonly open: number;
  /** What it lets in who has the user; changed, those who have the old one stay out. */
  password: string;
  /** How often a client came with wrong credentials or none. */
  readonly refusedCredentials: number;
  /** Cuts every open connection. */
  cut(): void;
  /** Ends it; resolves when it no longer listens. */
  close(): Promise<void>;
}

/** A client asked for a destination; `answer` tells it whether it may go on. */
export interface Request {
  host: string;
  port: number;
  answer(outcome: 'connected' | 'refused' | { status: number }): void;
}

/** Reads a client's request in the proxy's protocol. Null when its credentials were refused; rejects for what is no request. */
export type Accept = (client: Socket, credentials: Credentials | null) => Promise<Request | null>;

export interface Credentials {
  user: string;
  password: string;
}

/** Opens a proxy on loopback. Resolves when it listens. */
export async function openProxy({ kind, user, password = '', port = 0 }: ProxyOptions): Promise<Proxy> {
  const faults: ProxyFaults = {
    ...{ refuse: false, hang: false, down: false, delayMs: 0, bytesPerSecond: 0, status: null },
  };
  const credentials = user === undefined ? null : { user, password };
  const proxy = new ProxyServer(kind === 'socks5' ? acceptSocks : acceptConnect, credentials, faults);
  await proxy.listen(port);
  const inUrl = credentials ? `${encodeURIComponent(credentials.user)}:${encodeURIComponent(password)}@` : '';
  return Object.assign(proxy, { url: `${kind}://${inUrl}127.0.0.1:${proxy.port}` });
}

class ProxyServer {
  readonly faults: ProxyFaults;
  readonly destinations = new Map<string, Traffic>();
  refusedCredentials = 0;
  readonly #server = createServer((client) => void this.#serve(client));
  readonly #sockets = new Set<Socket>();
  readonly #accept: Accept;
  readonly #credentials: Credentials | null;
  open = 0;
  password: string;

  constructor(accept: Accept, credentials: Credentials | null, faults: ProxyFaults) {
    this.#accept = accept;
    this.#credentials = credentials;
    this.password = credentials?.password ?? '';
    this.faults = faults;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #letIn(): Credentials | null {
    return this.#credentials && { ...this.#credentials, password: this.password };
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }

  async #serve(client: Socket): Promise<void> {
    this.#keep(client);
    if (this.faults.down) return void client.resetAndDestroy();
    if (this.faults.hang) return;
    let request: Request | null;
    try {
      request = await this.#accept(client, this.#letIn());
    } catch {
      // It has gone, or speaks another protocol: nothing was said of credentials.
      return client.destroySoon();
    }
    if (!request) {
      this.refusedCredentials += 1;
      return;
    }
    if (this.faults.status !== null) return request.answer({ status: this.faults.status });
    if (this.faults.refuse) return request.answer('refused');
    await this.#connect(client, request);
  }

  async #connect(client: Socket, { host, port, answer }: Request): Promise<void> {
    const name = `${host}:${port}`;
    const traffic = this.destinations.get(name) ?? { connections: 0, up: 0, down: 0 };
    this.destinations.set(name, traffic);
    traffic.connections += 1;
    const target = connect({ host, port });
    this.#keep(target);
    try {
      await once(target, 'connect');
    } catch {
      return answer('refused');
    }
    if (!target.remoteAddress?.includes('127.0.0.1') && target.remoteAddress !== '::1') {
      target.destroy();
      return answer('refused');
    }
    this.open += 1;
    client.once('close', () => (this.open -= 1));
    answer('connected');
    passBytes(client, target, (bytes) => (traffic.up += bytes), this.faults);
    passBytes(target, client, (bytes) => (traffic.down += bytes), this.faults);
  }
}
