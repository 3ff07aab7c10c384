/** What the fault matrix tries: every fault the sandbox has, with what the session should come to. */
import type { ProxyOptions } from '../../runtime/sandbox/sandbox.ts';

export interface FaultRow {
  /** What the table calls it. */
  fault: string;
  /** The fault's name in the sandbox, and what it takes. */
  name: string;
  settings?: Record<string, number | string>;
  /** When a fault that lasts is stopped: after so many ms, or as soon as the session has logged in again. */
  until?: number | 'login' | undefined;
  /** The connection is cut as well: the fault shows only on the way in. */
  cut?: boolean;
  /** The state it should end in, when it should not recover by itself. */
  ends?: { status: string; reason: string };
  /** What is accepted while it lasts may fail, if that is told. */
  mayFail?: boolean;
  /** The session goes through such a proxy. */
  proxy?: ProxyOptions['kind'];
  /** The session reaches WhatsApp by a relay. */
  relay?: true;
  /** People send each other pictures, and those must arrive byte for byte. */
  files?: true;
}

/** What came of one row. */
export interface FaultResult {
  fault: string;
  /** What the session showed while it lasted: the state that differed from connected, or connected. */
  state: string;
  reason: string;
  /** From the beginning of the fault until messages passed both ways again; null when it should not heal by itself. */
  recoveryMs: number | null;
  lost: number;
  doubled: number;
  /** How many alerts were raised. */
  alerts: number;
  ok: boolean;
  /** What is wrong, when it is not ok. */
  note?: string;
}

const HOLD_MS = 3_000;
/** Long enough for a dead connection to be given up meanwhile. */
const LONG_HOLD_MS = 25_000;

const stream = (code: number, more: Partial<FaultRow> = {}): FaultRow => ({
  ...{ fault: `stream error ${code}`, name: 'stream-error', settings: { code } },
  ...more,
});
const refused = (reason: number, more: Partial<FaultRow> = {}): FaultRow => ({
  ...{ fault: `login refused with ${reason}`, name: 'login-failure', settings: { reason }, until: HOLD_MS, cut: true },
  ...more,
});
const hang = (step: string): FaultRow => ({
  ...{ fault: `silent at the ${step}`, name: 'handshake-hang', settings: { step }, until: HOLD_MS, cut: true },
});
const flawed = (flaw: string): FaultRow => ({
  ...{ fault: `wrong certificate: ${flaw}`, name: 'wrong-certificate', settings: { flaw }, until: HOLD_MS, cut: true },
});
const upgrade = (status: number): FaultRow => ({
  ...{ fault: `HTTP ${status} on upgrade`, name: 'upgrade-status', settings: { status }, until: HOLD_MS, cut: true },
});
const proxied = (proxy: ProxyOptions['kind'], what: string, more: Partial<FaultRow> = {}): FaultRow => ({
  ...{ fault: `${proxy} proxy ${what}`, name: `proxy-${what}`, until: HOLD_MS, cut: true, proxy },
  ...more,
});
const answering = (status: number) =>
  proxied('http', `answers ${status}`, { name: 'proxy-status', settings: { status } });

const withFiles = (name: string, settings: FaultRow['settings'] = {}): FaultRow => ({
  ...{
    fault: [name, ...Object.values(settings)].join(' ').replaceAll('-', ' '),
    name,
    settings,
    until: HOLD_MS,
    files: true,
  },
});

const OUT = { status: 'logged_out', reason: 'logged_out' };
const BANNED = { status: 'banned', reason: 'banned' };
const OUTDATED = { status: 'failed', reason: 'client_outdated' };
const REPLACED = { status: 'replaced', reason: 'replaced' };

export const FAULT_ROWS: readonly FaultRow[] = [
  stream(401, { ends: OUT }),
  stream(403, { ends: BANNED }),
  stream(405, { ends: OUTDATED }),
  ...[408, 411, 428, 429, 500, 503, 515, 516, 599].map((code) => stream(code)),
  stream(440, { ends: REPLACED }),
  { fault: 'stream error without a code', name: 'stream-error-without-code' },
  { fault: 'stream error nobody knows', name: 'stream-error-without-code', settings: { child: 'sandbox-future' } },
  { fault: 'replaced by another client', name: 'replaced', ends: REPLACED },
  { fault: 'device removed on the phone', name: 'device-removed', ends: OUT },
  { fault: 'downgrade', name: 'downgrade' },
  { fault: 'end of stream', name: 'stream-end' },
  { fault: 'WebSocket closed with 1000', name: 'websocket-close', settings: { code: 1000 } },
  { fault: 'WebSocket closed with 1011', name: 'websocket-close', settings: { code: 1011 } },
  { fault: 'TCP ended', name: 'tcp-end' },
  { fault: 'TCP reset', name: 'tcp-reset' },
  { fault: 'server down', name: 'down', until: HOLD_MS },
  ...[403, 429, 500, 502, 503].map(upgrade),
  { fault: 'connection reset on upgrade', name: 'upgrade-reset', until: HOLD_MS, cut: true },
  ...['upgrade', 'hello', 'finish'].map(hang),
  { fault: 'silent at the login', name: 'login-hang', until: HOLD_MS, cut: true },
  ...['root', 'issuer', 'expired', 'key'].map(flawed),
  ...[400, 408, 413, 414, 415, 418, 429, 500, 501, 503].map((reason) => refused(reason)),
  refused(401, { ends: OUT }),
  refused(403, { ends: BANNED }),
  refused(406, { ends: OUT }),
  refused(405, { ends: OUTDATED }),
  refused(409, { ends: OUTDATED }),
  { fault: 'login refused without a reason', name: 'login-failure-without-reason', until: HOLD_MS, cut: true },
  {
    ...{ fault: 'temporary ban', name: 'temporary-ban', until: HOLD_MS, cut: true },
    ends: { status: 'failed', reason: 'banned_temporarily' },
  },
  { fault: 'version refused', name: 'version-refused', until: HOLD_MS, cut: true, ends: OUTDATED },
  { fault: 'corrupt frame', name: 'corrupt-frame' },
  { fault: 'two corrupt frames', name: 'corrupt-frames' },
  { fault: 'truncated frame', name: 'truncated-frame' },
  { fault: 'oversized frame', name: 'oversized-frame' },
  { fault: 'repeated frame', name: 'repeated-frame' },
  { fault: 'garbage stanza', name: 'garbage-stanza' },
  { fault: 'half-open connection', name: 'frozen', until: 'login' },
  { fault: 'pings unanswered', name: 'pings-unanswered', until: 'login' },
  { fault: 'deaf', name: 'deaf', until: 'login' },
  { fault: 'backlog without an end', name: 'backlog-endless', until: HOLD_MS, cut: true },
  { fault: 'slow server', name: 'slow', settings: { ms: 400 }, until: HOLD_MS },
  { fault: 'devices and numbers not told', name: 'query-unanswered', settings: { xmlns: 'usync' }, until: HOLD_MS },
  { fault: 'keys refused', name: 'query-refused', settings: { xmlns: 'encrypt', code: 500 }, until: HOLD_MS },
  { fault: 'acks lost', name: 'acks-lost', until: 'login' },
  { fault: 'acks held', name: 'acks-held', until: HOLD_MS },
  { fault: 'acks late', name: 'acks-late', settings: { ms: 3_000 }, until: HOLD_MS },
  { fault: 'messages lost at the server', name: 'messages-lost', until: 'login' },
  { fault: 'messages refused', name: 'messages-refused', until: HOLD_MS, mayFail: true },
  { fault: 'deliveries unheard', name: 'deliveries-unheard', until: HOLD_MS },
  { fault: 'receipts lost', name: 'receipts-lost', until: HOLD_MS },
  { fault: 'messages spoilt', name: 'spoilt' },
  { fault: 'messages repeated', name: 'repeated' },
  { fault: 'messages reordered', name: 'reordered', until: HOLD_MS },
  { fault: 'pre-keys low', name: 'pre-keys-low' },
  { fault: 'phone offline', name: 'phone-offline', until: HOLD_MS },
  { fault: 'phone that links nothing', name: 'linking-refused', until: HOLD_MS },
  { fault: 'QR codes expired', name: 'qr-expired' },
  { fault: 'unknown notification', name: 'unknown-notification' },
  { fault: 'unknown stanza', name: 'unknown-stanza' },
  { fault: 'unknown information', name: 'unknown-info' },
  { fault: 'unknown receipt', name: 'unknown-receipt' },
  { fault: 'unknown message', name: 'unknown-message' },
  { fault: 'unknown fields', name: 'unknown-fields' },
  { fault: 'unknown encryption', name: 'unknown-encryption' },
  { fault: 'unknown attributes', name: 'unknown-attributes' },
  ...['refuse', 'down', 'hang', 'password'].map((what) => proxied('socks5', what)),
  proxied('socks5', 'cut', { until: undefined, cut: false }),
  proxied('socks5', 'slow', { cut: false }),
  proxied('socks5', 'throttle', { settings: { bytesPerSecond: 4_000 }, cut: false }),
  ...['refuse', 'down', 'hang', 'password'].map((what) => proxied('http', what)),
  proxied('http', 'cut', { until: undefined, cut: false }),
  ...[502, 503].map(answering),
  { fault: 'relay frozen', name: 'relay-frozen', until: LONG_HOLD_MS, relay: true },
  { fault: 'relay cut', name: 'relay-cut', relay: true },
  ...[401, 500, 503].map((status) => withFiles('media-upload-status', { status })),
  ...[404, 410, 500].map((status) => withFiles('media-download-status', { status })),
  ...['media-truncated', 'media-flipped', 'media-slow', 'media-hang', 'media-lost', 'media-down'].map((name) =>
    withFiles(name),
  ),
];
