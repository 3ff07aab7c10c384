/** What of the configuration each room is given, in its own words. */
import type { Config } from './config.ts';

export const outboxSettings = (config: Config) => ({
  profile: config.humanizationProfile,
  profiles: config.humanizationProfiles,
  humanize: config.humanizationEnabled,
  dailyLimit: config.dailyMessageLimit,
  numberChecksPerHour: config.numberChecksPerHour,
  bulkNewContactsPerDay: config.bulkNewContactsPerDay,
});

export const attachmentSettings = (config: Config) => ({
  maxBytes: config.mediaMaxBytes,
  fetchTimeoutMs: config.mediaFetchTimeout,
  ffmpeg: config.ffmpegPath,
});

export const mediaSettings = (config: Config) => ({
  directory: config.sessionsDir,
  ttlMs: config.mediaTtl * 1_000,
  timeoutMs: config.mediaTimeout,
  anyHost: config.whatsappWsUrl !== undefined,
});

export const directorySettings = (config: Config) => ({
  lookUpsPerHour: config.numberChecksPerHour,
  timeoutMs: config.mediaTimeout,
  anyHost: config.whatsappWsUrl !== undefined,
});

/** Where the client itself connects unless it is told otherwise (Defaults/index.js). */
const WHATSAPP = 'wss://web.whatsapp.com/ws/chat';

export const poolSettings = (config: Config) => ({
  configured: config.proxyPool,
  strategy: config.proxyStrategy,
  checkIntervalMs: config.proxyCheckInterval,
  checkTimeoutMs: config.proxyCheckTimeout,
  checkFailures: config.proxyCheckFailures,
  endpoint: config.whatsappWsUrl ?? WHATSAPP,
});

export const sessionSettings = (config: Config) => ({
  wsUrl: config.whatsappWsUrl,
  rootKey: config.whatsappRootKey,
  connectTimeoutMs: config.connectTimeout,
  keepAliveIntervalMs: config.keepAliveInterval,
  ackTimeoutMs: config.ackTimeout,
  maxSessions: config.maxSessions,
  maxReconnectAttempts: config.maxReconnectAttempts,
  replacedGraceHours: config.replacedGraceHours,
  autoDeleteLoggedOut: config.autoDeleteLoggedOut,
});
