/**
 * The configuration, and the only reader of environment values (main.ts hands them in). One row a key; the table is the
 * documentation, `npm run docs:gen` renders it. The environment is shared with other programs: unknown keys are theirs.
 */
import {
  directory,
  hexKey,
  host,
  isLoopback,
  networks,
  oneOf,
  program,
  token,
  trueOrFalse,
  urlWith,
  wholeNumber,
} from './config-values.ts';
import { customProfiles, profileProblems } from './config-profiles.ts';
import { PROXY_ROWS } from './config-proxies.ts';
import { REDIS_ROWS } from './config-redis.ts';
import { optional, withDefault, type ConfigRow } from './config-rows.ts';

export type { BuiltInProfile, CustomProfile, ProfileName } from './config-profiles.ts';

const port = wholeNumber(0, 65_535);
const milliseconds = wholeNumber(100, 600_000);
const ms = { unit: 'ms' };

const TABLE = {
  port: withDefault('PORT', port, '3003', 'The port of the HTTP API; 0 takes a free one.'),
  host: withDefault('HOST', host, '127.0.0.1', 'The address the HTTP API listens on; 0.0.0.0 is every interface.'),
  apiKey: optional(
    'API_KEY',
    token(1),
    'The key callers send as "Authorization: Bearer". Required unless HOST is a loopback address; there one is made when it is missing.',
    { secret: true },
  ),
  ...PROXY_ROWS,
  defaultWebhookUrl: optional(
    'DEFAULT_WEBHOOK_URL',
    urlWith('http', 'https'),
    'Where the events of every session are delivered, besides the subscriptions made over the API.',
  ),
  webhookSecret: optional(
    'WEBHOOK_SECRET',
    token(16),
    'The secret that signs deliveries to DEFAULT_WEBHOOK_URL and ALERT_WEBHOOK_URL; one is made when it is missing.',
    { secret: true },
  ),
  alertWebhookUrl: optional(
    'ALERT_WEBHOOK_URL',
    urlWith('http', 'https'),
    'Where the alerts of every session are delivered, and nothing else: each once when it begins and once when it is over.',
  ),
  sessionsDir: withDefault('SESSIONS_DIR', directory, './data/sessions', 'Where sessions and queues are kept.'),
  ...REDIS_ROWS,
  encryptionKey: optional(
    'ENCRYPTION_KEY',
    hexKey,
    'Encrypts what is kept of each session. A key file beside the sessions is made when it is missing.',
    { secret: true },
  ),
  encryptionKeyOld: optional(
    'ENCRYPTION_KEY_OLD',
    hexKey,
    'The former ENCRYPTION_KEY, for `whatsapp-runtime rekey` only, which seals everything with the new one.',
    { secret: true },
  ),
  maxSessions: withDefault(
    'MAX_SESSIONS_PER_INSTANCE',
    wholeNumber(1, 100_000),
    '100',
    'How many sessions may exist here.',
    { unit: 'sessions' },
  ),
  maxReconnectAttempts: withDefault(
    'MAX_RECONNECT_ATTEMPTS',
    wholeNumber(1, 1_000),
    '10',
    'Failed reconnections in a row after which a session counts as failed and is tried only now and then.',
    { unit: 'attempts' },
  ),
  humanizationEnabled: withDefault(
    'HUMANIZATION_ENABLED',
    trueOrFalse,
    'true',
    'Whether messages are typed as a person would, unless a message says otherwise. Limits hold either way.',
  ),
  humanizationProfile: withDefault(
    'HUMANIZATION_PROFILE',
    token(1),
    'normal',
    'How fast that person types: fast, normal, slow, instant (as a machine), or a name from HUMANIZATION_PROFILES.',
  ),
  humanizationProfiles: withDefault(
    'HUMANIZATION_PROFILES',
    customProfiles,
    '{}',
    'Profiles of your own, such as {"brisk": {"charsPerSecond": {"min": 8, "max": 12}}}; what is left out is as in normal.',
  ),
  dailyMessageLimit: withDefault(
    'DAILY_MESSAGE_LIMIT',
    wholeNumber(1, 1_000_000),
    '1000',
    'How many messages one session may send within a day.',
    { unit: 'messages' },
  ),
  numberChecksPerHour: withDefault(
    'NUMBER_CHECKS_PER_HOUR',
    wholeNumber(1, 100_000),
    '60',
    'How many numbers one session may look up within an hour before it writes to them for the first time.',
    { unit: 'numbers' },
  ),
  bulkNewContactsPerDay: withDefault(
    'BULK_NEW_CONTACTS_PER_DAY',
    wholeNumber(0, 1_000),
    '10',
    'How many people who never exchanged a message with the account one session may write to by bulk within a day.',
    { unit: 'people' },
  ),
  metricsEnabled: withDefault('METRICS_ENABLED', trueOrFalse, 'true', 'Whether Prometheus metrics are served.'),
  metricsPort: withDefault('METRICS_PORT', port, '9090', 'The port of the metrics; 0 takes a free one.'),
  logLevel: withDefault(
    'LOG_LEVEL',
    oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    'info',
    'The least important log entries that are written.',
  ),
  bodyLimit: withDefault(
    'BODY_LIMIT',
    wholeNumber(1_024, 1_073_741_824),
    '1048576',
    'The largest request body the API takes.',
    { unit: 'bytes' },
  ),
  mediaMaxBytes: withDefault(
    'MEDIA_MAX_BYTES',
    wholeNumber(1_024, 2_147_483_648),
    '104857600',
    'The largest file that is taken to be sent.',
    { unit: 'bytes' },
  ),
  ffmpegPath: withDefault(
    'FFMPEG_PATH',
    program,
    'ffmpeg',
    'The ffmpeg that makes voice messages and converts videos; a name is looked for on the PATH.',
  ),
  mediaFetchTimeout: withDefault(
    'MEDIA_FETCH_TIMEOUT_MS',
    milliseconds,
    '120000',
    'How long a file that is given by its URL may take to be fetched.',
    ms,
  ),
  outboundAllow: withDefault(
    'OUTBOUND_ALLOW',
    networks,
    '',
    'Private or local hosts and networks that webhooks and media may be fetched from all the same.',
  ),
  mediaTtl: withDefault(
    'MEDIA_TTL',
    wholeNumber(1, 31_622_400),
    '86400',
    'How long a received file is kept here once somebody asked for it; after that it is fetched again.',
    { unit: 'seconds' },
  ),
  mediaTimeout: withDefault(
    'MEDIA_TIMEOUT_MS',
    milliseconds,
    '30000',
    'How long WhatsApp may say nothing while a received file is fetched.',
    ms,
  ),
  ackTimeout: withDefault(
    'ACK_TIMEOUT_MS',
    milliseconds,
    '15000',
    'How long WhatsApp may take to acknowledge a message before its fate is uncertain.',
    ms,
  ),
  keepAliveInterval: withDefault(
    'KEEPALIVE_INTERVAL_MS',
    milliseconds,
    '15000',
    'How often a session asks WhatsApp for a sign of life.',
    ms,
  ),
  connectTimeout: withDefault(
    'CONNECT_TIMEOUT_MS',
    milliseconds,
    '20000',
    'How long a connection may take to be made.',
    ms,
  ),
  replacedGraceHours: withDefault(
    'REPLACED_GRACE_HOURS',
    wholeNumber(0, 8_760),
    '24',
    'How long the credentials of a session that another client replaced are kept.',
    { unit: 'hours' },
  ),
  autoDeleteLoggedOut: withDefault(
    'AUTO_DELETE_LOGGED_OUT',
    trueOrFalse,
    'false',
    'Whether a session that was logged out or banned is deleted, with its webhooks and history, a minute later.',
  ),
  shutdownTimeout: withDefault(
    'SHUTDOWN_TIMEOUT_MS',
    milliseconds,
    '25000',
    'How long a runtime that is asked to stop may take to finish what is in hand; the rest is left to the next start.',
    ms,
  ),
  whatsappWsUrl: optional(
    'WHATSAPP_WS_URL',
    urlWith('ws', 'wss'),
    'The sandbox to use instead of WhatsApp, on a loopback address; only together with WHATSAPP_ROOT_KEY.',
  ),
  whatsappRootKey: optional(
    'WHATSAPP_ROOT_KEY',
    hexKey,
    "The sandbox's public root key; only together with WHATSAPP_WS_URL.",
  ),
};

type Table = typeof TABLE;
type ValueOf<Row> = Row extends ConfigRow<infer T> ? T : never;

/** The configuration of one process, checked and frozen. */
export type Config = { readonly [Field in keyof Table]: ValueOf<Table[Field]> };

/** Every key, in the order of the documentation. */
export const CONFIG_TABLE: readonly ConfigRow<unknown>[] = Object.values(TABLE);

/** The configuration cannot be used; `problems` has one line `KEY: problem` for each thing wrong, without any value. */
export class ConfigError extends Error {
  readonly problems: string[];

  constructor(problems: string[]) {
    super(`The configuration is not valid.\n${problems.join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** A stand-in for WhatsApp is trusted with everything, so it takes a local address and its own key, both or none. */
function sandboxProblems(config: Partial<Config>, given: (key: string) => boolean): string[] {
  const found: string[] = [];
  if (given('WHATSAPP_WS_URL') && !given('WHATSAPP_ROOT_KEY')) {
    found.push('WHATSAPP_ROOT_KEY: is required together with WHATSAPP_WS_URL');
  }
  if (given('WHATSAPP_ROOT_KEY') && !given('WHATSAPP_WS_URL')) {
    found.push('WHATSAPP_WS_URL: is required together with WHATSAPP_ROOT_KEY');
  }
  if (config.whatsappWsUrl !== undefined && !isLoopback(new URL(config.whatsappWsUrl).hostname)) {
    found.push('WHATSAPP_WS_URL: must lead to a loopback address');
  }
  return found;
}

/** What only shows when several keys are seen together. */
function contradictions(config: Partial<Config>, given: (key: string) => boolean): string[] {
  const found = sandboxProblems(config, given);
  found.push(...profileProblems(config));
  if (config.host !== undefined && !isLoopback(config.host) && !given('API_KEY')) {
    found.push('API_KEY: is required when HOST is not a loopback address');
  }
  if (config.metricsEnabled && config.port && config.port === config.metricsPort) {
    found.push('METRICS_PORT: must differ from PORT');
  }
  for (const key of ['REDIS_URL', 'API_KEY', 'ENCRYPTION_KEY'])
    if (given('CLUSTER_URL') && !given(key)) found.push(`${key}: is required together with CLUSTER_URL`);
  return found;
}

/** Reads the configuration; an empty value counts as unset. Throws `ConfigError` with all problems at once. */
export function loadConfig(env: Record<string, string | undefined>): Config {
  const text = (key: string) => env[key]?.trim() || undefined;
  const given = (key: string) => text(key) !== undefined;
  const problems: string[] = [];
  const entries: [string, unknown][] = [];
  for (const [field, row] of Object.entries(TABLE)) {
    const written = text(row.key) ?? row.default;
    const read = written === undefined ? { value: undefined } : row.kind.read(written);
    if ('problem' in read) problems.push(`${row.key}: ${read.problem}`);
    else entries.push([field, read.value]);
  }
  const config = Object.fromEntries(entries) as Partial<Config>;
  problems.push(...contradictions(config, given));
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(config as Config);
}
