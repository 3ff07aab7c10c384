/**
 * Every error a caller can meet: a stable code, the HTTP status, a sentence that says what happened and a hint that says
 * what to do. The table is the documentation; `npm run docs:gen` renders it.
 */
import { FILE_ERRORS } from './file-errors.ts';
import { STORE_ERRORS } from './store-errors.ts';
import { WEBHOOK_ERRORS } from './webhook-errors.ts';

interface ErrorRow {
  status: number;
  message: string;
  hint: string;
}

export const ERRORS = {
  ...FILE_ERRORS,
  ...STORE_ERRORS,
  ...WEBHOOK_ERRORS,
  invalid_request: { status: 400, message: 'The request is not valid.', hint: 'Correct the fields named in details.' },
  invalid_json: { status: 400, message: 'The request body is not valid JSON.', hint: 'Send a JSON object.' },
  invalid_session_id: {
    status: 400,
    message: 'A session id has 1 to 64 letters, digits, underscores or hyphens and begins with a letter or digit.',
    hint: 'Choose another id, or leave it out to have one made.',
  },
  invalid_recipient: {
    status: 400,
    message: 'The recipient is neither a phone number nor a WhatsApp address.',
    hint: 'Write the number with its country code, such as +1 555 010 0000, or use the address of a received message.',
  },
  invalid_phone: {
    status: 400,
    message: 'This is not a phone number.',
    hint: 'Write the number of the WhatsApp account with its country code, such as +1 555 010 0000.',
  },
  invalid_cursor: {
    status: 400,
    message: 'The cursor is not one this runtime gave.',
    hint: 'Use nextCursor of the former answer, or leave the cursor out to begin again.',
  },
  invalid_backup: {
    status: 400,
    message: 'This is not a session backup that this version can read.',
    hint: 'Send the backup exactly as it was given out; one of a newer version needs a newer runtime.',
  },
  wrong_passphrase: {
    status: 400,
    message: 'The passphrase does not open this backup, or the backup was changed.',
    hint: 'Use the passphrase the backup was made with.',
  },
  invalid_proxy_url: {
    status: 400,
    message: 'The proxy address is not valid.',
    hint: 'Write it as socks5://user:password@host:port or http://user:password@host:port.',
  },
  unauthorized: {
    status: 401,
    message: 'The API key is missing or wrong.',
    hint: 'Send the header "Authorization: Bearer <API_KEY>" with the key this runtime was started with.',
  },
  not_found: {
    status: 404,
    message: 'There is nothing at this address.',
    hint: 'See /openapi.json for what there is.',
  },
  session_not_found: {
    status: 404,
    message: 'There is no session with this id.',
    hint: 'List the sessions with GET /sessions, or create one with POST /sessions.',
  },
  bulk_not_found: {
    status: 404,
    message: 'There is no such bulk in this session.',
    hint: 'Use the bulkId that POST /messages/text/bulk answered, with its sessionId. Bulks are kept for seven days.',
  },
  contact_not_found: {
    status: 404,
    message: 'This session has met nobody under this contact id.',
    hint: 'Use the contactId of an event of this session, or write to a phone number.',
  },
  group_not_found: {
    status: 404,
    message: 'There is no such group, or the account is not in it.',
    hint: 'List the groups with GET /sessions/{id}/groups.',
  },
  picture_not_found: {
    status: 404,
    message: 'There is no picture, or it is not shown to this account.',
    hint: 'Nothing is wrong; who hides the picture shows it to whom they know.',
  },
  message_not_found: {
    status: 404,
    message: 'There is no message with this id in this session.',
    hint: 'Use the messageId that the send returned, with the session it was sent from.',
  },
  media_not_found: {
    status: 404,
    message: 'There is no file with this id in this session.',
    hint: 'Use the address that came with the message; files can be asked for within 14 days of their message.',
  },
  media_gone: {
    status: 410,
    message: "Neither WhatsApp nor the account's phone has this file any more.",
    hint: 'Ask the sender to send it again.',
  },
  range_not_satisfiable: {
    status: 416,
    message: 'The file does not have the bytes that were asked for.',
    hint: 'Ask for a range within the size of the file, or for the whole of it.',
  },
  not_your_message: {
    status: 409,
    message: 'This message was written by somebody else.',
    hint: 'Edit and delete only messages this session sent; in a group its admins may also delete those of others.',
  },
  not_forwardable: {
    status: 409,
    message: 'This message cannot be passed on.',
    hint: 'Pass on texts, files, places, contacts and polls; what can be seen once stays where it is.',
  },
  message_already_sent: {
    status: 409,
    message: 'The message has gone, or may have gone already.',
    hint: 'Delete it for everyone with POST /messages/delete once it shows as sent.',
  },
  proxy_not_found: {
    status: 404,
    message: 'There is no proxy with this id in the pool.',
    hint: 'List the proxies with GET /proxies.',
  },
  session_exists: {
    status: 409,
    message: 'There is already a session with this id.',
    hint: 'Use that session, delete it first, or choose another id.',
  },
  proxy_exists: {
    status: 409,
    message: 'This proxy is in the pool already.',
    hint: 'To change its password or settings, remove it and add it again.',
  },
  proxy_configured: {
    status: 409,
    message: 'This proxy comes from the configuration.',
    hint: 'Take it out of PROXY_POOL and start the runtime again.',
  },
  proxy_pool_empty: {
    status: 409,
    message: 'The pool has no proxy for this.',
    hint: 'Add one with POST /proxies, of the region if one is named, or give the session a proxy of its own.',
  },
  session_limit: {
    status: 409,
    message: 'This runtime hosts as many sessions as it is allowed to.',
    hint: 'Delete a session that is no longer used, or raise MAX_SESSIONS_PER_INSTANCE.',
  },
  session_not_linked: {
    status: 409,
    message: 'This session is not linked to a WhatsApp account.',
    hint: 'Link it first: scan the code from GET /sessions/{id}/qr with the phone.',
  },
  already_linked: {
    status: 409,
    message: 'This session is linked to a WhatsApp account already.',
    hint: 'Log it out first to link it to another account, or create another session.',
  },
  pairing_not_ready: {
    status: 409,
    message: 'This session is not waiting to be linked at this moment.',
    hint: 'Wait for the status qr with GET /sessions/{id}/wait?status=qr; call reconnect if the session is at rest.',
  },
  qr_not_available: {
    status: 409,
    message: 'There is no QR code to scan at this moment.',
    hint: 'See the session status: a connected session needs none; otherwise call reconnect and ask again.',
  },
  session_not_connected: {
    status: 409,
    message: 'This session has no connection to WhatsApp at this moment.',
    hint: 'See its status; try again when it is connected.',
  },
  opted_out: {
    status: 409,
    message: 'This person does not want to be written to by this session.',
    hint: 'Leave them alone. When they have changed their mind, take them off with DELETE /sessions/{id}/opt-outs/{contact}.',
  },
  idempotency_conflict: {
    status: 409,
    message: 'This Idempotency-Key was used before with another message.',
    hint: 'Use a new key for a new message.',
  },
  body_too_large: { status: 413, message: 'The request body is too large.', hint: 'Send less, or raise BODY_LIMIT.' },
  unsupported_media_type: {
    status: 415,
    message: 'The request body has a type that is not understood here.',
    hint: 'Send JSON with the header "Content-Type: application/json".',
  },
  cold_list: {
    status: 429,
    message: 'Too many of these recipients have never exchanged a message with this account.',
    hint: 'Bulk is for people who know the account: leave the strangers out, or write to them one by one when they expect it. See the details for how many are left today.',
  },
  look_ups_used_up: {
    status: 429,
    message: 'This session has looked up as many people as it may within an hour.',
    hint: 'Wait until retryAfter seconds have passed: accounts that look up many people are soon restricted.',
  },
  duplicate_message: {
    status: 429,
    message: 'The same text was sent to this recipient within the last five minutes.',
    hint: 'Change the text, or wait until retryAfter seconds have passed.',
  },
  daily_limit: {
    status: 429,
    message: 'This session has sent as many messages as it may within a day.',
    hint: 'Wait until retryAfter seconds have passed, or raise DAILY_MESSAGE_LIMIT.',
  },
  internal: {
    status: 500,
    message: 'Something went wrong inside the runtime.',
    hint: 'Try again; if it stays, look at the log entry with this request id.',
  },
  pairing_refused: {
    status: 502,
    message: 'WhatsApp refused to give a pairing code for this number.',
    hint: 'Check the number. If it is right, wait some minutes before asking again, or scan the QR code instead.',
  },
  media_corrupt: {
    status: 502,
    message: 'What WhatsApp gave is not the file that was sent, and is not passed on.',
    hint: 'Try again later; if it stays, ask the sender to send it again.',
  },
  media_unavailable: {
    status: 502,
    message: 'The file could not be fetched from WhatsApp.',
    hint: "Try again in a minute; if it stays, see details, and the session's proxy if it has one.",
  },
  phone_silent: {
    status: 504,
    message: "The account's phone did not answer.",
    hint: 'Open WhatsApp on the phone and see that it is online, then try again.',
  },
  starting: {
    status: 503,
    message: 'The runtime has started and is connecting its sessions.',
    hint: 'Wait a moment. Requests are taken all the same; messages wait in the outbox of their session.',
  },
  no_proxy_available: {
    status: 503,
    message: 'No proxy is free for this session, and nothing goes without one.',
    hint: 'Add a proxy to the pool, or choose another for this session.',
  },
  unavailable: { status: 503, message: 'The runtime is shutting down.', hint: 'Try again in a few seconds.' },
  no_answer: {
    status: 504,
    message: 'WhatsApp did not answer in time.',
    hint: 'See the session status; try again when it has a connection.',
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorDetails {
  /** What exactly is wrong, for people: one line a problem. */
  details?: string[];
  /** Seconds after which the same request may succeed. */
  retryAfter?: number;
  /** For sends: false when the message may have left all the same. */
  certain?: boolean;
  cause?: unknown;
}

/** The one error class that crosses rooms; everything a caller is told comes from the table above. */
export class RuntimeError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly hint: string;
  readonly details: string[];
  readonly retryAfter: number | undefined;
  readonly certain: boolean;

  constructor(code: ErrorCode, more: ErrorDetails = {}) {
    const row = ERRORS[code];
    super(row.message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'RuntimeError';
    this.code = code;
    this.status = row.status;
    this.hint = row.hint;
    this.details = more.details ?? [];
    this.retryAfter = more.retryAfter;
    this.certain = more.certain ?? true;
  }
}

/** The process cannot do what it was started for; the message tells a person why and what to do. */
export class CannotStart extends Error {}

/** What was thrown, as an Error. */
export const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
