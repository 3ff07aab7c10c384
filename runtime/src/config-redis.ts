/** The rows of the configuration that are about Redis. */
import { optional, withDefault } from './config-rows.ts';
import { urlWith } from './config-values.ts';
import type { ValueKind } from './config-values.ts';

/** An address with nothing in it that the client would take for settings of its own. */
const redisUrl: ValueKind<string> = {
  type: 'URL beginning redis://, rediss://',
  read(text) {
    const url = URL.parse(text);
    if (!url || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '')
      return { problem: 'must be a URL beginning redis:// or rediss://' };
    if (!/^\/?\d{0,4}$/.test(url.pathname) || url.search !== '' || url.hash !== '')
      return { problem: 'may have the number of a database behind the host, and nothing else' };
    return { value: text };
  },
};

const prefix: ValueKind<string> = {
  type: '1 to 32 letters, digits, hyphens, underscores',
  read: (text) =>
    /^[\w-]{1,32}$/.test(text) ? { value: text } : { problem: 'must be 1 to 32 letters, digits, hyphens, underscores' },
};

export const REDIS_ROWS = {
  redisUrl: optional(
    'REDIS_URL',
    redisUrl,
    'Keeps sessions and queues in this Redis (7.0 or newer, appendonly, noeviction), such as rediss://user:password@host:6379/0, in place of files in SESSIONS_DIR.',
    { secret: true },
  ),
  clusterUrl: optional(
    'CLUSTER_URL',
    urlWith('http', 'https'),
    'Where the other workers of the same REDIS_URL reach the API of this one, such as http://10.0.0.5:3003. With it several share the sessions; API_KEY and ENCRYPTION_KEY must be the same for all.',
  ),
  redisPrefix: withDefault(
    'REDIS_PREFIX',
    prefix,
    'wa',
    'What the names of all keys in Redis begin with; two installations in one Redis need two.',
  ),
};
