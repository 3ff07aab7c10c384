/**
 * One account's link to WhatsApp, as a loop: open a connection, wait until it ends, let the disconnect policy say what
 * that means, wait as long as it says, again. The loop ends when the account is no longer ours (logged out, banned,
 * replaced), when a QR code was not scanned, or on `stop`.
 */
import { Mutex, type Semaphore } from 'async-mutex';
import type { ProfileName } from '../config.ts';
import { RuntimeError, toError } from '../errors.ts';
import type { SessionId } from '../ids.ts';
import { sleepUnlessAborted } from '../time.ts';
import { accountOf, isLinked, openAuthState, type AuthState } from './auth-state.ts';
import { AttemptCount } from './backoff.ts';
import { Connection, type Closed } from './connection.ts';
import { decide, type Decision } from './disconnect-policy.ts';
import { InboundJournal } from './inbound-journal.ts';
import type { Session, SessionInfo, SessionsDeps } from './session.ts';
import type { LiveSocket } from './socket.ts';
import { REASONS, type ReasonCode, type SessionStatus } from './states.ts';
import type { SessionRecord, Vault } from './vault.ts';

/** Older suspicions are of no interest to anybody. */
const REMEMBERED_SUSPICIONS = 20;
/** The time of the phone's last sign is written down this often at the most. */
const NOTE_PHONE_EVERY_MS = 3_600_000;

export type LinkDeps = SessionsDeps & { onState(link: Link, info: SessionInfo): void };

export class Link implements Session {
  readonly id: SessionId;
  readonly hash: string;
  readonly #record: SessionRecord;
  readonly #vault: Vault;
  readonly #handshakes: Semaphore;
  readonly #deps: LinkDeps;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #attempts = new AttemptCount();
  #status: SessionStatus;
  #reason: ReasonCode;
  #since: number;
  #connection: Connection | null = null;
  #qr: { qr: string; until: number } | null = null;
  #loop: { stopping: AbortController; ended: Promise<void> } | null = null;
  /** Starting and stopping take turns: two loops of one account would throw each other out for ever. */
  readonly #inTurn = new Mutex();
  #retired = false;
  #suspicions: number[] = [];

  constructor(record: SessionRecord, vault: Vault, handshakes: Semaphore, deps: LinkDeps) {
    this.id = record.sessionId;
    this.hash = record.hash;
    this.#record = record;
    this.#vault = vault;
    this.#handshakes = handshakes;
    this.#deps = deps;
    this.#now = deps.now ?? Date.now;
    this.#random = deps.random ?? Math.random;
    this.#status = record.ended?.status ?? 'disconnected';
    this.#reason = record.ended?.reason ?? 'disconnected_by_user';
    this.#since = record.ended?.at ?? this.#now();
  }

  info(): SessionInfo {
    const { sessionId, hash, tenantId, humanization, createdAt, account } = this.#record;
    return {
      ...{ sessionId, hash, tenantId, humanization, createdAt },
      ...{ status: this.#status, reason: REASONS[this.#reason], since: this.#since },
      ...(account ?? { phone: null, lid: null, pushName: null }),
      proxy: this.#deps.shownProxy(this.#proxyUrl()),
      reconnectAttempts: this.#attempts.failures,
    };
  }

  humanization(): ProfileName | null {
    return this.#record.humanization;
  }

  live(): LiveSocket | null {
    return this.#status === 'connected' ? (this.#connection?.socket ?? null) : null;
  }

  suspect(why: string): void {
    if (!this.#connection) return;
    this.#suspicions = [...this.#suspicions, this.#now()].slice(-REMEMBERED_SUSPICIONS);
    this.#connection.socket.end(408, why);
  }

  suspicions(since: number): number {
    return this.#suspicions.filter((at) => at >= since).length;
  }

  restart(): Promise<void> {
    return this.reconnect();
  }

  phoneSeenAt(): number {
    const { phoneSeenAt, createdAt } = this.#record;
    return Math.max(phoneSeenAt ?? createdAt, this.#connection?.socket.vitals().phoneSeenAt ?? 0);
  }

  /** The code to scan now and the seconds it has left; null when there is none. */
  qr(): { qr: string; expiresIn: number } | null {
    if (!this.#qr || this.#status !== 'qr') return null;
    return { qr: this.#qr.qr, expiresIn: Math.max(0, Math.round((this.#qr.until - this.#now()) / 1_000)) };
  }

  /** Begins to connect, and remembers that this is wanted. Does nothing while it is under way. */
  start(): Promise<void> {
    return this.#inTurn.runExclusive(() => this.#start());
  }

  /** Ends the connection; nothing is remembered, so that a restart connects again. */
  stop(): Promise<void> {
    return this.#inTurn.runExclusive(() => this.#stop());
  }

  disconnect(): Promise<void> {
    return this.#inTurn.runExclusive(async () => {
      await this.#stop();
      await this.#rest('disconnected', 'disconnected_by_user');
    });
  }

  reconnect(): Promise<void> {
    return this.#inTurn.runExclusive(async () => {
      await this.#stop();
      await this.#start();
    });
  }

  /** Ends the connection for good: the session is being removed. Throws `session_not_found` the second time. */
  retire(): Promise<void> {
    return this.#inTurn.runExclusive(async () => {
      this.#refuseIfRetired();
      this.#retired = true;
      await this.#stop();
      this.#enter('disconnected', 'disconnected_by_user');
    });
  }

  #refuseIfRetired(): void {
    if (this.#retired) throw new RuntimeError('session_not_found');
  }

  async #start(): Promise<void> {
    this.#refuseIfRetired();
    if (this.#loop) return;
    this.#record.wanted = true;
    this.#record.ended = null;
    await this.#vault.save(this.#record);
    this.#attempts.reset();
    this.#enter('connecting', 'starting');
    const stopping = new AbortController();
    const ended = this.#run(stopping.signal).catch((thrown: unknown) => {
      this.#deps.log.error({ err: toError(thrown), sessionId: this.id }, 'session loop ended');
      this.#enter('failed', 'credentials_not_readable');
    });
    const loop = { stopping, ended: ended.finally(() => this.#loop === loop && (this.#loop = null)) };
    this.#loop = loop;
  }

  async #stop(): Promise<void> {
    this.#loop?.stopping.abort();
    await this.#loop?.ended;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const auth = await this.#openAuth();
    const journal = new InboundJournal(this.#deps.store.session(this.id).keyValue('journal'));
    while (!signal.aborted) {
      const closed = await this.#connect(auth, journal, signal);
      if (!closed || signal.aborted) return;
      const decision = this.#decide(closed, isLinked(auth.creds));
      if (decision.action === 'end') return await this.#end(decision, auth);
      this.#enter(decision.status, decision.reason);
      this.#deps.metrics.reconnects.inc({ reason: decision.reason });
      await sleepUnlessAborted(this.#attempts.next(decision.action, this.#random), signal);
    }
  }

  async #openAuth(): Promise<AuthState> {
    if (this.#record.sealedKey === null) {
      this.#record.sealedKey = this.#vault.newKey(this.id);
      await this.#vault.save(this.#record);
    }
    const seal = this.#vault.sealOf(this.id, this.#record.sealedKey);
    return await openAuthState(this.#deps.store.session(this.id).keyValue('auth'), seal, this.id);
  }

  /** One connection, from its turn to its end; null when the session was stopped before. */
  async #connect(auth: AuthState, journal: InboundJournal, signal: AbortSignal): Promise<Closed | null> {
    const [, release] = await this.#handshakes.acquire();
    if (signal.aborted) {
      release();
      return null;
    }
    const proxyUrl = this.#proxyUrl();
    const { settings, listeners } = this.#deps;
    const connection = new Connection(
      {
        auth,
        journal,
        wayOut: proxyUrl === null ? null : this.#deps.openWayOut(proxyUrl),
        options: settings,
        log: this.#deps.log.child({ sessionId: this.id }),
        sent: this.#deps.sent(this.id),
      },
      {
        onQr: (qr, livesMs) => {
          release();
          this.#qr = { qr, until: this.#now() + livesMs };
          this.#enter('qr', 'scan_qr');
          listeners.onQr(this, qr, Math.round(livesMs / 1_000));
        },
        onPaired: () => {
          this.#attempts.reset();
          this.#enter('pairing', 'linking');
        },
        onOpen: () => {
          release();
          this.#opened(auth);
        },
        onMessages: (messages, offline) =>
          listeners.onMessages(this, messages, offline, (messageId) => journal.settle({ messageId }, auth.keys)),
        onReceipt: (receipt, settle) => listeners.onReceipt(this, receipt, settle),
      },
    );
    this.#connection = connection;
    try {
      return await connection.ended(signal);
    } finally {
      release();
      await this.#notePhone(connection.socket.vitals().phoneSeenAt);
      this.#connection = null;
      this.#qr = null;
    }
  }

  async #notePhone(seenAt: number | null): Promise<void> {
    if (seenAt === null || seenAt - (this.#record.phoneSeenAt ?? 0) < NOTE_PHONE_EVERY_MS) return;
    this.#record.phoneSeenAt = seenAt;
    await this.#vault.save(this.#record);
  }

  #opened(auth: AuthState): void {
    this.#attempts.opened(this.#now());
    this.#record.account = accountOf(auth.creds);
    this.#vault.save(this.#record).catch((thrown: unknown) => {
      this.#deps.log.error({ err: toError(thrown), sessionId: this.id }, 'the session record was not saved');
    });
    this.#enter('connected', 'connected');
  }

  #decide({ code, message }: Closed, linked: boolean): Decision {
    this.#attempts.closed(this.#now());
    const { maxReconnectAttempts: maxAttempts } = this.#deps.settings;
    const { failures } = this.#attempts;
    const decision = decide({ code, message, status: this.#status, linked, failures, maxAttempts });
    this.#deps.log.info({ sessionId: this.id, code, cause: message, action: decision.action }, 'connection ended');
    this.#deps.listeners.onClosed(this, { code, message, known: decision.known });
    return decision;
  }

  async #end({ status, reason, credentials }: Decision, auth: AuthState): Promise<void> {
    if (credentials === 'shred') {
      this.#record.sealedKey = null;
      this.#record.account = null;
      await auth.shred();
    }
    await this.#rest(status, reason);
  }

  /** Stays as it is until somebody asks for a connection, over restarts too. */
  async #rest(status: SessionStatus, reason: ReasonCode): Promise<void> {
    this.#record.wanted = false;
    this.#record.ended = { status, reason, at: this.#now() };
    await this.#vault.save(this.#record);
    this.#enter(status, reason);
  }

  #proxyUrl(): string | null {
    const { sealedProxy } = this.#record;
    return sealedProxy === null
      ? (this.#deps.settings.defaultProxyUrl ?? null)
      : this.#vault.openProxy(this.id, sealedProxy);
  }

  #enter(status: SessionStatus, reason: ReasonCode): void {
    if (status === this.#status && reason === this.#reason && status !== 'qr') return;
    const changed = status !== this.#status || reason !== this.#reason;
    this.#status = status;
    this.#reason = reason;
    if (!changed) return;
    this.#since = this.#now();
    this.#deps.onState(this, this.info());
  }
}
