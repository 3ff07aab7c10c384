/**
 * The way out to addresses that users name (webhooks, media): to the public internet and to what the operator allowed,
 * nowhere else. Checked on the address actually connected to, after DNS, so that no name and no notation gets around it.
 */
import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { RuntimeError, type ErrorCode } from '../errors.ts';
import { connectThrough, type Connector, type Tunnel, type WayOut } from './way-out.ts';

export interface Egress {
  /**
   * Checks a URL before it is stored. Throws `invalid_webhook_url`, or what is given as `invalid`, unless it is http or https,
   * and `address_not_allowed` when its host is an address that must not be called. What a name resolves to is checked at
   * each connection.
   */
  check(url: string, invalid?: ErrorCode): void;
  /** For undici's `request` and `fetch`. A refused connection fails with `address_not_allowed`. */
  dispatcher: Dispatcher;
  /**
   * The same guard for a session that goes out through a proxy; null for one that does not. Names are resolved here and not by
   * the proxy: it is asked for the address that was checked. `close` of what is returned closes the way out with it.
   */
  by(wayOut: ThroughProxy | null): GuardedWay;
  /** Ends what is open. */
  close(): Promise<void>;
}

/** A way to addresses that users name. */
export type GuardedWay = Pick<Egress, 'check' | 'dispatcher' | 'close'>;

type ThroughProxy = Pick<WayOut, 'tunnel' | 'close'>;

const CONNECT_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_MS = 10_000;
const RESPONSE_TIMEOUT_MS = 30_000;

/** What IANA's special-purpose registries keep from the public IPv4 internet, with multicast and the reserved end. */
const SPECIAL_IPV4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
];
/** Public IPv6 is 2000::/3 less these: Teredo and other protocol assignments, documentation, 6to4. */
const GLOBAL_IPV6 = ['2000::/3'];
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const special = blockList([...SPECIAL_IPV4, ...SPECIAL_IPV6]);
const global6 = blockList(GLOBAL_IPV6);

export interface EgressOptions {
  /** Hosts, addresses or networks (CIDR) to be reached all the same. */
  allow: string[];
  /** Finds the addresses of a name; the system's resolver unless a test brings its own. */
  resolve?: typeof lookup;
}

/** What may be called, by name or address. */
function guardOf({ allow, resolve = lookup }: EgressOptions) {
  const networks = allow.filter((entry) => isNetwork(entry));
  const hosts = new Set(allow.filter((entry) => !isNetwork(entry)).map((entry) => parseHost(entry)));
  const allowed = blockList(networks);
  const permits = (address: string) => isPublic(address) || inList(allowed, address);
  const guardedLookup: LookupFunction = (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const usable = hosts.has(hostOf(hostname))
        ? addresses
        : addresses.filter(({ address }) => permits(plain(address)));
      const [first] = usable;
      if (!first) return callback(new RuntimeError('address_not_allowed'), '', 0);
      if (options.all) return callback(null, usable);
      callback(null, first.address, first.family);
    });
  };
  const mayCall = (hostname: string): boolean => {
    const host = hostOf(hostname);
    return hosts.has(host) || addressesNamedBy(host)?.some(permits) !== false;
  };
  const addressOf = async (hostname: string): Promise<string> => {
    const host = hostOf(hostname);
    if (!mayCall(host)) throw new RuntimeError('address_not_allowed');
    if (isIP(host)) return host;
    const { promise, resolve: found, reject } = Promise.withResolvers<string>();
    guardedLookup(host, {}, (error, address) => (error ? reject(error) : found(String(address))));
    return await promise;
  };
  return { mayCall, guardedLookup, addressOf };
}

/** Opens the guarded way out. */
export function createEgress(options: EgressOptions): Egress {
  const { mayCall, guardedLookup, addressOf } = guardOf(options);
  const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, allowH2: false, lookup: guardedLookup });
  // Names are looked up through the guard; a literal address is never looked up, so it is checked here.
  const agent = agentBy((to, callback) => {
    if (!mayCall(to.hostname)) return callback(new RuntimeError('address_not_allowed'), null);
    connect(to, callback);
  });
  const check: Egress['check'] = (text, invalid = 'invalid_webhook_url') => {
    const url = URL.parse(text);
    if (!url || !/^https?:$/.test(url.protocol)) throw new RuntimeError(invalid);
    if (!mayCall(url.hostname)) throw new RuntimeError('address_not_allowed');
  };
  return {
    check,
    dispatcher: agent,
    by(wayOut) {
      if (!wayOut) return { check, dispatcher: agent, close: async () => undefined };
      const tunnel: Tunnel = async ({ host, port }) => wayOut.tunnel({ host: await addressOf(host), port });
      const dispatcher = agentBy(connectThrough(tunnel, CONNECT_TIMEOUT_MS));
      const close = async () => {
        await dispatcher.destroy();
        await wayOut.close();
      };
      return { check, dispatcher, close };
    },
    close: () => agent.destroy(),
  };
}

const agentBy = (connect: Connector) =>
  new Agent({
    connect,
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: RESPONSE_TIMEOUT_MS,
    bodyTimeout: RESPONSE_TIMEOUT_MS,
  });

/** The addresses a host names without DNS: a literal's own, and loopback for localhost; undefined for other names. */
function addressesNamedBy(host: string): string[] | undefined {
  if (isIP(host)) return [plain(host)];
  return host === 'localhost' || host.endsWith('.localhost') ? ['127.0.0.1', '::1'] : undefined;
}

function isPublic(address: string): boolean {
  if (inList(special, address)) return false;
  return isIP(address) === 4 || inList(global6, address);
}

const inList = (list: BlockList, address: string): boolean =>
  list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** Lower case, without brackets and the root's dot. */
const hostOf = (hostname: string): string =>
  hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');

/** An IPv4 address written as IPv6 (`::ffff:7f00:1`) as plain IPv4: it leads to the same machine. */
function plain(address: string): string {
  const canonical = URL.parse(`http://[${address}]`)?.hostname ?? '';
  const mapped = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(canonical);
  if (!mapped) return address;
  const bits = (Number.parseInt(mapped[1] ?? '', 16) << 16) | Number.parseInt(mapped[2] ?? '', 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}

const isNetwork = (entry: string): boolean => isIP(entry.split('/')[0] ?? '') !== 0;

function blockList(networks: string[]): BlockList {
  const list = new BlockList();
  for (const entry of networks) {
    const [address = '', prefix, ...rest] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (rest.length > 0 || (prefix !== undefined && !/^\d{1,3}$/.test(prefix))) throw notAllowable(entry);
    if (prefix === undefined) list.addAddress(address, family);
    else if (Number(prefix) <= (family === 'ipv6' ? 128 : 32)) list.addSubnet(address, Number(prefix), family);
    else throw notAllowable(entry);
  }
  return list;
}

function parseHost(entry: string): string {
  const host = hostOf(entry);
  if (!/^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/.test(host)) throw notAllowable(entry);
  return host;
}

const notAllowable = (entry: string) => new Error(`OUTBOUND_ALLOW: "${entry}" is not a host, an address or a network.`);
