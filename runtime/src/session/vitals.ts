/**
 * What shows whether a connection is alive, in both directions, read off the wire: the client itself notices a dead peer
 * late, and a server that answers but delivers nothing not at all.
 */
import { once } from 'node:events';
import {
  jidDecode,
  jidNormalizedUser,
  proto,
  S_WHATSAPP_NET,
  type BinaryNode,
  type WASocket,
} from '@whiskeysockets/baileys';

export interface Vitals {
  /** When anything last came in, ms since 1970. */
  lastFrameAt: number;
  /** When something somebody sent (a message, a receipt, a notification, a call) last came in; null for never here. */
  lastInboundAt: number | null;
  /** Messages the server took since then: each of them should sooner or later bring a receipt. */
  unechoed: number;
  /** What had waited at the server when the connection opened; null until the server has told. */
  missed: number | null;
  /** When the account's phone last gave a sign of its own; null for never here. */
  phoneSeenAt: number | null;
}

type Account = () => { id?: string; lid?: string } | undefined;

const INBOUND = ['CB:message', 'CB:receipt', 'CB:notification', 'CB:call'];

/** Watches a socket from its beginning. `account` tells whose phone to look out for. */
export function readVitals(sock: WASocket, account: Account): () => Vitals {
  const vitals: Vitals = { lastFrameAt: Date.now(), lastInboundAt: null, unechoed: 0, missed: null, phoneSeenAt: null };
  sock.ws.on('frame', () => (vitals.lastFrameAt = Date.now()));
  for (const event of INBOUND) {
    sock.ws.on(event, ({ attrs }: BinaryNode) => {
      vitals.lastInboundAt = Date.now();
      vitals.unechoed = 0;
      if (isPhoneOf(account(), attrs['participant'] ?? attrs['from'])) vitals.phoneSeenAt = Date.now();
    });
  }
  sock.ws.on('CB:ack,class:message', ({ attrs }: BinaryNode) => {
    if (attrs['error'] === undefined) vitals.unechoed++;
  });
  sock.ws.on('CB:ib,,offline', ({ content }: BinaryNode) => {
    const offline = Array.isArray(content) ? content.find(({ tag }) => tag === 'offline') : undefined;
    vitals.missed = Number(offline?.attrs['count'] ?? 0);
  });
  return () => ({ ...vitals });
}

/** Device 0 of the account is its phone. */
function isPhoneOf(me: { id?: string; lid?: string } | undefined, from: string | undefined): boolean {
  const sender = jidDecode(from);
  if (!me || !sender || (sender.device ?? 0) !== 0) return false;
  return [me.id, me.lid].some((own) => {
    const mine = jidDecode(own);
    return mine?.user === sender.user && mine.server === sender.server;
  });
}

/**
 * Asks the phone to send a message again that there never was: all it can say is that it does not have it, and that it
 * says so shows that it is there. WhatsApp has no ping between an account's own devices.
 */
export async function askPhone(sock: WASocket): Promise<void> {
  const messageKey = { remoteJid: jidNormalizedUser(sock.user?.id), fromMe: true, id: sock.generateMessageTag() };
  await sock.sendPeerDataOperationMessage({
    placeholderMessageResendRequest: [{ messageKey }],
    peerDataOperationRequestType: proto.Message.PeerDataOperationRequestType.PLACEHOLDER_MESSAGE_RESEND,
  });
}

/**
 * Asks the server for a sign of life; resolves with the round trip in ms, rejects when none comes in time or the
 * connection ends. Not by the client's own query, which logs a warning when it waits in vain.
 */
export async function ping(sock: WASocket, timeoutMs: number): Promise<number> {
  const id = sock.generateMessageTag();
  const began = performance.now();
  const answered = once(sock.ws, `TAG:${id}`, { signal: AbortSignal.timeout(timeoutMs) });
  const attrs = { id, to: S_WHATSAPP_NET, type: 'get', xmlns: 'w:p' };
  const asked = sock.sendNode({ tag: 'iq', attrs, content: [{ tag: 'ping', attrs: {} }] });
  await Promise.all([asked, answered]);
  return performance.now() - began;
}
