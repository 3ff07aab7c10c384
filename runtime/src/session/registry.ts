/** All sessions of this process: makes, keeps, finds and removes them, and restores them at start. */
import { EventEmitter, once } from 'node:events';
import { Semaphore } from 'async-mutex';
import type { ProfileName } from '../config.ts';
import { RuntimeError } from '../errors.ts';
import { newSessionHash, newSessionId, type SessionId } from '../ids.ts';
import { closeConsole } from '../log.ts';
import { Credentials } from './credentials.ts';
import { Link } from './link.ts';
import { pageOf, type SessionFilter, type SessionPage } from './listing.ts';
import { imported, type ExportedSession } from './portable.ts';
import type { NewSession, Session, SessionInfo, Sessions, SessionsDeps } from './session.ts';
import { checkChoice, choiceByDefault, kept, type ProxyChoice } from './route.ts';
import type { SessionStatus } from './states.ts';
import { checkSignatures } from './signatures.ts';
import { separateSignalQueues } from './signal-queue.ts';
import { Retention, type Due } from './retention.ts';
import { trustRoot } from './trust.ts';
import { Vault, type SessionOutline, type SessionRecord } from './vault.ts';

/** Handshakes at once, so that a start with many sessions does not stall the event loop (sandbox-protocol.md 9). */
const MAX_HANDSHAKES = 10;

/** Whoever asks here for a session that has gone to another worker just now finds it there soon. */
const MOVING_MS = 10_000;

export class SessionRegistry implements Sessions {
  readonly #deps: SessionsDeps;
  readonly #vault: Vault;
  readonly #handshakes = new Semaphore(MAX_HANDSHAKES);
  readonly #links = new Map<SessionId, Link>();
  readonly #retention: Retention;
  readonly #stopping = new AbortController();
  #running: Promise<void> | null = null;
  readonly #changes = new EventEmitter().setMaxListeners(0);
  /** Restored, and still waiting for their first turn to connect. */
  readonly #starting = new Set<SessionId>();
  /** Sessions that went to another worker, and when by the monotonic clock. */
  readonly #handedOver = new Map<SessionId, number>();
  /** Ids being created or removed: taken from the first moment to the last, so that no two of these can meet. */
  readonly #busy = new Set<SessionId>();

  constructor(deps: SessionsDeps) {
    closeConsole();
    trustRoot(deps.settings.rootKey);
    checkSignatures();
    separateSignalQueues();
    this.#deps = deps;
    this.#vault = new Vault(deps.store.instance, deps.masterSeal, (id) => deps.ownership?.holds(id) ?? true);
    this.#retention = new Retention({
      settings: deps.settings,
      sessions: () => [...this.#links.values()].map((link) => link.info()),
      carryOut: (id, what) => this.#clear(id, what),
      now: deps.now ?? Date.now,
      log: deps.log,
    });
  }

  async create(request: NewSession): Promise<Session> {
    const id = request.sessionId ?? newSessionId();
    const choice = request.proxy ?? (await choiceByDefault(this.#deps.proxies));
    return await this.#making(
      id,
      () => checkChoice(choice, this.#deps.proxies),
      async () => {
        const record: SessionRecord = {
          sessionId: id,
          hash: newSessionHash(),
          tenantId: request.tenantId ?? null,
          humanization: request.humanization ?? null,
          proxy: kept(choice, id, this.#vault),
          sealedKey: this.#vault.newKey(id),
          createdAt: (this.#deps.now ?? Date.now)(),
          wanted: true,
          ended: null,
          phoneSeenAt: null,
          account: null,
        };
        await this.#vault.save(record);
        const link = this.#add(record);
        await link.start();
        return link;
      },
    );
  }

  async exportSession(id: SessionId): Promise<ExportedSession> {
    return await this.get(id).export();
  }

  async importSession(id: SessionId, session: ExportedSession, before: () => Promise<void>): Promise<Session> {
    const { proxyUrl } = session;
    const check = async () => void (proxyUrl && (await this.#deps.proxies.openWayOut(proxyUrl).close()));
    return await this.#making(id, check, async () => {
      const { store, now = Date.now } = this.#deps;
      const record = imported(id, session, this.#vault, now());
      await new Credentials(record, this.#vault, () => store.session(id)).import(session.keys);
      await before();
      await this.#vault.save(record);
      return this.#add(record);
    });
  }

  /** Takes an id while its session is being made. Throws `session_exists`, `session_limit`, and what `check` throws. */
  async #making(id: SessionId, check: () => Promise<void>, make: () => Promise<Session>): Promise<Session> {
    if (this.#links.has(id) || this.#busy.has(id)) throw new RuntimeError('session_exists');
    if (new Set([...this.#links.keys(), ...this.#busy]).size >= this.#deps.settings.maxSessions)
      throw new RuntimeError('session_limit');
    this.#busy.add(id);
    const { ownership } = this.#deps;
    const reserved = await ownership?.reserve(id).catch((error: unknown) => {
      this.#busy.delete(id);
      throw error;
    });
    try {
      if (ownership && (!reserved || (await this.#vault.get(id)))) throw new RuntimeError('session_exists');
      await check();
      // An import that a crash or a full disk interrupted leaves keys of which there is no record, so that nobody can read them.
      await this.#deps.store.removeSession(id);
      return await make();
    } catch (error) {
      if (reserved && !this.#links.has(id)) await ownership?.free(id);
      throw error;
    } finally {
      this.#busy.delete(id);
    }
  }

  find(id: SessionId): Session | undefined {
    return this.#links.get(id);
  }

  get(id: SessionId): Link {
    const link = this.#links.get(id);
    if (link) return link;
    const isMoving = performance.now() - (this.#handedOver.get(id) ?? -MOVING_MS) < MOVING_MS;
    throw isMoving ? new RuntimeError('session_moving', { retryAfter: 1 }) : new RuntimeError('session_not_found');
  }

  requireLinked(id: SessionId): Session {
    const link = this.get(id);
    if (link.info().phone === null) throw new RuntimeError('session_not_linked');
    return link;
  }

  list(): Session[] {
    return [...this.#links.values()];
  }

  page(filter: SessionFilter): SessionPage {
    const all = this.list().map((session) => session.info());
    return pageOf(all, filter);
  }

  async setHumanization(id: SessionId, name: ProfileName | null): Promise<void> {
    await this.get(id).setHumanization(name);
  }

  qr(id: SessionId): { qr: string; expiresIn: number } {
    const shown = this.get(id).qr();
    if (!shown) throw new RuntimeError('qr_not_available');
    return shown;
  }

  async disconnect(id: SessionId): Promise<Session> {
    const link = this.get(id);
    await link.disconnect();
    return link;
  }

  async changeProxy(id: SessionId, choice: ProxyChoice): Promise<Session> {
    const link = this.get(id);
    await checkChoice(choice, this.#deps.proxies);
    await link.changeProxy(choice);
    return link;
  }

  async reconnect(id: SessionId): Promise<Session> {
    const link = this.get(id);
    await link.reconnect();
    return link;
  }

  async pairingCode(id: SessionId, phone: string): Promise<{ code: string; expiresIn: number }> {
    return await this.get(id).pairingCode(phone);
  }

  async logOut(id: SessionId): Promise<{ confirmed: boolean }> {
    return { confirmed: await this.get(id).logOut() };
  }

  async remove(id: SessionId, logOut: boolean): Promise<{ confirmed: boolean }> {
    const confirmed = await this.get(id).retire(logOut);
    await this.#finishRemoval(id);
    return { confirmed };
  }

  /** What retention asks for, unless somebody has asked for something else meanwhile. */
  async #clear(id: SessionId, what: Due['what']): Promise<void> {
    const link = this.#links.get(id);
    if (what === 'give_up') await link?.giveUpReplaced();
    else if (link?.isOver()) await this.remove(id, false);
  }

  /** The data key is gone and the record marked; from here on it can only be finished, now or at the next start. */
  async #finishRemoval(id: SessionId): Promise<void> {
    this.#busy.add(id);
    try {
      await this.#deps.release(id);
      this.#links.delete(id);
      // Whoever waits for this session learns that it is gone.
      this.#changes.emit(id);
      await this.#deps.store.removeSession(id);
      await this.#vault.remove(id);
      await this.#deps.ownership?.free(id);
    } finally {
      this.#busy.delete(id);
    }
  }

  async wait(id: SessionId, statuses: SessionStatus[], signal: AbortSignal): Promise<boolean> {
    for (;;) {
      if (statuses.includes(this.get(id).info().status)) return true;
      if (signal.aborted) return false;
      // No await stands between looking and listening, so no change is missed.
      await once(this.#changes, id, { signal }).catch(() => undefined);
    }
  }

  async adopt(id: SessionId): Promise<void> {
    const record = this.#busy.has(id) ? undefined : await this.#vault.get(id);
    if (!record || this.#links.has(id)) return;
    this.#handedOver.delete(id);
    if (record.removing) return await this.#finishRemoval(id);
    const link = this.#add(record);
    if (record.wanted && !record.ended) await link.start();
  }

  async handOver(id: SessionId, lost: boolean): Promise<void> {
    const link = this.#links.get(id);
    if (!lost) await this.#deps.finish?.(id);
    await (lost ? link?.abandon() : link?.stop());
    await this.#deps.letGo?.(id);
    if (this.#links.get(id) === link) this.#links.delete(id);
    this.#starting.delete(id);
    this.#handedOver.set(id, performance.now());
    // Whoever waits for it here is to wait elsewhere.
    this.#changes.emit(id);
    await this.#deps.store.closeSession(id);
  }

  async everywhere(): Promise<readonly SessionOutline[]> {
    return await this.#vault.outlines();
  }

  async placedElsewhere(): Promise<ReadonlyMap<string, number>> {
    return await this.#vault.places((id) => !this.#links.has(id));
  }

  async restore(): Promise<void> {
    // Those are taken one by one, by `adopt`.
    if (this.#deps.ownership) {
      this.#running = this.#retention.run(this.#stopping.signal);
      return;
    }
    const all = await this.#vault.all();
    for (const { sessionId, removing } of all) if (removing) await this.#finishRemoval(sessionId);
    const records = all.filter(({ removing }) => !removing);
    for (const record of records) this.#add(record);
    const wanted = records.filter(({ wanted: isWanted, ended }) => isWanted && !ended);
    for (const { sessionId } of wanted) this.#starting.add(sessionId);
    for (const { sessionId } of wanted) await this.get(sessionId).start();
    this.#running = this.#retention.run(this.#stopping.signal);
  }

  starting(): number {
    return this.#starting.size;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await Promise.all([...this.#links.values()].map((link) => link.stop()));
  }

  #add(record: SessionRecord): Link {
    const onState = (link: Link, info: SessionInfo) => {
      if (info.reason.code !== 'starting') this.#starting.delete(info.sessionId);
      this.#deps.listeners.onState(link, info);
      this.#changes.emit(info.sessionId);
      this.#retention.wake();
    };
    const link = new Link(record, this.#vault, this.#handshakes, { ...this.#deps, onState });
    this.#links.set(record.sessionId, link);
    return link;
  }
}
