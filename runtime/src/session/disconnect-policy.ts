/**
 * What the end of a connection means.
 *
 * WhatsApp ends connections all the time, mostly harmlessly: after linking it asks for a new one (515), it closes idle or
 * moved ones (428). Those are made again at once. When something is out of order (no answer 408, an error 500, too many
 * 429, down 503) they are made again after a back-off that doubles; a server that says it is overloaded is given longer.
 * A client it considers too old (405, 409) or a temporary ban (402) does not heal within minutes: slowly, and a person
 * should look.
 *
 * Four ends are for good until somebody asks for a connection again. 401: the phone removed the link; 403: the account is
 * locked. There the credentials are worth nothing and are shredded. 440: another client took over; fighting back would
 * make two clients throw each other out for ever, but it also happens by mistake, so the credentials stay. And a QR code
 * that nobody scanned: showing new ones for ever helps nobody.
 *
 * 500 never ends anything: the client reports with it what it cannot name, such as a refused proxy or a bad certificate.
 * The text of the error then tells the causes apart, for people only: it never changes what is done. An unknown code backs
 * off like a known one and is reported as unknown. After too many failures in a row the session counts as failed and
 * is tried slowly; the reason stays, as it is what somebody has to look at.
 */
import type { ReasonCode, SessionStatus } from './states.ts';

export type Action =
  /** At once; `AttemptCount` sees to it that this does not become a loop. */
  | 'reconnect_now'
  | 'reconnect_backoff'
  /** Back-off that begins higher. */
  | 'reconnect_later'
  /** Now and then. */
  | 'reconnect_slow'
  /** Not until somebody asks for it. */
  | 'end';

export interface Decision {
  action: Action;
  status: SessionStatus;
  reason: ReasonCode;
  credentials: 'keep' | 'shred';
  /** False for a code (or a missing one) that the table does not have. */
  known: boolean;
}

export interface Ended {
  code: number | undefined;
  message: string;
  /** What the session was when it ended. */
  status: SessionStatus;
  /** There are credentials of a linked account. */
  linked: boolean;
  /** Failures in a row before this end, see `AttemptCount`. */
  failures: number;
  maxAttempts: number;
}

interface Row {
  action: Action;
  reason: ReasonCode;
  /** Default: whatever state a session is in while it connects again. */
  status?: SessionStatus;
  /** What the client's error text says more precisely; the first that matches. */
  rather?: readonly (readonly [RegExp, ReasonCode])[];
  shred?: true;
}

const PROXY = /proxy|socks/i;

/** By status code, as sandbox-protocol.md 6 saw them; 400, 402, 406 and 409 as other clients of the same server read them. */
const TABLE: Readonly<Record<number, Row>> = {
  400: {
    action: 'reconnect_later',
    reason: 'server_error',
    // The client's own: the certificate chain did not end at WhatsApp's root (see signatures.ts).
    rather: [[/^(invalid )?noise|^certification match failed/, 'server_not_trusted']],
  },
  401: {
    action: 'end',
    status: 'logged_out',
    reason: 'logged_out',
    rather: [[/^Intentional Logout/, 'logged_out_by_user']],
    shred: true,
  },
  402: { action: 'reconnect_slow', status: 'failed', reason: 'banned_temporarily' },
  403: { action: 'end', status: 'banned', reason: 'banned', shred: true },
  405: { action: 'reconnect_slow', status: 'failed', reason: 'client_outdated' },
  406: { action: 'end', status: 'logged_out', reason: 'logged_out', shred: true },
  408: {
    action: 'reconnect_backoff',
    reason: 'connection_lost',
    rather: [
      [PROXY, 'proxy_failed'],
      [/WebSocket Error/, 'unreachable'],
    ],
  },
  409: { action: 'reconnect_slow', status: 'failed', reason: 'client_outdated' },
  411: { action: 'reconnect_backoff', reason: 'multidevice_mismatch' },
  428: { action: 'reconnect_now', reason: 'connection_closed' },
  429: { action: 'reconnect_later', reason: 'rate_limited' },
  440: { action: 'end', status: 'replaced', reason: 'replaced' },
  500: {
    action: 'reconnect_backoff',
    reason: 'server_error',
    rather: [
      // How the proxy room begins; what follows may be of the way to the proxy itself, TLS too.
      [/^WebSocket Error \(the proxy /, 'proxy_failed'],
      [/certificate|self.signed|\b(TLS|SSL)\b/i, 'tls_failed'],
      [PROXY, 'proxy_failed'],
      // Reaching WhatsApp directly fails as 408; with these texts a 500 is the way to the proxy.
      [/ECONN|ENOTFOUND|EHOSTUNREACH|ETIMEDOUT/, 'proxy_failed'],
      [/^corrupt frame/, 'corrupt_frame'],
      [/^credentials could not be saved/, 'credentials_not_saved'],
    ],
  },
  503: {
    action: 'reconnect_later',
    reason: 'service_unavailable',
    rather: [
      [/^HTTP 407/, 'proxy_failed'],
      [/^HTTP /, 'connection_refused'],
    ],
  },
  515: { action: 'reconnect_now', reason: 'restart_required' },
};

/** The client shares 408 between a lost connection and unused QR codes; only its text tells. */
const QR_EXPIRED: Row = { action: 'end', status: 'disconnected', reason: 'qr_expired' };
const UNKNOWN: Row = { action: 'reconnect_backoff', reason: 'unknown_disconnect' };

function rowOf(code: number | undefined, message: string): Row | undefined {
  if (code === 408 && message.startsWith('QR refs attempts ended')) return QR_EXPIRED;
  return code === undefined ? undefined : TABLE[code];
}

function whileConnecting(status: SessionStatus, linked: boolean): SessionStatus {
  if (!linked) return 'connecting';
  return status === 'pairing' ? 'pairing' : 'reconnecting';
}

/** What to do now that a connection has ended. */
export function decide({ code, message, status, linked, failures, maxAttempts }: Ended): Decision {
  const found = rowOf(code, message);
  const row = found ?? UNKNOWN;
  const reason = row.rather?.find(([text]) => text.test(message))?.[1] ?? row.reason;
  const rest = { reason, credentials: row.shred ? 'shred' : 'keep', known: found !== undefined } as const;
  if (row.action !== 'end' && failures >= maxAttempts) return { action: 'reconnect_slow', status: 'failed', ...rest };
  return { action: row.action, status: row.status ?? whileConnecting(status, linked), ...rest };
}
