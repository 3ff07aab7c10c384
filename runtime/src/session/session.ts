/**
 * WhatsApp accounts. Each session keeps itself linked and connected: connection trouble is a state with a reason, never
 * an exception to a caller. What it hears goes out through the listeners; what is sent goes in through `live()`.
 */
import type { WAMessage } from '@whiskeysockets/baileys';
import type { ProfileName } from '../config.ts';
import type { Jid, SessionId } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Seal } from '../seal.ts';
import type { Store } from '../store/store.ts';
import type { SessionFilter, SessionPage } from './listing.ts';
import type { News } from './news.ts';
import type { SentMessages } from './outgoing.ts';
import type { ExportedSession } from './portable.ts';
import type { ProtocolSign } from './protocol-signs.ts';
import type { Receipt } from './receipts.ts';
import { SessionRegistry } from './registry.ts';
import type { RetentionSettings } from './retention.ts';
import type { Proxies, ProxyChoice } from './route.ts';
import type { LiveSocket, SocketOptions, WayOut } from './socket.ts';
import type { Restriction } from './standing-with-whatsapp.ts';
import type { Reason, SessionStatus } from './states.ts';

export type { AckOutcome } from './acks.ts';
export type { About, GroupFacts, GroupMember, PictureSize, Presence } from './asking.ts';
export { download, type RemotePlace } from './download.ts';
export { DRIFT_KINDS, type DriftKind, type Operation, type ProtocolSign } from './protocol-signs.ts';
export type { Receipt } from './receipts.ts';
export { joinPages, type SessionPage } from './listing.ts';
export type { ExportedSession } from './portable.ts';
export type { CallNews, News, PresenceNews } from './news.ts';
export type { Outgoing, SentMessages } from './outgoing.ts';
export type { ProxyChoice } from './route.ts';
export type { LiveSocket } from './socket.ts';
export type { Restriction, RestrictionKind } from './standing-with-whatsapp.ts';
export type { Vitals } from './vitals.ts';
export { REASONS, SESSION_STATUSES, type Reason, type SessionStatus } from './states.ts';

/** What a caller may see of a session; never a proxy password or a key. */
export interface SessionInfo {
  sessionId: SessionId;
  /** Named in every event of the session. */
  hash: string;
  status: SessionStatus;
  reason: Reason;
  /** When the status was entered, ms since 1970. */
  since: number;
  /** The linked account; null before linking. */
  phone: string | null;
  lid: string | null;
  pushName: string | null;
  tenantId: string | null;
  humanization: ProfileName | null;
  /** The proxy it uses, without user and password; null when there is none. */
  proxy: string | null;
  /** What was chosen: a proxy of its own, the default one, a place in the pool, none. */
  proxyMode: ProxyChoice['mode'];
  /** The region asked of the pool. */
  proxyRegion: string | null;
  createdAt: number;
  /** Connections in a row that failed; 0 once one has lasted. */
  reconnectAttempts: number;
}

export interface NewSession {
  sessionId?: SessionId | undefined;
  proxy?: ProxyChoice | undefined;
  tenantId?: string | undefined;
  humanization?: ProfileName | undefined;
}

/** One session as other rooms use it. */
export interface Session {
  readonly id: SessionId;
  readonly hash: string;
  info(): SessionInfo;
  /** The profile chosen for this session, or null for the runtime's default. */
  humanization(): ProfileName | null;
  /** The open connection, or null while there is none. */
  live(): LiveSocket | null;
  /** The connection does not do what it should: end it and connect again. */
  suspect(why: string): void;
  /** How often that was said since then (ms since 1970). */
  suspicions(since: number): number;
  /** Ends the connection and begins again from what is on disk. */
  restart(): Promise<void>;
  /** Connects again through another proxy of the pool; false, and nothing happens, when there is none for it. */
  useAnotherProxy(): Promise<boolean>;
  /** When the account's phone last gave a sign, or when the session was made; ms since 1970. */
  phoneSeenAt(): number;
  /**
   * Ways out of its own through the session's proxy, for the caller to close; null when it is to have none. Throws
   * `no_proxy_available` when it is to have one and there is none.
   */
  openWayOut(): WayOut | null;
  /**
   * Seals with the session's data key: nobody can read it any more once the credentials are destroyed. Throws
   * `session_not_linked` when they are.
   */
  seal(): Seal;
}

/** What sessions tell; called in order, never awaited, must not throw. */
export interface SessionListeners {
  onState(session: Session, info: SessionInfo): void;
  onQr(session: Session, qr: string, expiresIn: number): void;
  /** `settle` tells the session that the message is durable elsewhere and need not be kept for a replay. */
  onMessages(session: Session, messages: WAMessage[], offline: boolean, settle: (id: string) => Promise<void>): void;
  /** These are the addresses of one person, in the client's knowledge. */
  onAddresses(session: Session, addresses: Jid[]): void;
  onReceipt(session: Session, receipt: Receipt, settle: () => Promise<void>): void;
  /** WhatsApp restricts the account, or does no more. */
  onRestriction(session: Session, restriction: Restriction): void;
  /** What it hears of other people besides messages. */
  onNews(session: Session, news: News, settle: () => Promise<void>): void;
  /** What the protocol monitor learns from. */
  onProtocol(session: Session, sign: ProtocolSign): void;
}

/** Whose the sessions are when several workers share them. Left out, all are this one's. */
export interface Ownership {
  /** Whether this worker may act for the session at this moment. */
  holds(id: SessionId): boolean;
  /** The id is to be this worker's alone; false when another has it. */
  reserve(id: SessionId): Promise<boolean>;
  /** There is no session with this id any more. */
  free(id: SessionId): Promise<void>;
}

export interface SessionsDeps {
  store: Store;
  ownership?: Ownership | undefined;
  /** Wraps the sessions' data keys. */
  masterSeal: Seal;
  proxies: Proxies;
  settings: SocketOptions & {
    rootKey: string | undefined;
    maxSessions: number;
    maxReconnectAttempts: number;
  } & RetentionSettings;
  sent(session: SessionId): SentMessages;
  /**
   * The session is being removed; it has no connection and can get none: everybody is to let go of what is open of it and
   * forget what they keep of it. May be asked again after a crash.
   */
  release(session: SessionId): Promise<void>;
  /** The session is to go on at another worker: what is in hand for it is finished, as long as it is connected. */
  finish?(session: SessionId): Promise<void>;
  /** It goes on there: everybody is to let go of what is open of it, and nothing of it is removed. */
  letGo?(session: SessionId): Promise<void>;
  listeners: SessionListeners;
  metrics: Metrics;
  log: Logger;
  now?: () => number;
  random?: () => number;
}

export interface Sessions {
  /** Makes a session and begins linking it. Throws `session_exists`, `session_limit`, `invalid_proxy_url`, `proxy_pool_empty`. */
  create(request: NewSession): Promise<Session>;
  /** The session in clear, for a backup. Throws `session_not_found`, `session_not_linked`. */
  exportSession(id: SessionId): Promise<ExportedSession>;
  /**
   * Makes a session of one that was exported, at rest until somebody reconnects it; `before` makes what belongs to it elsewhere,
   * and is asked again with the import when that failed in between. Throws like `create`, and `invalid_backup`.
   */
  importSession(id: SessionId, session: ExportedSession, before: () => Promise<void>): Promise<Session>;
  find(id: SessionId): Session | undefined;
  /** Throws `session_not_found`. */
  get(id: SessionId): Session;
  /** The session, when it has a linked account. Throws `session_not_found`, `session_not_linked`. */
  requireLinked(id: SessionId): Session;
  list(): Session[];
  /** The sessions a caller asks for, the oldest first. Throws `invalid_cursor`. */
  page(filter: SessionFilter): SessionPage;
  /** Chooses how the session types; null is the runtime's way. Throws `session_not_found`. */
  setHumanization(id: SessionId, name: ProfileName | null): Promise<void>;
  /** The QR code to scan now. Throws `qr_not_available`. */
  qr(id: SessionId): { qr: string; expiresIn: number };
  /** Closes the connection and keeps the credentials; it stays closed, over restarts too, until `reconnect`. */
  disconnect(id: SessionId): Promise<Session>;
  /** Chooses another way for its traffic, and connects again by it if it was connected. Throws like `create`. */
  changeProxy(id: SessionId, choice: ProxyChoice): Promise<Session>;
  /** Connects again now, with a new QR code when the account is not linked. */
  reconnect(id: SessionId): Promise<Session>;
  /**
   * A code to type at the phone in place of scanning the QR code. Throws `already_linked`, `pairing_not_ready` unless the
   * session is in the state `qr`, `pairing_refused`, `no_answer`.
   */
  pairingCode(id: SessionId, phone: string): Promise<{ code: string; expiresIn: number }>;
  /**
   * Takes the device off the account, as far as there is a connection, and destroys the credentials; the session stays to be
   * linked again. `confirmed` false: the phone may still list the device. Throws `session_not_linked`.
   */
  logOut(id: SessionId): Promise<{ confirmed: boolean }>;
  /**
   * Removes the session, its keys, its outbox and its history. With `logOut` the device is taken off the account first, as
   * far as there is a connection; `confirmed` false: the phone may still list it. The keys are destroyed first, and a crash
   * from there on is finished at the next start. Throws `session_not_found`, for one being removed too.
   */
  remove(id: SessionId, logOut: boolean): Promise<{ confirmed: boolean }>;
  /** Waits until the session has one of the statuses or the signal aborts; says whether it was reached. */
  wait(id: SessionId, statuses: SessionStatus[], signal: AbortSignal): Promise<boolean>;
  /** Connects what was connected when the process last ended; at most ten handshakes at once. Resolves when all are under way. */
  restore(): Promise<void>;
  /** Opens a session that is this worker's now; it connects if it should. */
  adopt(id: SessionId): Promise<void>;
  /**
   * Closes a session that goes to another worker. `lost`: it is another's perhaps already, so its connection ends on the spot.
   * Resolves when nothing of it is running any more.
   */
  handOver(id: SessionId, lost: boolean): Promise<void>;
  /** All sessions there are, those of other workers and those that are being removed too. */
  everywhere(): Promise<readonly { id: SessionId; tenantId: string | null; isLeaving: boolean }[]>;
  /** How many sessions of other workers have their place at each proxy of the pool. */
  placedElsewhere(): Promise<ReadonlyMap<string, number>>;
  /** How many of the sessions that `restore` has put under way have not had their turn to connect yet. */
  starting(): number;
  /** Ends all connections; what was connected is remembered as wanted. */
  stop(): Promise<void>;
}

export const createSessions = (deps: SessionsDeps): Sessions => new SessionRegistry(deps);
