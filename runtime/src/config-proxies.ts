/** The rows of the configuration that are about proxies. */
import { optional, withDefault } from './config-rows.ts';
import { oneOf, proxyUrl, wholeNumber } from './config-values.ts';
import { proxyList, type ProxyStrategy } from './proxy-list.ts';

const milliseconds = wholeNumber(100, 600_000);
const ms = { unit: 'ms' };

export const PROXY_ROWS = {
  defaultProxyUrl: optional(
    'DEFAULT_PROXY_URL',
    proxyUrl,
    'The proxy of every session that names none, such as socks5://user:password@host:port.',
    { secret: true },
  ),
  proxyPool: withDefault(
    'PROXY_POOL',
    proxyList,
    '',
    'Proxies to share out among sessions. Without DEFAULT_PROXY_URL every new session that names no proxy gets a place here.',
    { secret: true },
  ),
  proxyStrategy: withDefault(
    'PROXY_STRATEGY',
    oneOf<ProxyStrategy>('round-robin', 'least-used', 'random'),
    'round-robin',
    'How places in the pool are given out; each way counts the weights.',
  ),
  proxyCheckInterval: withDefault(
    'PROXY_CHECK_INTERVAL_MS',
    wholeNumber(0, 86_400_000),
    '60000',
    'How often each proxy of the pool is tried out as far as WhatsApp; 0 for never.',
    ms,
  ),
  proxyCheckTimeout: withDefault('PROXY_CHECK_TIMEOUT_MS', milliseconds, '10000', 'How long such a try may take.', ms),
  proxyCheckFailures: withDefault(
    'PROXY_CHECK_FAILURES',
    wholeNumber(1, 100),
    '3',
    'After so many failures in a row a proxy gets no sessions until a try succeeds.',
    { unit: 'tries' },
  ),
};
