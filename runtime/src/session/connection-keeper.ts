/**
 * Keeps an account connected, as a loop: open a connection, wait until it ends, let the disconnect policy say what that
 * means, wait as long as it says, again. The loop ends when the account is no longer ours (logged out, banned, replaced),
 * when nobody accepted the link, or on the signal.
 */
import type { Semaphore } from 'async-mutex';
import { DEFAULT_CONNECTION_CONFIG } from '@whiskeysockets/baileys';
import { toError } from '../errors.ts';
import { sleepUnlessAborted } from '../time.ts';
import { accountOf, isLinked, type AuthState } from './auth-state.ts';
import { AttemptCount } from './backoff.ts';
import { Connection, type Closed } from './connection.ts';
import type { Credentials } from './credentials.ts';
import { decide, type Decision } from './disconnect-policy.ts';
import { InboundJournal, isStillToCome } from './inbound-journal.ts';
import type { Invitation } from './invitation.ts';
import type { ProtocolSign } from './protocol-signs.ts';
import type { Session, SessionsDeps } from './session.ts';
import type { Route } from './route.ts';
import type { Standing } from './standing.ts';
import type { SessionRecord, Vault } from './vault.ts';

/** The time of the phone's last sign is written down this often at the most. */
const NOTE_PHONE_EVERY_MS = 3_600_000;

export interface KeeperParts {
  session: Session;
  record: SessionRecord;
  vault: Vault;
  handshakes: Semaphore;
  deps: SessionsDeps;
  standing: Standing;
  invitation: Invitation;
  credentials: Credentials;
  route: Route;
}

export class ConnectionKeeper {
  readonly attempts = new AttemptCount();
  connection: Connection | null = null;
  readonly #session: Session;
  readonly #record: SessionRecord;
  readonly #vault: Vault;
  readonly #handshakes: Semaphore;
  readonly #deps: SessionsDeps;
  readonly #standing: Standing;
  readonly #invitation: Invitation;
  readonly #credentials: Credentials;
  readonly #route: Route;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #replayed = new Set<string>();
  readonly #mayAct = () => this.#deps.ownership?.holds(this.#session.id) ?? true;

  constructor(parts: KeeperParts) {
    this.#session = parts.session;
    this.#record = parts.record;
    this.#vault = parts.vault;
    this.#handshakes = parts.handshakes;
    this.#deps = parts.deps;
    this.#standing = parts.standing;
    this.#invitation = parts.invitation;
    this.#credentials = parts.credentials;
    this.#route = parts.route;
    this.#now = parts.deps.now ?? Date.now;
    this.#random = parts.deps.random ?? Math.random;
  }

  /** Resolves with the decision that ended it, or with null when the signal did. Rejects when the keys cannot be read. */
  async run(signal: AbortSignal): Promise<Decision | null> {
    const auth = await this.#credentials.open();
    const journal = new InboundJournal(this.#deps.store.session(this.#session.id), this.#replayed);
    while (!signal.aborted && this.#mayAct()) {
      const closed = await this.#connect(auth, journal, signal);
      if (!closed || signal.aborted) return null;
      const decision = this.#decide(closed, isLinked(auth.creds));
      this.#reportEnd(closed, decision);
      if (decision.action === 'end') return decision;
      this.#standing.enter(decision.status, decision.reason);
      this.#deps.metrics.reconnects.inc({ reason: decision.reason });
      await sleepUnlessAborted(this.attempts.next(decision.action, this.#random), signal);
    }
    return null;
  }

  /** One connection, from its turn to its end; null when the session was stopped before. */
  async #connect(auth: AuthState, journal: InboundJournal, signal: AbortSignal): Promise<Closed | null> {
    const proxyUrl = await this.#wayOut(signal);
    if (proxyUrl === undefined) return null;
    const [, release] = await this.#handshakes.acquire();
    if (signal.aborted || !this.#mayAct()) {
      release();
      return null;
    }
    const { settings, listeners } = this.#deps;
    const connection = new Connection(
      {
        auth,
        journal,
        wayOut: proxyUrl === null ? null : this.#deps.proxies.openWayOut(proxyUrl),
        ...{ options: settings, mayAct: this.#mayAct },
        log: this.#deps.log.child({ sessionId: this.#session.id }),
        sent: this.#deps.sent(this.#session.id),
      },
      {
        onQr: (qr, livesMs) => {
          release();
          this.#enter(connection);
          this.#invitation.show(connection.socket, qr, livesMs);
          listeners.onQr(this.#session, qr, Math.round(livesMs / 1_000));
        },
        onPaired: () => {
          this.attempts.reset();
          this.#standing.enter('pairing', 'linking');
        },
        onOpen: () => {
          release();
          this.#enter(connection);
          this.#opened(auth);
        },
        onMessages: (messages, offline) =>
          listeners.onMessages(this.#session, messages, offline, async (messageId) =>
            isStillToCome(messages, messageId)
              ? journal.expectContent(messageId)
              : await journal.settle({ messageId }, auth.keys),
          ),
        onAddresses: (addresses) => listeners.onAddresses(this.#session, addresses),
        onReceipt: (receipt, settle) => listeners.onReceipt(this.#session, receipt, settle),
        onRestriction: (restriction) => listeners.onRestriction(this.#session, restriction),
        onNews: (news, settle) => listeners.onNews(this.#session, news, settle),
        onProtocol: (sign) => this.#tell(sign),
      },
    );
    this.connection = connection;
    try {
      return await connection.ended(signal);
    } finally {
      release();
      await this.#notePhone(connection.socket.vitals().phoneSeenAt);
      this.connection = null;
      this.#invitation.end();
    }
  }

  /** The proxy to connect through, null for none; undefined when the session was stopped before there was one. */
  async #wayOut(signal: AbortSignal): Promise<string | null | undefined> {
    let waited = false;
    const onWaiting = () => {
      waited = true;
      this.#standing.enter(this.#standing.status, 'no_proxy_available');
    };
    const url = await this.#route.url({ signal, onWaiting });
    if (waited && url !== undefined) {
      this.attempts.reset();
      this.#standing.enter(this.#standing.status, 'starting');
    }
    return url;
  }

  async #notePhone(seenAt: number | null): Promise<void> {
    if (seenAt === null || seenAt - (this.#record.phoneSeenAt ?? 0) < NOTE_PHONE_EVERY_MS) return;
    this.#record.phoneSeenAt = seenAt;
    await this.#saveRecord();
  }

  /** A disk that is full for a while must not end the session: what is in the record is saved with the next change. */
  async #saveRecord(): Promise<void> {
    await this.#vault.save(this.#record).catch((thrown: unknown) => {
      this.#deps.log.error({ err: toError(thrown), sessionId: this.#session.id }, 'the session record was not saved');
    });
  }

  #tell(sign: ProtocolSign): void {
    this.#deps.listeners.onProtocol(this.#session, sign);
  }

  #enter(connection: Connection): void {
    if (!connection.entered) this.#tell({ sign: 'entered' });
    connection.entered = true;
  }

  #opened(auth: AuthState): void {
    this.#route.report(true);
    this.attempts.opened(this.#now());
    this.#record.account = accountOf(auth.creds);
    void this.#saveRecord();
    this.#standing.enter('connected', 'connected');
  }

  #decide({ code, message }: Closed, linked: boolean): Decision {
    this.attempts.closed(this.#now());
    const { maxReconnectAttempts: maxAttempts } = this.#deps.settings;
    const { failures } = this.attempts;
    const decision = decide({ code, message, status: this.#standing.status, linked, failures, maxAttempts });
    this.#deps.log.info(
      { sessionId: this.#session.id, code, cause: message, action: decision.action },
      'connection ended',
    );
    if (decision.reason === 'proxy_failed') this.#route.report(false);
    return decision;
  }

  #reportEnd({ code, entered }: Closed, { reason, known }: Decision): void {
    if (!known) this.#tell({ sign: 'drift', kind: 'disconnect_code', name: String(code ?? 'none') });
    if (reason === 'client_outdated') {
      this.#tell({ sign: 'drift', kind: 'version_refused', name: DEFAULT_CONNECTION_CONFIG.version.join('.') });
    }
    this.#tell({ sign: 'ended', entered, reason });
  }
}
