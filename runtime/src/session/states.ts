/**
 * The states of a session and the reasons it may be in one. Both lists are closed and their codes are stable: people
 * build workflows on them. `npm run docs:gen` renders them.
 */

/** Every state with the sentence the documentation shows for it. */
export const STATES = {
  connecting: 'The connection is being made; the session is not in use yet.',
  qr: 'A QR code is waiting to be scanned with the phone.',
  pairing: 'The phone has accepted the link and the account is being signed in.',
  connected: 'Messages are sent and received.',
  reconnecting: 'The connection was lost and is being made again by itself; what is to be sent waits.',
  disconnected:
    'There is no connection and none is being made until somebody asks for it. The link, if there is one, is kept.',
  replaced: 'Another client took over this link. The credentials are kept for a while, in case that was a mistake.',
  logged_out: 'The account was unlinked. The credentials are destroyed; the session can be linked again.',
  banned: 'WhatsApp has locked the account or banned it. The credentials are destroyed.',
  failed: 'The connection keeps failing. It is still tried now and then, but somebody should look.',
} as const satisfies Record<string, string>;

export type SessionStatus = keyof typeof STATES;
export const SESSION_STATUSES = Object.keys(STATES) as SessionStatus[];

/** Why a session is in its state: a stable code, a sentence for people, and what they can do. */
export interface Reason {
  code: ReasonCode;
  message: string;
  action: string;
}

const NOTHING = 'Nothing: the session reconnects by itself.';

const SENTENCES = {
  starting: { message: 'The session is connecting to WhatsApp.', action: 'Wait a moment.' },
  scan_qr: {
    message: 'The session waits to be linked to a WhatsApp account.',
    action: 'On the phone open WhatsApp, Linked devices, Link a device, and scan the QR code.',
  },
  enter_code: {
    message: 'The session waits for its pairing code to be typed at the phone.',
    action: 'On the phone open WhatsApp, Linked devices, Link a device, Link with phone number, and type the code.',
  },
  linking: { message: 'The phone accepted the link; the account is being signed in.', action: 'Wait a moment.' },
  connected: { message: 'The session is connected.', action: 'Nothing.' },
  disconnected_by_user: {
    message: 'The session was disconnected on request.',
    action: 'Reconnect it when it is needed again.',
  },
  restored: {
    message: 'The session was restored from a backup.',
    action: 'Make sure that its link runs nowhere else, then reconnect it: the same link must never run twice.',
  },
  qr_expired: {
    message: 'Nobody scanned the QR code in time.',
    action: 'Reconnect the session to get a new QR code, and have the phone at hand.',
  },
  logged_out: {
    message: 'The phone unlinked this session, or WhatsApp ended the link.',
    action: 'Reconnect the session and scan the new QR code.',
  },
  logged_out_by_user: {
    message: 'The session was logged out on request.',
    action: 'Reconnect the session and scan the new QR code to link it again.',
  },
  banned: {
    message: 'WhatsApp has locked or banned this account.',
    action: 'Open WhatsApp on the phone: it says what happened and how to ask for a review.',
  },
  banned_temporarily: {
    message: 'WhatsApp has banned this account for some time.',
    action: 'Open WhatsApp on the phone to see how long, and send less and slower afterwards.',
  },
  replaced: {
    message: 'Another client uses the same link and has taken over.',
    action: 'Stop the other client, then reconnect the session. Two clients must never share one link.',
  },
  replaced_for_good: {
    message:
      'Another client took over this link and nobody connected the session again, so its credentials were deleted.',
    action:
      'Reconnect the session and scan the new QR code. If the other client is not yours, remove it on the phone under Linked devices.',
  },
  client_outdated: {
    message: 'WhatsApp refused this client: it is too old, or it comes from an address WhatsApp does not accept.',
    action:
      'Update the runtime. If it is current, use a residential proxy: data centres and VPNs are refused this way.',
  },
  multidevice_mismatch: {
    message: 'WhatsApp says that the account does not use linked devices as expected.',
    action: 'If it stays, open WhatsApp on the phone, update it, and link the session again.',
  },
  restart_required: { message: 'WhatsApp asked for a new connection, as it does after linking.', action: NOTHING },
  connection_closed: { message: 'WhatsApp closed the connection.', action: NOTHING },
  connection_lost: { message: 'WhatsApp no longer answered.', action: NOTHING },
  unreachable: {
    message: 'WhatsApp could not be reached.',
    action: 'If it stays, check the internet connection, the firewall and the proxy.',
  },
  connection_refused: {
    message: 'Something answered in place of WhatsApp: mostly a proxy or a firewall that refuses the connection.',
    action: 'If it stays, check the proxy and the firewall.',
  },
  proxy_failed: {
    message: 'The proxy could not be reached or refused to connect.',
    action: 'Check the address, user and password of the proxy, or choose another.',
  },
  no_proxy_available: {
    message: 'No proxy is free for this session, and it does not connect without one.',
    action:
      'Add a proxy to the pool or choose another for this session; it connects by itself as soon as one is there for it.',
  },
  tls_failed: {
    message: 'The connection is not secure: a certificate could not be verified.',
    action: 'Check the clock of this machine, and whether a proxy or firewall opens encrypted connections.',
  },
  server_not_trusted: {
    message: 'The server could not prove that it is WhatsApp, so nothing was said to it.',
    action: 'Check the proxy and the network: something stands between the runtime and WhatsApp.',
  },
  corrupt_frame: { message: 'Unreadable data arrived, so the connection was ended.', action: NOTHING },
  credentials_not_saved: {
    message: 'The session could not save its keys, so the connection was ended before they could be lost.',
    action: 'Check that the directory in SESSIONS_DIR can be written to and the disk is not full.',
  },
  credentials_not_readable: {
    message: 'What was kept of this session cannot be read.',
    action: 'Check that ENCRYPTION_KEY is the key the session was made with and that SESSIONS_DIR is complete.',
  },
  server_error: { message: 'WhatsApp had an error of its own.', action: NOTHING },
  service_unavailable: { message: 'WhatsApp is not available at the moment.', action: NOTHING },
  rate_limited: {
    message: 'WhatsApp asked for fewer connections.',
    action: 'Nothing at once. If it stays, restart sessions less often and spread them over several proxies.',
  },
  unknown_disconnect: {
    message: 'The connection ended for a reason this version does not know.',
    action: 'If it stays, look for an update of the runtime and report the number from the log.',
  },
} as const satisfies Record<string, { message: string; action: string }>;

export type ReasonCode = keyof typeof SENTENCES;

/** Every reason, by its code. */
export const REASONS = Object.fromEntries(
  Object.entries(SENTENCES).map(([code, sentences]) => [code, Object.freeze({ code, ...sentences })]),
) as Record<ReasonCode, Reason>;
