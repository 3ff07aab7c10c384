/**
 * Proxies: what a session's traffic leaves through. A session with a proxy has three ways out (socket, upload,
 * download) and all three are made here from the one URL, so that none can be forgotten and go around it.
 */
import type { Agent } from 'node:http';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { SocksProxyAgent } from 'socks-proxy-agent';
import { Dispatcher1Wrapper, ProxyAgent, Socks5ProxyAgent, type Dispatcher } from 'undici';
import { RuntimeError } from '../errors.ts';

export { createEgress, type Egress } from './egress-guard.ts';

/** The ways out of one session; `close` ends what they keep open. */
export interface WayOut {
  /** For the WebSocket and for node:https uploads. */
  agent: Agent;
  /**
   * For fetch: downloads, pictures, link previews. The client fetches with Node's own, whose handlers are those of an older
   * undici than ours: the wrapper translates.
   */
  dispatcher: Dispatcher;
  close(): Promise<void>;
}

const SOCKS = new Set(['socks:', 'socks5:', 'socks5h:']);
const HTTP = new Set(['http:', 'https:']);

/** Checks a proxy URL: `socks5://`, `socks5h://`, `socks://`, `http://` or `https://`. Throws `invalid_proxy_url`. */
export function parseProxyUrl(text: string): URL {
  const url = URL.parse(text);
  if (!url || !(SOCKS.has(url.protocol) || HTTP.has(url.protocol)) || url.hostname === '') {
    throw new RuntimeError('invalid_proxy_url');
  }
  return url;
}

/** A proxy URL as it may be shown: without user and password. */
export const shownProxy = (text: string | null): string | null => {
  if (text === null) return null;
  const { protocol, host } = parseProxyUrl(text);
  return `${protocol}//${host}`;
};

/** Opens the ways out through one proxy. With SOCKS the proxy resolves names, so that no name leaks to the local DNS. */
export function openWayOut(text: string): WayOut {
  const url = parseProxyUrl(text);
  if (HTTP.has(url.protocol)) {
    const agent = new HttpsProxyAgent(url);
    const inner = new ProxyAgent({ uri: url.href, proxyTunnel: true });
    return { agent, dispatcher: new Dispatcher1Wrapper(inner), close: () => closeBoth(agent, inner) };
  }
  const remote = new URL(url.href.replace(/^socks5?h?:/, 'socks5h:'));
  const agent = new SocksProxyAgent(remote);
  const inner = new Socks5ProxyAgent(url.href.replace(/^socks5?h?:/, 'socks5:'));
  return { agent, dispatcher: new Dispatcher1Wrapper(inner), close: () => closeBoth(agent, inner) };
}

async function closeBoth(agent: Agent, dispatcher: Dispatcher): Promise<void> {
  agent.destroy();
  await dispatcher.destroy();
}
