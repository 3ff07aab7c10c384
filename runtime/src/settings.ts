/** What of the configuration each room is given, in its own words. */
import type { Config } from './config.ts';

export const outboxSettings = (config: Config) => ({
  profile: config.humanizationProfile,
  profiles: config.humanizationProfiles,
  humanize: config.humanizationEnabled,
  dailyLimit: config.dailyMessageLimit,
  numberChecksPerHour: config.numberChecksPerHour,
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

export const sessionSettings = (config: Config) => ({
  wsUrl: config.whatsappWsUrl,
  rootKey: config.whatsappRootKey,
  connectTimeoutMs: config.connectTimeout,
  keepAliveIntervalMs: config.keepAliveInterval,
  ackTimeoutMs: config.ackTimeout,
  defaultProxyUrl: config.defaultProxyUrl,
  maxSessions: config.maxSessions,
  maxReconnectAttempts: config.maxReconnectAttempts,
  replacedGraceHours: config.replacedGraceHours,
  autoDeleteLoggedOut: config.autoDeleteLoggedOut,
});
