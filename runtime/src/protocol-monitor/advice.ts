/** What each finding means for people: which alert it is, and what they can do. */
import { DRIFT_KINDS, type DriftKind } from '../session/session.ts';

/** What the monitor finds by counting, beside what is new on the wire. */
export type PatternKind = 'handshake' | 'success_rate' | 'connection_pattern';
export type FindingKind = DriftKind | PatternKind;

export const isPattern = (kind: FindingKind): kind is PatternKind => !(kind in DRIFT_KINDS);

export const PROTOCOL_ALERT_CODES = [
  'protocol_changed',
  'version_refused',
  'handshake_failing',
  'success_rate_low',
  'connections_breaking',
] as const;
export type ProtocolAlertCode = (typeof PROTOCOL_ALERT_CODES)[number];

const ALERT_OF: Partial<Record<FindingKind, ProtocolAlertCode>> = {
  version_refused: 'version_refused',
  handshake: 'handshake_failing',
  success_rate: 'success_rate_low',
  connection_pattern: 'connections_breaking',
};

export const alertOf = (kind: FindingKind): ProtocolAlertCode => ALERT_OF[kind] ?? 'protocol_changed';

const NEWER = 'See whether a newer version of this runtime is out';
const HARMLESS = `messages go on; what it carries is not shown. ${NEWER} if you miss something`;

/** One sentence each; `names` is what was new. */
const ADVICE: Record<FindingKind, (names: string) => string> = {
  disconnect_code: (names) =>
    `WhatsApp ended connections with codes unknown here (${names}); the session connects again by itself. ${NEWER} if it does not stay connected.`,
  stream_error: (names) =>
    `WhatsApp ended connections with errors unknown here (${names}); the session connects again by itself. ${NEWER} if it does not stay connected.`,
  login_refusal: (names) =>
    `WhatsApp refused logins in a way unknown here (${names}). ${NEWER}; linking again may help if it goes on.`,
  version_refused: (names) =>
    `WhatsApp takes no client of version ${names} any more: install a newer version of this runtime, then reconnect the sessions.`,
  stanza: (names) => `WhatsApp sends stanzas unknown here (${names}): ${HARMLESS}.`,
  notification: (names) => `WhatsApp sends notifications unknown here (${names}): ${HARMLESS}.`,
  information: (names) => `WhatsApp tells things unknown here (${names}): ${HARMLESS}.`,
  receipt: (names) => `WhatsApp sends receipts unknown here (${names}): ${HARMLESS}.`,
  encryption: (names) =>
    `Messages come encrypted in a way unknown here (${names}) and cannot be read until they are sent again. ${NEWER}, and look at the phone meanwhile.`,
  attribute: (names) => `Messages have parts unknown here (${names}): ${HARMLESS}.`,
  message_field: (names) =>
    `Messages hold fields unknown here (${names}): texts are read, new kinds come as "unsupported". ${NEWER}, and look at the phone for what is missing.`,
  message_refusal: (names) =>
    `WhatsApp refuses messages with errors unknown here (${names}): stop sending from the accounts it happens to until it is clear why, and see whether a newer version is out.`,
  query_error: (names) =>
    `WhatsApp answers questions with errors unknown here (${names}). ${NEWER} if something fails.`,
  handshake: () =>
    `One connection after the other fails before WhatsApp lets it in: check the internet connection, the proxies and whether WhatsApp is down, then see whether a newer version is out.`,
  success_rate: (names) =>
    `Fewer than 95 of 100 times within an hour this worked: ${names}. See the status of the sessions for what they report, and whether a newer version is out.`,
  connection_pattern: (names) =>
    `The connection of a session ends again and again (${names}): check its proxy, and whether another client uses the same link.`,
};

export const adviceOn = (kind: FindingKind, names: readonly string[]): string => ADVICE[kind](names.join(', '));
