/**
 * A session's ways out through its proxy: one for the WebSocket and for uploads, one for everything that is fetched. Both
 * open their connections by the same tunnel, so that neither can be forgotten and go around the proxy.
 *
 * Every place where the client (Baileys rc14, paths under its `lib/`) opens a connection, and what leads it here:
 *
 * | what                                     | where                                    | guarded by                          |
 * | ---------------------------------------- | ---------------------------------------- | ----------------------------------- |
 * | the socket to WhatsApp                   | Socket/Client/websocket.js:25            | `agent` in session/socket.ts        |
 * | upload of files, redirects too           | Utils/messages-media.js uploadWithNodeHttp | `fetchAgent` in session/socket.ts |
 * | upload by fetch                          | Utils/messages-media.js uploadWithFetch  | only where there is no Node         |
 * | download of files, histories, app state  | Utils/messages-media.js getHttpStream    | `options.dispatcher`, session/socket.ts |
 * | picture in a group invitation            | Utils/messages.js:357                    | this runtime builds no invitations  |
 * | file given to the client as a URL        | Utils/messages-media.js:262              | session/outgoing.ts gives it none   |
 * | link preview                             | Utils/link-preview.js:24, a package      | not installed; session/outgoing.ts gives the preview or null |
 * | the newest version of the client         | Utils/generics.js:182                    | nobody calls it                     |
 * | files that came with messages            | not the client: session/download.ts      | `Session.openWayOut`                |
 * | profile pictures                         | not the client: directory/profiles.ts    | `Session.openWayOut`                |
 */
import { once } from 'node:events';
import type { Agent as HttpAgent, ClientRequest } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { connect as tlsConnect, type ConnectionOptions } from 'node:tls';
import { Agent as BaseAgent, type AgentConnectOpts } from 'agent-base';
import { Agent as FetchAgent, buildConnector, Dispatcher1Wrapper, type Dispatcher } from 'undici';
import { parseProxyUrl } from '../proxy-address.ts';
import { openTunnel, type Destination } from './tunnel.ts';

/** The ways out of one session; `close` ends what is open, and what is being opened. */
export interface WayOut {
  /** For the WebSocket and for node:https uploads. */
  agent: HttpAgent;
  /**
   * For fetch: downloads, pictures, link previews. The client fetches with Node's own, whose handlers are those of an older
   * undici than ours: the wrapper translates.
   */
  dispatcher: Dispatcher;
  /** One connection through the proxy, for whoever makes more of it. Rejects with `ProxyError`. */
  tunnel: Tunnel;
  close(): Promise<void>;
}

export type Tunnel = (to: Destination) => Promise<Socket>;

/** Opens the ways out through one proxy, which has so long to make a connection, ms. Throws `invalid_proxy_url`. */
export function openWayOut(proxyUrl: string, connectTimeoutMs: number): WayOut {
  const proxy = parseProxyUrl(proxyUrl);
  const closing = new AbortController();
  const tunnel: Tunnel = (to) => openTunnel(proxy, to, { timeoutMs: connectTimeoutMs, signal: closing.signal });
  const agent = new TunnelAgent(tunnel, connectTimeoutMs);
  const fetcher = new FetchAgent({ connect: connectThrough(tunnel, connectTimeoutMs) });
  return {
    agent,
    dispatcher: new Dispatcher1Wrapper(fetcher),
    tunnel,
    async close() {
      closing.abort();
      agent.destroy();
      await fetcher.destroy();
    },
  };
}

class TunnelAgent extends BaseAgent {
  readonly #tunnel: Tunnel;
  readonly #secureWithinMs: number;

  constructor(tunnel: Tunnel, secureWithinMs: number) {
    super();
    this.#tunnel = tunnel;
    this.#secureWithinMs = secureWithinMs;
  }

  override async connect(_request: ClientRequest, options: AgentConnectOpts): Promise<Socket> {
    const host = options.host ?? '';
    const socket = await this.#tunnel({ host, port: Number(options.port) });
    if (!options.secureEndpoint) return socket;
    // With a socket given it opens none of its own; the host stays for the certificate to be checked against.
    const tls: ConnectionOptions = { ...(options as ConnectionOptions), socket };
    const secured = tlsConnect({ ...(isIP(host) === 0 && { servername: host }), ...tls });
    // The proxy has done its part, and nobody else counts the time until there is something to send on.
    const late = AbortSignal.timeout(this.#secureWithinMs);
    try {
      await once(secured, 'secureConnect', { signal: late });
      return secured;
    } catch (error) {
      secured.destroy();
      throw late.aborted ? new Error(`${host} did not say who it is within ${this.#secureWithinMs} ms`) : error;
    }
  }
}

export type Connector = ReturnType<typeof buildConnector>;

/** How undici's clients connect by a tunnel, with TLS to the destination when its URL says so. */
export function connectThrough(tunnel: Tunnel, timeoutMs: number): Connector {
  const secure = buildConnector({ timeout: timeoutMs, allowH2: false });
  return (options, callback) => {
    const port = Number(options.port || (options.protocol === 'https:' ? 443 : 80));
    tunnel({ host: options.hostname, port }).then(
      (socket) => {
        if (options.protocol === 'https:') secure({ ...options, httpSocket: socket }, callback);
        else callback(null, socket);
      },
      (error: Error) => callback(error, null),
    );
  };
}
