/**
 * One connection to WhatsApp: a Baileys socket with the traps of rc14 neutralised (the letters are those of
 * sandbox-protocol.md 7). A socket is used once; reconnecting opens another on the same auth state.
 */
import {
  makeWASocket,
  DEFAULT_CONNECTION_CONFIG,
  proto,
  type BinaryNode,
  type WAMessage,
  type WASocket,
} from '@whiskeysockets/baileys';
import type { Agent } from 'node:http';
import type { Socket } from 'node:net';
import { RuntimeError, toError } from '../errors.ts';
import type { Jid } from '../ids.ts';
import type { Logger } from '../log.ts';
import { Acks, type AckOutcome } from './acks.ts';
import { asking, type Asking } from './asking.ts';
import type { AuthState } from './auth-state.ts';
import { clientLog } from './client-log.ts';
import { CLOSED, closing, endQueries, type ClosingError } from './closing.ts';
import type { InboundJournal } from './inbound-journal.ts';
import { noticeDecryption } from './decryption.ts';
import { noticeMappings } from './mappings.ts';
import { requestFile, type FileRequest } from './media-request.ts';
import { hearPresence, type News } from './news.ts';
import { containCorruptFrames } from './frames.ts';
import { InboundGate } from './inbound-gate.ts';
import { watchProtocol, type ProtocolSign } from './protocol-signs.ts';
import type { Receipt } from './receipts.ts';
import { PairingCodes, type PairingCode } from './pairing-code.ts';
import { Unlinking } from './unlink.ts';
import { prepare, relay, type Outgoing, type SentMessages } from './outgoing.ts';
import { limitEntering } from './entering.ts';
import { knowingOwnDevice } from './own-device.ts';
import { detachCacheTimers } from './cache-timers.ts';
import { checkPreKeys } from './signatures.ts';
import { standingWithWhatsApp, type Restriction, type RestrictionKind } from './standing-with-whatsapp.ts';
import { askPhone, ping, readVitals, type Vitals } from './vitals.ts';

/** First QR 60 s, the next 20 s each (Socket/socket.js:657, :669). */
const FIRST_QR_MS = 60_000;
const NEXT_QR_MS = 20_000;
const qrLives = (references: number): number => FIRST_QR_MS + (references - 1) * NEXT_QR_MS;
const FLUSH_MS = 1_000;
/** A server that does not answer the close within this is not waited for. */
const LEAVE_MS = 1_000;

/** The ways out of one session, all through its proxy (the proxy room makes them). */
export interface WayOut {
  agent: Agent;
  /** An undici dispatcher, for fetch. */
  dispatcher: object;
  /** One connection. */
  tunnel(to: { host: string; port: number }): Promise<Socket>;
  close(): Promise<void>;
}

export interface SocketOptions {
  wsUrl: string | undefined;
  connectTimeoutMs: number;
  keepAliveIntervalMs: number;
  ackTimeoutMs: number;
}

export interface SocketDeps {
  auth: AuthState;
  journal: InboundJournal;
  wayOut: WayOut | null;
  options: SocketOptions;
  log: Logger;
  /** What was sent before, for recipients that ask for it again and for sending it again after a crash. */
  sent: SentMessages;
  /** Asked before anything is taken from the connection or given to it: whether it is still this worker's to act for the account. */
  mayAct: () => boolean;
}

/** What the connection tells its owner. */
export interface SocketEvents {
  onQr(qr: string, livesMs: number): void;
  onPaired(): void;
  onOpen(): void;
  /** Once, and last. `code` as in sandbox-protocol.md 6; undefined when the cause carried none. */
  onClose(code: number | undefined, message: string): void;
  onMessages(messages: WAMessage[], offline: boolean): void;
  /** These are one person's. */
  onAddresses(addresses: Jid[]): void;
  /** `settle` is to be called when the receipt has had its effect; until then it is handled again after a crash. */
  onReceipt(receipt: Receipt, settle: () => Promise<void>): void;
  onRestriction(restriction: Restriction): void;
  /** `settle` is to be called when what it tells is durable. */
  onNews(news: News, settle: () => Promise<void>): void;
  onProtocol(sign: ProtocolSign): void;
}

export interface LiveSocket extends Asking {
  /** What shows whether the connection is alive. */
  vitals(): Vitals;
  /** Resolves with the round trip of a ping in ms; rejects when no answer comes in time. */
  ping(timeoutMs: number): Promise<number>;
  send(jid: string, outgoing: Outgoing): Promise<AckOutcome>;
  subscribePresence(jid: string): Promise<void>;
  chatState(jid: string, state: 'composing' | 'recording' | 'paused'): Promise<void>;
  /** Asks the account's phone for something it can only answer when it is online; its answer shows in the vitals. */
  askPhone(): Promise<void>;
  /**
   * Has the account's phone upload a file again that WhatsApp has forgotten; gives its new path, or null when the phone does
   * not have it. Throws `phone_silent`, `media_unavailable`.
   */
  requestFile(request: FileRequest, timeoutMs: number): Promise<string | null>;
  setOnline(online: boolean): Promise<void>;
  markRead(jid: string, messageIds: string[], participant: string | undefined): Promise<void>;
  /** See `askNumber` and `askRestriction`. */
  askNumber(jid: Jid): Promise<Jid | null>;
  askRestriction(kind: RestrictionKind): Promise<Restriction>;
  /** See `PairingCodes.request`. */
  requestPairingCode(phone: string): Promise<PairingCode>;
  /** Takes this device off the account; true when WhatsApp has confirmed it in time. Never throws. */
  unlink(timeoutMs: number): Promise<boolean>;
  /** Ends at once, half-open or not (B4); `onClose` follows with this code and message. */
  end(code: number, message: string): void;
  /** Closes in good order, and by force when the server does not answer. */
  leave(): void;
}

export function openSocket(deps: SocketDeps, events: SocketEvents): LiveSocket {
  let ended = false;
  // The client would log in as the account the code was for, and be refused as a device that was removed.
  deps.auth.forgetUnfinishedLink();
  const sock = watchProtocol(makeWASocket(configFor(deps, events, () => ended)), events.onProtocol);
  const acks = new Acks(deps.options.ackTimeoutMs);
  let qrShown = 0;
  let forced: NodeJS.Timeout | undefined;
  const end = (code: number, message: string) => {
    void sock.end(closing(code, message));
    // B4: without this, end() waits up to 30 s for a dead peer to answer the close.
    rawSocket(sock)?.terminate();
  };

  limitEntering(sock, deps.options.connectTimeoutMs, () => end(408, 'no answer to the login'));
  const onLost = () => end(408, 'another worker has the session');
  containCorruptFrames(sock, deps.mayAct, onLost, (error) => end(500, `corrupt frame: ${error.message}`));
  noticeRefusedUpgrade(sock, (answer) => end(503, `${answer} instead of a connection`));
  sock.ws.on('CB:ack,class:message', (node: BinaryNode) => acks.arrived(node));
  const onUnsaved = (error: unknown) => end(500, `credentials could not be saved: ${toError(error).message}`);
  passThroughJournal(sock, deps, events, onUnsaved);
  const [unlinking, pairingCodes] = [new Unlinking(sock), new PairingCodes(sock, deps.auth, qrLives)];
  const vitals = readVitals(sock, () => deps.auth.creds.me);
  // Of no use once it is over.
  hearPresence(sock, (news) => events.onNews(news, async () => undefined));
  sock.ev.on('creds.update', () => void deps.auth.saveCreds().catch(onUnsaved));
  // B5: the client can leave events in its buffer until the next stanza or half a minute; nobody should wait for that.
  const flushing = setInterval(() => sock.ev.flush(), FLUSH_MS);
  sock.ev.on('messages.upsert', ({ messages, type }) => events.onMessages(messages, type === 'append'));
  sock.ev.on('connection.update', (update) => {
    if (update.qr) events.onQr(update.qr, qrShown++ === 0 ? FIRST_QR_MS : NEXT_QR_MS);
    if (update.isNewLogin) events.onPaired();
    if (update.connection === 'open') events.onOpen();
    if (update.connection === 'close') {
      ended = true;
      clearInterval(flushing);
      clearTimeout(forced);
      acks.connectionClosed();
      endQueries(sock);
      const { output, message = 'closed' } = (update.lastDisconnect?.error ?? {}) as Partial<ClosingError>;
      events.onClose(output?.statusCode, unlinking.reasonOf(output?.statusCode, message));
    }
  });
  return {
    vitals,
    ping: (timeoutMs) => ping(sock, timeoutMs),
    send: (jid, outgoing) =>
      deps.mayAct() ? reported(send(sock, acks, deps.sent, jid, outgoing), events.onProtocol) : notOurs(),
    subscribePresence: (jid) => sock.presenceSubscribe(jid),
    chatState: (jid, state) => sock.sendPresenceUpdate(state, jid),
    ...{ askPhone: () => askPhone(sock), requestFile: (request, ms) => requestFile(sock, request, ms) },
    setOnline: (online) => showOnline(sock, deps.auth.creds.me?.name, online),
    markRead: (jid, ids, participant) => markRead(sock, jid, ids, participant),
    ...{ ...asking(sock), ...standingWithWhatsApp(sock, events.onRestriction) },
    requestPairingCode: (phone) => pairingCodes.request(phone),
    unlink: (timeoutMs) => unlinking.ask(deps.auth.creds.me?.id, timeoutMs),
    end,
    leave: () => {
      void sock.end(closing(CLOSED, 'stopped'));
      forced = setTimeout(() => rawSocket(sock)?.terminate(), LEAVE_MS);
    },
  };
}

/** It handles again what was left when the connection opens, and forgets what cannot come again when the server has caught up. */
function passThroughJournal(
  sock: WASocket,
  deps: SocketDeps,
  { onReceipt, onNews }: SocketEvents,
  onUnsaved: (e: Error) => void,
) {
  const gate = new InboundGate(sock, { ...deps, onReceipt, onCall: onNews, onUnsaved });
  sock.ev.on('connection.update', ({ connection, receivedPendingNotifications }) => {
    if (connection === 'open') void gate.replay();
    if (receivedPendingNotifications) void gate.caughtUp();
    if (connection === 'close') gate.end();
  });
}

function configFor(
  { auth, journal, wayOut, options, log, sent }: SocketDeps,
  { onAddresses, onProtocol }: SocketEvents,
  ended: () => boolean,
) {
  return {
    ...DEFAULT_CONNECTION_CONFIG,
    ...(options.wsUrl !== undefined && { waWebSocketUrl: options.wsUrl }),
    auth: { creds: auth.creds, keys: knowingOwnDevice(auth.keys, auth.creds) },
    logger: clientLog(log, ended),
    // Not the client's own, which it applies to everything it writes, with two stacks and a timer each: see `limitEntering`.
    connectTimeoutMs: undefined as unknown as number,
    // The watchdog pings; the client's own keep-alive, which notices late (B4), stays as a second line behind it.
    keepAliveIntervalMs: 4 * options.keepAliveIntervalMs,
    makeSignalRepository: noticeMappings(
      noticeDecryption(
        journal.wrap(checkPreKeys(detachCacheTimers(DEFAULT_CONNECTION_CONFIG.makeSignalRepository))),
        onProtocol,
      ),
      onAddresses,
    ),
    // B5: own messages come back late and out of order; the server's ack is what counts.
    emitOwnEvents: false,
    markOnlineOnConnect: false,
    syncFullHistory: false,
    // Agents and dispatcher are made from one proxy URL; a session with a proxy has no way around it.
    ...(wayOut && { agent: wayOut.agent as never, fetchAgent: wayOut.agent as never }),
    options: wayOut ? ({ dispatcher: wayOut.dispatcher } as object) : {},
    getMessage: async (key: { id?: string | null }) => {
      const message = key.id ? await sent.find(key.id) : undefined;
      return message && proto.Message.decode(message);
    },
  };
}

async function showOnline(sock: WASocket, name: string | undefined, online: boolean): Promise<void> {
  // Without a push name the client refuses, with a warning.
  if (name) await sock.sendPresenceUpdate(online ? 'available' : 'unavailable');
}

/** B2: ws hands an HTTP answer to the upgrade to this event and stops; nobody in the client listens. */
function noticeRefusedUpgrade(sock: WASocket, onAnswer: (answer: string) => void): void {
  sock.ws.on('unexpected-response', (_request: unknown, { statusCode = 'answer' }: { statusCode?: number | string }) =>
    onAnswer(`HTTP ${statusCode}`),
  );
}

/** The client types its socket as an abstract one; the real one under it is a `ws` WebSocket. */
const rawSocket = (sock: WASocket) => (sock.ws as unknown as { socket: { terminate(): void } | null }).socket;

const markRead = (sock: WASocket, remoteJid: string, ids: string[], participant: string | undefined) =>
  sock.readMessages(ids.map((id) => ({ remoteJid, id, fromMe: false, ...(participant && { participant }) })));

const notOurs = async (): Promise<AckOutcome> => ({ kind: 'not_sent', why: 'another worker has the session' });

/** What was never written says nothing of WhatsApp. */
async function reported(sending: Promise<AckOutcome>, tell: SocketEvents['onProtocol']): Promise<AckOutcome> {
  const outcome = await sending;
  if (outcome.kind !== 'not_sent') tell({ sign: 'operation', operation: 'send', success: outcome.kind === 'acked' });
  return outcome;
}

async function send(
  sock: WASocket,
  acks: Acks,
  sent: SentMessages,
  jid: string,
  outgoing: Outgoing,
): Promise<AckOutcome> {
  try {
    const message = await prepare(sock, jid, outgoing, sent);
    return await acks.expect(outgoing.messageId, () => relay(sock, jid, outgoing, message));
  } catch (error) {
    // A file that cannot be read any more will not be readable later.
    if (error instanceof RuntimeError && error.code === 'file_lost') return { kind: 'refused', error: error.code };
    return { kind: 'not_sent', why: toError(error).message };
  }
}
