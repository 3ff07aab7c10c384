import { describe, expect, test } from '@jest/globals';
import { CONFIG_TABLE, ConfigError, loadConfig } from '../../runtime/src/config.ts';
import type { Config } from '../../runtime/src/config.ts';

const HEX = 'AB'.repeat(32);

function problemsOf(env: Record<string, string | undefined>): string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test('an empty environment gives the documented defaults, on loopback without a key', () => {
  expect(loadConfig({})).toEqual({
    port: 3003,
    host: '127.0.0.1',
    apiKey: undefined,
    defaultProxyUrl: undefined,
    proxyPool: [],
    proxyStrategy: 'round-robin',
    proxyCheckInterval: 60_000,
    proxyCheckTimeout: 10_000,
    proxyCheckFailures: 3,
    defaultWebhookUrl: undefined,
    alertWebhookUrl: undefined,
    webhookSecret: undefined,
    sessionsDir: './data/sessions',
    redisUrl: undefined,
    redisPrefix: 'wa',
    clusterUrl: undefined,
    encryptionKey: undefined,
    encryptionKeyOld: undefined,
    maxSessions: 100,
    maxReconnectAttempts: 10,
    humanizationEnabled: true,
    humanizationProfile: 'normal',
    humanizationProfiles: {},
    dailyMessageLimit: 1000,
    numberChecksPerHour: 60,
    bulkNewContactsPerDay: 10,
    metricsEnabled: true,
    metricsPort: 9090,
    logLevel: 'info',
    bodyLimit: 1_048_576,
    mediaMaxBytes: 104_857_600,
    ffmpegPath: 'ffmpeg',
    mediaFetchTimeout: 120_000,
    outboundAllow: [],
    mediaTtl: 86_400,
    mediaTimeout: 30_000,
    ackTimeout: 15_000,
    keepAliveInterval: 15_000,
    connectTimeout: 20_000,
    replacedGraceHours: 24,
    autoDeleteLoggedOut: false,
    shutdownTimeout: 25_000,
    whatsappWsUrl: undefined,
    whatsappRootKey: undefined,
  } satisfies Config);
});

test.each<[string, string, keyof Config, unknown]>([
  ['PORT', '0', 'port', 0],
  ['PORT', ' 65535 ', 'port', 65_535],
  ['HOST', '::1', 'host', '::1'],
  ['API_KEY', 'k-1', 'apiKey', 'k-1'],
  [
    'DEFAULT_PROXY_URL',
    'socks5://user:pass@proxy.example:1080',
    'defaultProxyUrl',
    'socks5://user:pass@proxy.example:1080',
  ],
  ['PROXY_STRATEGY', 'least-used', 'proxyStrategy', 'least-used'],
  ['PROXY_CHECK_INTERVAL_MS', '0', 'proxyCheckInterval', 0],
  ['PROXY_CHECK_TIMEOUT_MS', '500', 'proxyCheckTimeout', 500],
  ['PROXY_CHECK_FAILURES', '1', 'proxyCheckFailures', 1],
  ['ALERT_WEBHOOK_URL', 'https://example.com/alerts', 'alertWebhookUrl', 'https://example.com/alerts'],
  ['DEFAULT_WEBHOOK_URL', 'https://example.com/hook', 'defaultWebhookUrl', 'https://example.com/hook'],
  ['WEBHOOK_SECRET', 's'.repeat(16), 'webhookSecret', 's'.repeat(16)],
  ['SESSIONS_DIR', '/data/sessions', 'sessionsDir', '/data/sessions'],
  ['ENCRYPTION_KEY', HEX, 'encryptionKey', HEX.toLowerCase()],
  ['ENCRYPTION_KEY_OLD', HEX, 'encryptionKeyOld', HEX.toLowerCase()],
  ['MAX_SESSIONS_PER_INSTANCE', '5', 'maxSessions', 5],
  ['MAX_RECONNECT_ATTEMPTS', '3', 'maxReconnectAttempts', 3],
  ['HUMANIZATION_ENABLED', 'FALSE', 'humanizationEnabled', false],
  ['HUMANIZATION_PROFILE', 'instant', 'humanizationProfile', 'instant'],
  [
    'HUMANIZATION_PROFILES',
    '{"brisk":{"charsPerSecond":{"min":8,"max":12},"showPaused":false}}',
    'humanizationProfiles',
    { brisk: { charsPerSecond: { min: 8, max: 12 }, showPaused: false } },
  ],
  ['DAILY_MESSAGE_LIMIT', '7', 'dailyMessageLimit', 7],
  ['NUMBER_CHECKS_PER_HOUR', '7', 'numberChecksPerHour', 7],
  ['BULK_NEW_CONTACTS_PER_DAY', '0', 'bulkNewContactsPerDay', 0],
  ['METRICS_ENABLED', 'false', 'metricsEnabled', false],
  ['METRICS_PORT', '9191', 'metricsPort', 9191],
  ['LOG_LEVEL', 'silent', 'logLevel', 'silent'],
  ['BODY_LIMIT', '2048', 'bodyLimit', 2048],
  ['AUTO_DELETE_LOGGED_OUT', 'true', 'autoDeleteLoggedOut', true],
  ['SHUTDOWN_TIMEOUT_MS', '5000', 'shutdownTimeout', 5_000],
  [
    'OUTBOUND_ALLOW',
    ' localhost, 10.0.0.0/8 ,::1,fd00::/8,',
    'outboundAllow',
    ['localhost', '10.0.0.0/8', '::1', 'fd00::/8'],
  ],
  ['MEDIA_TTL', '60', 'mediaTtl', 60],
  ['MEDIA_TIMEOUT_MS', '500', 'mediaTimeout', 500],
  ['ACK_TIMEOUT_MS', '500', 'ackTimeout', 500],
  ['KEEPALIVE_INTERVAL_MS', '1000', 'keepAliveInterval', 1000],
  ['CONNECT_TIMEOUT_MS', '1000', 'connectTimeout', 1000],
  ['REPLACED_GRACE_HOURS', '0', 'replacedGraceHours', 0],
])('%s=%s is read', (key, written, field, value) => {
  expect(loadConfig({ [key]: written })[field]).toEqual(value);
});

test.each([
  ['PORT', '65536', 'must be a whole number from 0 to 65535'],
  ['PORT', '3003x', 'must be a whole number from 0 to 65535'],
  ['PORT', '-1', 'must be a whole number from 0 to 65535'],
  ['PORT', '1e3', 'must be a whole number from 0 to 65535'],
  ['HOST', '1.2.3', 'must be a host name or an IP address'],
  ['HOST', 'http://localhost', 'must be a host name or an IP address'],
  ['API_KEY', 'two words', 'must be printable ASCII without spaces'],
  [
    'DEFAULT_PROXY_URL',
    'proxy.example:1080',
    'the protocol is missing: write socks5:// or http:// in front, as your provider says',
  ],
  ['DEFAULT_WEBHOOK_URL', 'ftp://example.com', 'must be a URL beginning http:// or https://'],
  ['WEBHOOK_SECRET', 's'.repeat(15), 'must have at least 16 characters'],
  ['ENCRYPTION_KEY', 'AB'.repeat(31), 'must be 64 hex digits (32 bytes)'],
  ['ENCRYPTION_KEY', `${'AB'.repeat(31)}XY`, 'must be 64 hex digits (32 bytes)'],
  ['HUMANIZATION_ENABLED', 'yes', 'must be true or false'],
  ['HUMANIZATION_PROFILE', 'Fast', 'must be one of fast, normal, slow, instant'],
  ['HUMANIZATION_PROFILES', 'brisk', 'must be JSON'],
  ['HUMANIZATION_PROFILES', '[]', 'must be a JSON object'],
  ['HUMANIZATION_PROFILES', '{"fast":{}}', 'fast is there already; take another name'],
  ['HUMANIZATION_PROFILES', '{"Brisk!":{}}', 'a name is 1 to 32 of a-z, 0-9, _ and -'],
  [
    'HUMANIZATION_PROFILES',
    '{"brisk":{"charsPerSecond":{"min":9,"max":8}}}',
    'brisk.charsPerSecond must be {"min", "max"} from 0.1 to 1000',
  ],
  [
    'HUMANIZATION_PROFILES',
    '{"brisk":{"maxTypingDuration":1e9}}',
    'brisk.maxTypingDuration must be ms, 1000 to 120000',
  ],
  ['DAILY_MESSAGE_LIMIT', '0', 'must be a whole number from 1 to 1000000'],
  ['OUTBOUND_ALLOW', 'localhost,10.0.0.0/33', 'entry 2 is not a host name, IP address or CIDR network'],
  ['OUTBOUND_ALLOW', 'example.com/8', 'entry 1 is not a host name, IP address or CIDR network'],
  ['OUTBOUND_ALLOW', '10.0.0.0/8/8', 'entry 1 is not a host name, IP address or CIDR network'],
  ['REDIS_URL', 'http://localhost:6379', 'must be a URL beginning redis:// or rediss://'],
  ['REDIS_URL', 'redis://localhost/wa', 'may have the number of a database behind the host, and nothing else'],
  ['REDIS_URL', 'redis://localhost/0?db=1', 'may have the number of a database behind the host, and nothing else'],
  ['REDIS_PREFIX', '{wa}', 'must be 1 to 32 letters, digits, hyphens, underscores'],
  ['METRICS_PORT', '3003', 'must differ from PORT'],
])('%s=%s is refused', (key, written, problem) => {
  expect(problemsOf({ [key]: written })).toEqual([`${key}: ${problem}`]);
});

test('CLUSTER_URL wants what all workers have to have in common', () => {
  const missing = ['REDIS_URL', 'API_KEY', 'ENCRYPTION_KEY'].map(
    (key) => `${key}: is required together with CLUSTER_URL`,
  );
  expect(problemsOf({ CLUSTER_URL: 'http://10.0.0.5:3003' })).toEqual(missing);
});

describe('the API key', () => {
  test.each(['127.0.0.1', '127.8.9.10', '::1', 'localhost', 'LOCALHOST'])('may be missing on %s', (host) => {
    expect(loadConfig({ HOST: host }).apiKey).toBeUndefined();
  });

  test.each(['0.0.0.0', '::', '192.0.2.1', 'example.com', '128.0.0.1', 'localhost.example.com'])(
    'is required on %s, and empty is missing',
    (host) => {
      const missing = ['API_KEY: is required when HOST is not a loopback address'];
      expect(problemsOf({ HOST: host })).toEqual(missing);
      expect(problemsOf({ HOST: host, API_KEY: '  ' })).toEqual(missing);
      expect(loadConfig({ HOST: host, API_KEY: 'key' }).apiKey).toBe('key');
    },
  );
});

describe('the sandbox address', () => {
  test.each(['ws://127.0.0.1:5222/ws', 'wss://localhost:1', 'ws://[::1]:5222'])('%s is taken with its key', (url) => {
    const config = loadConfig({ WHATSAPP_WS_URL: url, WHATSAPP_ROOT_KEY: HEX });
    expect(config).toMatchObject({ whatsappWsUrl: url, whatsappRootKey: HEX.toLowerCase() });
  });

  test.each(['ws://192.0.2.1:80', 'wss://web.example.com', 'ws://127.0.0.1.example.com', 'ws://[::2]:1'])(
    '%s is refused: it is not local',
    (url) => {
      const env = { WHATSAPP_WS_URL: url, WHATSAPP_ROOT_KEY: HEX };
      expect(problemsOf(env)).toEqual(['WHATSAPP_WS_URL: must lead to a loopback address']);
    },
  );

  test('neither goes without the other', () => {
    expect(problemsOf({ WHATSAPP_WS_URL: 'ws://127.0.0.1:1' })).toEqual([
      'WHATSAPP_ROOT_KEY: is required together with WHATSAPP_WS_URL',
    ]);
    expect(problemsOf({ WHATSAPP_ROOT_KEY: HEX })).toEqual([
      'WHATSAPP_WS_URL: is required together with WHATSAPP_ROOT_KEY',
    ]);
  });
});

test('all problems are told at once, and none of them repeats a value', () => {
  const env = {
    PORT: 'p-value',
    HOST: '0.0.0.0',
    DEFAULT_PROXY_URL: 'user:hunter2@proxy.example',
    WEBHOOK_SECRET: 'short-value',
    OUTBOUND_ALLOW: 'http://user:hunter2@example.com',
    WHATSAPP_WS_URL: 'ws://example.com/hunter2',
    REDIS_URL: 'redis://:hunter2@localhost/x-value',
  };
  const problems = problemsOf(env);
  expect(problems.map((line) => line.split(': ')[0]).sort()).toEqual([
    'API_KEY',
    'DEFAULT_PROXY_URL',
    'OUTBOUND_ALLOW',
    'PORT',
    'REDIS_URL',
    'WEBHOOK_SECRET',
    'WHATSAPP_ROOT_KEY',
    'WHATSAPP_WS_URL',
  ]);
  expect(problems.join('\n')).not.toMatch(/hunter2|-value/);
  expect(() => loadConfig(env)).toThrow(/^The configuration is not valid\.\nPORT: /);
});

test('keys of other programs are ignored and the result cannot be changed', () => {
  const config = loadConfig({ PATH: '/bin', WHATSAPP_OTHER: 'x', API_KEYS: 'y' });
  expect(config).toEqual(loadConfig({}));
  expect(Object.isFrozen(config)).toBe(true);
  expect(() => Object.assign(config, { port: 1 })).toThrow(TypeError);
  expect(Object.isFrozen(loadConfig({ OUTBOUND_ALLOW: 'localhost' }).outboundAllow)).toBe(true);
});

test('every key has one row with a sentence, a default that it accepts itself, and secrets are marked', () => {
  expect(new Set(CONFIG_TABLE.map(({ key }) => key)).size).toBe(CONFIG_TABLE.length);
  for (const row of CONFIG_TABLE) {
    expect(row.sentence).toMatch(/^[A-Z].*\.$/);
    if (row.default !== undefined) expect(row.kind.read(row.default)).toHaveProperty('value');
  }
  expect(CONFIG_TABLE.filter(({ secret }) => secret).map(({ key }) => key)).toEqual([
    'API_KEY',
    'DEFAULT_PROXY_URL',
    'PROXY_POOL',
    'WEBHOOK_SECRET',
    'REDIS_URL',
    'ENCRYPTION_KEY',
    'ENCRYPTION_KEY_OLD',
  ]);
});
