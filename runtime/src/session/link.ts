/** One account's link to WhatsApp as its owner sees it: what it is, and what can be asked of it, one thing after the other. */
import { Mutex, type Semaphore } from 'async-mutex';
import type { ProfileName } from '../config.ts';
import { RuntimeError, toError } from '../errors.ts';
import type { SessionId } from '../ids.ts';
import type { Seal } from '../seal.ts';
import { ConnectionKeeper } from './connection-keeper.ts';
import { Credentials } from './credentials.ts';
import { Invitation } from './invitation.ts';
import { exported, type ExportedSession } from './portable.ts';
import { Route, type ProxyChoice } from './route.ts';
import type { Session, SessionInfo, SessionsDeps } from './session.ts';
import type { LiveSocket, WayOut } from './socket.ts';
import { Standing } from './standing.ts';
import { REASONS, type ReasonCode, type SessionStatus } from './states.ts';
import type { SessionRecord, Vault } from './vault.ts';

/** Older suspicions are of no interest to anybody. */
const REMEMBERED_SUSPICIONS = 20;
/** To the loop a connection like any other that broke. */
const LOST = 408;
/** How long WhatsApp may take to confirm that the device is off the account. */
const UNLINK_MS = 5_000;

export type LinkDeps = SessionsDeps & { onState(link: Link, info: SessionInfo): void };

export class Link implements Session {
  readonly id: SessionId;
  readonly hash: string;
  readonly #record: SessionRecord;
  readonly #vault: Vault;
  readonly #deps: LinkDeps;
  readonly #now: () => number;
  readonly #credentials: Credentials;
  readonly #standing: Standing;
  readonly #invitation: Invitation;
  readonly #route: Route;
  readonly #keeper: ConnectionKeeper;
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
    this.#deps = deps;
    this.#now = deps.now ?? Date.now;
    this.#credentials = new Credentials(record, vault, () => deps.store.session(record.sessionId));
    this.#standing = new Standing(record.ended, this.#now, () => deps.onState(this, this.info()));
    this.#invitation = new Invitation(this.#standing, this.#now);
    this.#route = new Route(record, vault, deps.proxies);
    this.#keeper = new ConnectionKeeper({
      ...{ session: this, record, vault, handshakes, deps },
      ...{ standing: this.#standing, invitation: this.#invitation, credentials: this.#credentials },
      route: this.#route,
    });
  }

  info(): SessionInfo {
    const { sessionId, hash, tenantId, humanization, createdAt, account } = this.#record;
    return {
      ...{ sessionId, hash, tenantId, humanization, createdAt },
      ...{ status: this.#standing.status, reason: REASONS[this.#standing.reason], since: this.#standing.since },
      ...(account ?? { phone: null, lid: null, pushName: null }),
      ...{ proxy: this.#route.shown(), proxyMode: this.#route.mode, proxyRegion: this.#route.region },
      reconnectAttempts: this.#keeper.attempts.failures,
    };
  }

  humanization(): ProfileName | null {
    return this.#record.humanization;
  }

  setHumanization(name: ProfileName | null): Promise<void> {
    return this.#inTurn.runExclusive(async () => {
      this.#refuseIfRetired();
      this.#record.humanization = name;
      await this.#vault.save(this.#record);
    });
  }

  live(): LiveSocket | null {
    const { connection } = this.#keeper;
    return this.#standing.status === 'connected' && connection?.over === false ? connection.socket : null;
  }

  suspect(why: string): void {
    const { connection } = this.#keeper;
    // However many notice that it is ill, one connection is suspected once.
    if (!connection || connection.over || connection.suspected) return;
    connection.suspected = true;
    this.#suspicions = [...this.#suspicions, this.#now()].slice(-REMEMBERED_SUSPICIONS);
    connection.socket.end(408, why);
  }

  suspicions(since: number): number {
    return this.#suspicions.filter((at) => at >= since).length;
  }

  restart(): Promise<void> {
    return this.#inTurn.runExclusive(async () => {
      // What came to rest before the watchdog's turn, by its owner's wish or for good, is not woken by it.
      if (!this.#loop) return;
      await this.#stop();
      await this.#start();
    });
  }

  async useAnotherProxy(): Promise<boolean> {
    const moved = await this.#route.another();
    if (moved) await this.restart();
    return moved;
  }

  phoneSeenAt(): number {
    const { phoneSeenAt, createdAt } = this.#record;
    return Math.max(phoneSeenAt ?? createdAt, this.#keeper.connection?.socket.vitals().phoneSeenAt ?? 0);
  }

  openWayOut(): WayOut | null {
    return this.#route.openWayOut();
  }

  seal(): Seal {
    const { sealedKey } = this.#record;
    if (sealedKey === null) throw new RuntimeError('session_not_linked');
    return this.#vault.sealOf(this.id, sealedKey);
  }

  /** The code to scan now and the seconds it has left; null when there is none. */
  qr(): { qr: string; expiresIn: number } | null {
    return this.#invitation.qr();
  }

  async pairingCode(phone: string): Promise<{ code: string; expiresIn: number }> {
    if (this.#record.account !== null || this.#standing.status === 'pairing') throw new RuntimeError('already_linked');
    return await this.#invitation.code(phone);
  }

  /** Begins to connect, and remembers that this is wanted. Does nothing while it is under way. */
  start(): Promise<void> {
    return this.#inTurn.runExclusive(() => this.#start());
  }

  /** Ends the connection; nothing is remembered, so that a restart connects again. */
  stop(): Promise<void> {
    return this.#inTurn.runExclusive(() => this.#stop());
  }

  /** As `stop`, and what goes over the connection ends before anything is waited for. */
  abandon(): Promise<void> {
    this.#keeper.connection?.socket.end(LOST, 'another worker has the session');
    return this.stop();
  }

  disconnect(): Promise<void> {
    return this.#inTurn.runExclusive(async () => {
      await this.#stop();
      await this.#rest('disconnected', 'disconnected_by_user', 'keep');
    });
  }

  /** From now on the session's traffic leaves by this way, or waits for it. */
  changeProxy(choice: ProxyChoice): Promise<void> {
    return this.#inTurn.runExclusive(async () => {
      this.#refuseIfRetired();
      if (!this.#route.differs(choice)) return;
      const running = this.#loop !== null;
      await this.#stop();
      try {
        await this.#route.change(choice);
      } finally {
        if (running) await this.#start();
      }
    });
  }

  reconnect(): Promise<void> {
    return this.#inTurn.runExclusive(async () => {
      await this.#stop();
      await this.#start();
    });
  }

  /** Takes the device off the account and destroys the credentials; says whether WhatsApp confirmed the former. */
  logOut(): Promise<boolean> {
    return this.#inTurn.runExclusive(async () => {
      this.#refuseIfRetired();
      if (this.#record.account === null) throw new RuntimeError('session_not_linked');
      const confirmed = await this.#unlink();
      await this.#stop();
      await this.#rest('logged_out', 'logged_out_by_user', 'shred');
      return confirmed;
    });
  }

  /** Throws `session_not_linked`. */
  async export(): Promise<ExportedSession> {
    return exported(this.#record, this.#vault, await this.#credentials.export());
  }

  /** The account is no longer ours, and nobody has asked for another link. */
  isOver(): boolean {
    return this.#standing.status === 'logged_out' || this.#standing.status === 'banned';
  }

  /** Destroys the credentials of a session that was replaced and not connected again; does nothing in any other state. */
  giveUpReplaced(): Promise<void> {
    return this.#inTurn.runExclusive(async () => {
      if (!this.#retired && this.#standing.status === 'replaced')
        await this.#rest('logged_out', 'replaced_for_good', 'shred');
    });
  }

  /**
   * Ends the connection for good and destroys the credentials: the session is being removed, and is marked so. With `logOut`
   * the device is taken off the account first; says whether the phone's list is known to be without it. Throws
   * `session_not_found` the second time.
   */
  retire(logOut: boolean): Promise<boolean> {
    return this.#inTurn.runExclusive(async () => {
      this.#refuseIfRetired();
      this.#retired = true;
      const confirmed = this.#record.account === null || (logOut && (await this.#unlink()));
      await this.#stop();
      this.#record.wanted = false;
      this.#record.removing = true;
      await this.#credentials.destroy();
      this.#standing.enter('disconnected', 'disconnected_by_user');
      return confirmed;
    });
  }

  async #unlink(): Promise<boolean> {
    return (await this.live()?.unlink(UNLINK_MS)) ?? false;
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
    this.#keeper.attempts.reset();
    this.#standing.enter('connecting', 'starting');
    const stopping = new AbortController();
    const ended = this.#run(stopping.signal).catch((thrown: unknown) => {
      this.#deps.log.error({ err: toError(thrown), sessionId: this.id }, 'session loop ended');
      this.#standing.enter('failed', 'credentials_not_readable');
    });
    const loop = { stopping, ended: ended.finally(() => this.#loop === loop && (this.#loop = null)) };
    this.#loop = loop;
  }

  async #stop(): Promise<void> {
    this.#loop?.stopping.abort();
    await this.#loop?.ended;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const end = await this.#keeper.run(signal);
    if (end) await this.#rest(end.status, end.reason, end.credentials);
  }

  /** Stays as it is until somebody asks for a connection, over restarts too. */
  async #rest(status: SessionStatus, reason: ReasonCode, credentials: 'keep' | 'shred'): Promise<void> {
    this.#record.wanted = false;
    this.#record.ended = { status, reason, at: this.#now() };
    if (credentials === 'shred' || this.#record.account === null) this.#route.leave();
    await (credentials === 'shred' ? this.#credentials.destroy() : this.#vault.save(this.#record));
    this.#standing.enter(status, reason);
  }
}
