/**
 * What shows on the wire that WhatsApp is not what this version knows: stanzas, words in them and error numbers that no
 * client of today has heard of. Names are kept, never what stands beside them. `signsIn` is pure.
 */
import { getBinaryNodeChild, type BinaryNode, type WASocket } from '@whiskeysockets/baileys';
import type { ReasonCode } from './states.ts';

/** What can be new, with the words people read before its name. */
export const DRIFT_KINDS = {
  disconnect_code: 'end of a connection with the code',
  stream_error: 'stream error',
  login_refusal: 'refusal of the login with',
  version_refused: 'refusal of the version',
  stanza: 'stanza',
  notification: 'notification of the type',
  information: 'piece of information',
  receipt: 'receipt of the type',
  encryption: 'encryption of the type',
  attribute: 'attribute or part of a message',
  message_field: 'field of a message',
  message_refusal: 'refusal of a message with the error',
  query_error: 'answer to a question with the error',
} as const satisfies Record<string, string>;

export type DriftKind = keyof typeof DRIFT_KINDS;

/** What is counted as having worked or not. */
export type Operation = 'connect' | 'send' | 'query' | 'decrypt' | 'recipients_decrypt';

/** What the protocol monitor learns from. */
export type ProtocolSign =
  | { sign: 'drift'; kind: DriftKind; name: string }
  | { sign: 'operation'; operation: Operation; success: boolean }
  /** WhatsApp let the session in, or showed a code to link it by. */
  | { sign: 'entered' }
  /** A connection ended by itself; `entered` says whether it ever got so far. */
  | { sign: 'ended'; entered: boolean; reason: ReasonCode };

const words = (list: string): ReadonlySet<string> => new Set(list.split(' '));

const STANZAS = words('call success stream:features xmlstreamend presence chatstate error');
const STREAM_ERRORS = words('conflict xml-not-well-formed ack system-shutdown see-other-host not-authorized');
const NOTIFICATIONS = words(
  'newsletter mex w:gp2 mediaretry encrypt devices server_sync picture account_sync link_code_companion_reg privacy_token ' +
    'server status contacts business disappearing_mode pay psa registration hosted features subject participant ' +
    'broadcast web location feature waffle companion_reg_refresh wa_old_registration digest tos w:growth bot',
);
const INFORMATION = words(
  'dirty downgrade_webclient edge_routing offline offline_preview tos thread_metadata client_expiration safetynet ' +
    'priority_offline_complete notice gpia offline_batch attestation mobile_config',
);
const RECEIPTS = words(
  ' read played retry sender inactive read-self played-self peer_msg server-error hist_sync enc_rekey_retry view delivery error',
);
const ENCRYPTIONS = words('pkmsg msg skmsg msmsg frskmsg none');
const ENC_ATTRIBUTES = words('v type mediatype decrypt-fail native_flow_name count state session-type sender_keydist');
const MESSAGE_ATTRIBUTES = words(
  'id from to type t participant recipient notify offline edit addressing_mode category phash sender_lid sender_pn ' +
    'participant_lid participant_pn recipient_lid recipient_pn peer_recipient_lid peer_recipient_pn peer_recipient_username ' +
    'verified_name verified_level push_priority device_fanout server_id is_sender sender_country_code sender_username ' +
    'participant_username recipient_username display_name context urltext urlnumber broadcast_eph_settings count sts verifiedname',
);
const MESSAGE_PARTS = words(
  'enc device-identity participants plaintext meta reporting bot biz verified_name tctoken cstoken multicast unavailable hsm ' +
    'rcat url_number url_text franking votes reaction sender_content_binding message_association interactive ctwa trace ' +
    'enc-opt report html context_info pay transaction offline retry keys add_on',
);
/** 463 and 475 restrict the account (outbox/restrictions.ts), 479 asks for another encryption; the rest are of HTTP's kind. */
const MESSAGE_REFUSALS = words('400 401 403 404 405 406 408 409 410 421 429 463 475 479 500 503');
const QUERY_ERRORS = words('304 400 401 403 404 405 406 407 408 409 410 412 419 421 422 429 431 436 500 501 503 504');

const LONGEST_NAME = 40;
/** A name for the report: short, of plain characters, and without what might be somebody's number. */
const plain = (name: string) =>
  name
    .replaceAll(/[^\w:.-]/g, '_')
    .replaceAll(/\d{7,}/g, 'number')
    .slice(0, LONGEST_NAME) || 'none';

const drift = (kind: DriftKind, name: string): ProtocolSign => ({ sign: 'drift', kind, name: plain(name) });
const unknown = (kind: DriftKind, known: ReadonlySet<string>, names: readonly string[]): ProtocolSign[] =>
  names.filter((name) => !known.has(name)).map((name) => drift(kind, name));
const partsOf = ({ content }: BinaryNode): BinaryNode[] => (Array.isArray(content) ? content : []);
const tagsOf = (node: BinaryNode) => partsOf(node).map(({ tag }) => tag);

/** By the stanza's tag. */
const READERS = new Map<string, (node: BinaryNode) => ProtocolSign[]>([
  ['message', inMessage],
  ['notification', ({ attrs }) => unknown('notification', NOTIFICATIONS, [attrs['type'] ?? ''])],
  ['ib', (node) => unknown('information', INFORMATION, tagsOf(node))],
  ['receipt', ({ attrs }) => inReceipt(attrs['type'] ?? '')],
  ['ack', ({ attrs }) => (attrs['class'] === 'message' ? refusal(attrs['error']) : [])],
  ['iq', inAnswer],
  ['failure', ({ attrs }) => (attrs['reason'] === undefined ? [drift('login_refusal', 'no reason')] : [])],
  // With a code it is the disconnect policy that knows it or not.
  ['stream:error', (node) => ('code' in node.attrs ? [] : unknown('stream_error', STREAM_ERRORS, tagsOf(node)))],
]);

/** Everything a stanza shows. */
export const signsIn = (node: BinaryNode): ProtocolSign[] =>
  READERS.get(node.tag)?.(node) ?? unknown('stanza', STANZAS, [node.tag]);

function inMessage(node: BinaryNode): ProtocolSign[] {
  const encs = partsOf(node).filter(({ tag }) => tag === 'enc');
  return [
    ...unknown('attribute', MESSAGE_ATTRIBUTES, Object.keys(node.attrs)),
    ...unknown('attribute', MESSAGE_PARTS, tagsOf(node)),
    ...encs.flatMap(({ attrs }) => unknown('attribute', ENC_ATTRIBUTES, Object.keys(attrs))),
    ...encs.flatMap(({ attrs }) => unknown('encryption', ENCRYPTIONS, [attrs['type'] ?? ''])),
  ];
}

/** No type: it arrived and could be read. A recipient who could not read it asks for it again. */
function inReceipt(type: string): ProtocolSign[] {
  if (type !== '' && type !== 'retry') return unknown('receipt', RECEIPTS, [type]);
  return [{ sign: 'operation', operation: 'recipients_decrypt', success: type === '' }];
}

const refusal = (error: string | undefined): ProtocolSign[] =>
  error === undefined ? [] : unknown('message_refusal', MESSAGE_REFUSALS, [error]);

/** A question that is refused for what it asks (nobody has that number, no picture) was answered all the same. */
function inAnswer(node: BinaryNode): ProtocolSign[] {
  const { type } = node.attrs;
  if (type !== 'result' && type !== 'error') return [];
  const code = type === 'error' ? (getBinaryNodeChild(node, 'error')?.attrs['code'] ?? '') : undefined;
  const drifts = code === undefined ? [] : unknown('query_error', QUERY_ERRORS, [code]);
  const success = drifts.length === 0 && !(Number(code) >= 500);
  return [{ sign: 'operation', operation: 'query', success }, ...drifts];
}

/** Tells what each stanza shows, from the beginning of a socket, and gives that back. */
export function watchProtocol(sock: WASocket, tell: (sign: ProtocolSign) => void): WASocket {
  // During the handshake frames are bytes.
  sock.ws.on('frame', (frame: BinaryNode | Uint8Array) => {
    if (!(frame instanceof Uint8Array)) signsIn(frame).forEach(tell);
  });
  return sock;
}
