/** Session records: what is kept of a session besides its own database, sealed where it is secret. */
import type { ProfileName } from '../config.ts';
import { RuntimeError } from '../errors.ts';
import type { SessionId } from '../ids.ts';
import { createSeal, newDataKey, type Seal } from '../seal.ts';
import type { Database, KeyValue } from '../store/store.ts';
import type { KeptProxy } from './route.ts';
import type { ReasonCode, SessionStatus } from './states.ts';

/** A session as stored. */
export interface SessionRecord {
  sessionId: SessionId;
  hash: string;
  tenantId: string | null;
  humanization: ProfileName | null;
  proxy: KeptProxy;
  /** The data key, sealed with the master key; null once the credentials are shredded. */
  sealedKey: string | null;
  createdAt: number;
  /** Whether it should be connected; false after `disconnect`. */
  wanted: boolean;
  /** The state that ended it (logged out, banned, replaced), to be shown after a restart too. */
  ended: { status: SessionStatus; reason: ReasonCode; at: number } | null;
  /** When the account's phone last gave a sign, ms since 1970, to the hour; null before the first. */
  phoneSeenAt: number | null;
  account: { phone: string | null; lid: string | null; pushName: string | null } | null;
  /** Its removal has begun and is finished at the next start when it is not before; missing otherwise. */
  removing?: true;
}

/** What is known of a session wherever it is. */
export interface SessionOutline {
  id: SessionId;
  tenantId: string | null;
  /** It is being removed. */
  isLeaving: boolean;
  /** The proxy of the pool at which it has its place. */
  proxyId: string | null;
}

const NAMESPACE = 'sessions';

export class Vault {
  readonly #instance: Database;
  readonly #rows: KeyValue;
  readonly #master: Seal;
  readonly #mayWrite: (id: SessionId) => boolean;
  /** As they were at a version of the records. */
  #outlines: { version: number; all: SessionOutline[] } | undefined;

  constructor(instance: Database, master: Seal, mayWrite: (id: SessionId) => boolean = () => true) {
    this.#instance = instance;
    this.#rows = instance.keyValue(NAMESPACE);
    this.#master = master;
    this.#mayWrite = mayWrite;
  }

  async all(): Promise<SessionRecord[]> {
    const records: SessionRecord[] = [];
    for await (const [, record] of this.#rows.iterator?.(undefined) ?? []) records.push(record as SessionRecord);
    return records.sort((a, b) => a.createdAt - b.createdAt);
  }

  /** All sessions, the oldest first; read again only when a record has changed. */
  async outlines(): Promise<readonly SessionOutline[]> {
    const version = await this.#instance.version(NAMESPACE);
    if (this.#outlines?.version !== version) {
      const all = await this.all();
      this.#outlines = { version, all: all.map(outlineOf) };
    }
    return this.#outlines.all;
  }

  /** How many of these sessions have their place at each proxy of the pool. */
  async places(counts: (id: SessionId) => boolean): Promise<Map<string, number>> {
    const placed = new Map<string, number>();
    for (const { id, proxyId } of await this.outlines())
      if (proxyId !== null && counts(id)) placed.set(proxyId, (placed.get(proxyId) ?? 0) + 1);
    return placed;
  }

  async get(id: SessionId): Promise<SessionRecord | undefined> {
    return await this.#rows.get<SessionRecord>(id);
  }

  /** Throws `not_owner` once another worker has the session: what that one has written is not to be undone. */
  async save(record: SessionRecord): Promise<void> {
    if (!this.#mayWrite(record.sessionId)) throw new RuntimeError('not_owner');
    await this.#rows.set(record.sessionId, record);
  }

  /** Saves a record without its data key, and leaves no copy of that key: what it sealed can never be read again. */
  async destroyKey(record: SessionRecord): Promise<void> {
    record.sealedKey = null;
    record.account = null;
    await this.save(record);
    await this.#instance.scrub();
  }

  /** Removes the record, and with it the wrapped data key if it still has one. */
  async remove(id: SessionId): Promise<void> {
    await this.#rows.delete(id);
  }

  newKey(id: SessionId): string {
    return this.#master.seal(newDataKey().toString('base64'), `data-key/${id}`);
  }

  /** The seal of a session's own data key. */
  sealOf(id: SessionId, sealedKey: string): Seal {
    return createSeal(Buffer.from(this.#master.open(sealedKey, `data-key/${id}`), 'base64'));
  }

  sealProxy(id: SessionId, url: string): string {
    return this.#master.seal(url, `proxy/${id}`);
  }

  openProxy(id: SessionId, sealed: string): string {
    return this.#master.open(sealed, `proxy/${id}`);
  }
}

const outlineOf = ({ sessionId: id, tenantId, removing, proxy }: SessionRecord): SessionOutline => ({
  ...{ id, tenantId },
  isLeaving: removing === true,
  proxyId: proxy.mode === 'pool' ? proxy.proxyId : null,
});
