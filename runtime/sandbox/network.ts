/**
 * Ways to the sandbox other than the straight one: proxies and relays, opened by whoever tests with them and closed with the
 * sandbox. Each is known by an id, for faults and for the control server.
 */
import { openProxy } from './proxies/proxies.ts';
import type { Proxy, ProxyOptions } from './proxies/proxies.ts';
import { openRelay } from './relay.ts';
import type { Relay } from './relay.ts';

export interface SandboxProxy extends Proxy {
  readonly id: string;
  readonly kind: ProxyOptions['kind'];
}

export interface SandboxRelay extends Relay {
  readonly id: string;
  /** What is behind it: a proxy's id, or null for the chat server. */
  readonly to: string | null;
  /** Where it is, as what is behind it would say: a WHATSAPP_WS_URL, or a proxy's URL. */
  readonly url: string;
}

/** SOCKS5 has one byte for the length of each. */
const MAX_CREDENTIAL_BYTES = 255;

export class Network {
  readonly proxies = new Map<string, SandboxProxy>();
  readonly relays = new Map<string, SandboxRelay>();
  readonly #chatUrl: string;
  #nextId = 1;
  #isClosed = false;

  constructor(chatUrl: string) {
    this.#chatUrl = chatUrl;
  }

  /** Opens a proxy. Rejects for credentials it could not be asked with. */
  async openProxy(options: ProxyOptions): Promise<SandboxProxy> {
    requireCredentials(options);
    const proxy = await openProxy(options);
    const id = `p${this.#nextId++}`;
    return this.#keep(this.proxies, id, Object.assign(proxy, { id, kind: options.kind }));
  }

  /** Opens a relay in front of the chat server, or of a proxy named by its id. Rejects for a proxy there is not. */
  async openRelay(to: string | null = null): Promise<SandboxRelay> {
    const proxy = to === null ? null : this.proxies.get(to);
    if (proxy === undefined) throw new Error(`there is no proxy ${to}; open one with POST /proxies`);
    const behind = new URL(proxy?.url ?? this.#chatUrl);
    const relay = await openRelay(Number(behind.port));
    const url = (proxy?.url ?? this.#chatUrl).replace(behind.host, `127.0.0.1:${relay.port}`);
    const id = `r${this.#nextId++}`;
    return this.#keep(this.relays, id, Object.assign(relay, { id, to, url }));
  }

  /** Closes all that is open. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.proxies.values(), ...this.relays.values()].map((each) => each.close()));
  }

  async #keep<Way extends { close(): Promise<void> }>(ways: Map<string, Way>, id: string, way: Way): Promise<Way> {
    const close = way.close.bind(way);
    const known = Object.assign(way, {
      close: async () => {
        if (ways.delete(id)) await close();
      },
    });
    ways.set(id, known);
    if (this.#isClosed) {
      await known.close();
      throw new Error('the sandbox has stopped');
    }
    return known;
  }
}

function requireCredentials({ user, password }: ProxyOptions): void {
  if (user === undefined && password !== undefined) throw new Error('a password needs a user');
  for (const [name, given] of Object.entries({ user, password: password || undefined })) {
    const bytes = given === undefined ? 1 : Buffer.byteLength(given);
    if (bytes < 1 || bytes > MAX_CREDENTIAL_BYTES)
      throw new Error(`${name} must have 1 to ${MAX_CREDENTIAL_BYTES} bytes`);
  }
}
