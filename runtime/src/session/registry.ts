/** All sessions of this process: makes, keeps, finds and removes them, and restores them at start. */
import { EventEmitter, once } from 'node:events';
import { Semaphore } from 'async-mutex';
import { RuntimeError } from '../errors.ts';
import { newSessionHash, newSessionId, type SessionId } from '../ids.ts';
import { closeConsole } from '../log.ts';
import { Link } from './link.ts';
import type { NewSession, Session, SessionInfo, Sessions, SessionsDeps } from './session.ts';
import type { SessionStatus } from './states.ts';
import { checkSignatures } from './signatures.ts';
import { separateSignalQueues } from './signal-queue.ts';
import { trustRoot } from './trust.ts';
import { Vault, type SessionRecord } from './vault.ts';

/** Handshakes at once, so that a start with many sessions does not stall the event loop (sandbox-protocol.md 9). */
const MAX_HANDSHAKES = 10;

export class SessionRegistry implements Sessions {
  readonly #deps: SessionsDeps;
  readonly #vault: Vault;
  readonly #handshakes = new Semaphore(MAX_HANDSHAKES);
  readonly #links = new Map<SessionId, Link>();
  readonly #changes = new EventEmitter().setMaxListeners(0);
  /** Ids being created: taken from the first moment, so that two requests cannot both make one. */
  readonly #creating = new Set<SessionId>();

  constructor(deps: SessionsDeps) {
    closeConsole();
    trustRoot(deps.settings.rootKey);
    checkSignatures();
    separateSignalQueues();
    this.#deps = deps;
    this.#vault = new Vault(deps.store.instance.keyValue('sessions'), deps.masterSeal);
  }

  async create(request: NewSession): Promise<Session> {
    const id = request.sessionId ?? newSessionId();
    if (this.#links.has(id) || this.#creating.has(id)) throw new RuntimeError('session_exists');
    if (this.#links.size + this.#creating.size >= this.#deps.settings.maxSessions)
      throw new RuntimeError('session_limit');
    if (request.proxyUrl !== undefined) await this.#deps.openWayOut(request.proxyUrl).close();
    this.#creating.add(id);
    try {
      const record: SessionRecord = {
        sessionId: id,
        hash: newSessionHash(),
        tenantId: request.tenantId ?? null,
        humanization: request.humanization ?? null,
        sealedProxy: request.proxyUrl === undefined ? null : this.#vault.sealProxy(id, request.proxyUrl),
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
    } finally {
      this.#creating.delete(id);
    }
  }

  find(id: SessionId): Session | undefined {
    return this.#links.get(id);
  }

  get(id: SessionId): Link {
    const link = this.#links.get(id);
    if (!link) throw new RuntimeError('session_not_found');
    return link;
  }

  requireLinked(id: SessionId): Session {
    const link = this.get(id);
    if (link.info().phone === null) throw new RuntimeError('session_not_linked');
    return link;
  }

  list(): Session[] {
    return [...this.#links.values()];
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

  async reconnect(id: SessionId): Promise<Session> {
    const link = this.get(id);
    await link.reconnect();
    return link;
  }

  async remove(id: SessionId, whenAtRest: () => Promise<void>): Promise<void> {
    await this.get(id).retire();
    await whenAtRest();
    this.#links.delete(id);
    await this.#vault.remove(id);
    await this.#deps.store.removeSession(id);
  }

  async wait(id: SessionId, statuses: SessionStatus[], signal: AbortSignal): Promise<boolean> {
    for (;;) {
      if (statuses.includes(this.get(id).info().status)) return true;
      if (signal.aborted) return false;
      // No await stands between looking and listening, so no change is missed.
      await once(this.#changes, id, { signal }).catch(() => undefined);
    }
  }

  async restore(): Promise<void> {
    const records = await this.#vault.all();
    for (const record of records) this.#add(record);
    for (const record of records) if (record.wanted && !record.ended) await this.get(record.sessionId).start();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => link.stop()));
  }

  #add(record: SessionRecord): Link {
    const onState = (link: Link, info: SessionInfo) => {
      this.#deps.listeners.onState(link, info);
      this.#changes.emit(info.sessionId);
    };
    const link = new Link(record, this.#vault, this.#handshakes, { ...this.#deps, onState });
    this.#links.set(record.sessionId, link);
    return link;
  }
}
