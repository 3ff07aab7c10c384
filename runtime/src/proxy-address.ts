/** The address of a proxy as people write it: read once, checked, and shown without what is secret in it. */
import { isIP } from 'node:net';
import { RuntimeError } from './errors.ts';

/** `http` and `https` are CONNECT proxies, reached in clear or by TLS. */
export type ProxyProtocol = 'socks5' | 'http' | 'https';

export interface ProxyAddress {
  protocol: ProxyProtocol;
  /** A name or an address; IPv6 without brackets. */
  host: string;
  port: number;
  /** In clear; empty when there is none. */
  user: string;
  password: string;
  /** The address without user and password, fit for everybody. */
  shown: string;
  /** The whole address in one form, however it was written; secret. */
  href: string;
}

/** `socks5` here always has the proxy resolve names, as `socks5h` elsewhere: no name leaks to the local DNS. */
const PROTOCOLS: Readonly<Record<string, ProxyProtocol>> = {
  ...{ 'socks:': 'socks5', 'socks5:': 'socks5', 'socks5h:': 'socks5' },
  ...{ 'http:': 'http', 'https:': 'https' },
};
/** RFC 1928 has 1080; the others are their protocols' own. */
const DEFAULT_PORTS: Readonly<Record<ProxyProtocol, number>> = { socks5: 1080, http: 80, https: 443 };
/** RFC 1929 gives user and password one byte of length each. */
const SOCKS_MAX_BYTES = 255;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i;

/**
 * Reads `socks5://`, `socks5h://`, `socks://`, `http://` or `https://`, with user and password percent-encoded where they
 * have special characters. Throws `invalid_proxy_url` with what is wrong; the address itself is in no error.
 */
export function parseProxyUrl(text: string): ProxyAddress {
  const url = URL.parse(text.trim());
  const protocol = url && PROTOCOLS[url.protocol];
  if (!url || !protocol) throw refused(withoutProtocol(text) ?? 'it must begin with socks5://, http:// or https://');
  if (url.search || url.hash || !['', '/'].includes(url.pathname)) {
    throw refused('nothing may follow the port; write / ? and # in user and password as %2F, %3F and %23');
  }
  const host = readHost(url);
  const port = url.port === '' ? DEFAULT_PORTS[protocol] : Number(url.port);
  if (port === 0) throw refused('the port cannot be 0');
  const [user, password] = [decoded(url.username), decoded(url.password)];
  checkCredentials(protocol, user, password);
  const shown = `${protocol}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const href = `${protocol}://${credentialsOf(user, password)}${shown.slice(`${protocol}://`.length)}`;
  return { protocol, host, port, user, password, shown, href };
}

const credentialsOf = (user: string, password: string) =>
  user || password ? `${encodeURIComponent(user)}:${encodeURIComponent(password)}@` : '';

function readHost({ hostname }: URL): string {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) === 0 && !HOST_NAME.test(host)) throw refused('the host is missing or not a host');
  return host;
}

/** What to say of an address that has no protocol; undefined for anything else. */
function withoutProtocol(text: string): string | undefined {
  return /^[^/\s]+:\d{1,5}$/.test(text.trim())
    ? 'the protocol is missing: write socks5:// or http:// in front, as your provider says'
    : undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refused('user or password has a % that is no code; write % as %25');
  }
}

function checkCredentials(protocol: ProxyProtocol, user: string, password: string): void {
  if (protocol !== 'socks5') {
    if (user.includes(':')) throw refused('the user of an HTTP proxy cannot have a colon');
    return;
  }
  if (password !== '' && user === '') throw refused('SOCKS has no password without a user');
  if ([user, password].some((part) => Buffer.byteLength(part) > SOCKS_MAX_BYTES)) {
    throw refused(`user and password may have ${SOCKS_MAX_BYTES} bytes each with SOCKS`);
  }
}

const refused = (detail: string) => new RuntimeError('invalid_proxy_url', { details: [`proxy: ${detail}`] });
