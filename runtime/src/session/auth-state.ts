/**
 * A session's credentials and Signal keys: sealed with the session's own data key, one row a key, each batch atomic.
 * There is no cache: a read is one indexed row of a local file, and pre-keys stay out of memory.
 *
 * Credentials and keys that belong together are written in the order the client makes them (the credentials that count a
 * pre-key, then the pre-key), each on disk before the client goes on: a crash between leaves a number without its key,
 * which the client notices at its next login, and never a key that is at the server and not here.
 *
 * The client deletes little. What can be had again is forgotten when nobody has used it for long (`KEEP_DAYS`), and of the
 * pre-keys the newest are kept; for good stay the addresses of people (`lid-mapping`, two short rows for each person ever
 * met) and the app state.
 */
import {
  BufferJSON,
  initAuthCreds,
  proto,
  type AuthenticationCreds,
  type SignalDataSet,
  type SignalDataTypeMap,
  type SignalKeyStore,
} from '@whiskeysockets/baileys';
import { phoneOf, toJid } from '../ids.ts';
import type { Seal } from '../seal.ts';
import type { Batch, Database } from '../store/store.ts';

const CREDS = 'creds';
const NAMESPACE = 'auth';
/**
 * How many days after it was last written a row is forgotten, by its kind. Without a session, or a sender key, the next
 * message is sent again by its writer after a retry receipt; the rest is asked of the server when it is needed. The memory
 * of who has our sender key must end before that key does. Plaintext that no message came of: as long as its stanza.
 */
const KEEP_DAYS: Readonly<Record<string, number>> = {
  session: 365,
  'identity-key': 365,
  'sender-key': 365,
  'sender-key-memory': 180,
  'device-list': 30,
  tctoken: 60,
  'inbound-plaintext': 3,
};
const DAY_MS = 24 * 3_600_000;
/** The server has some 800 at the most; older ones were handed to somebody who never wrote. */
const MOST_PRE_KEYS = 5_000;
/** One entry a history sync; only whether there is any matters (Utils/process-message.js:245). */
const MOST_HISTORY_ENTRIES = 20;

export interface AuthState {
  creds: AuthenticationCreds;
  keys: SignalKeyStore;
  /** Writes the credentials as they are now. */
  saveCreds(): Promise<void>;
  /** Takes back what asking for a pairing code has put there and nobody has accepted. */
  forgetUnfinishedLink(): void;
  /** Resolves when no read or write is under way. */
  settled(): Promise<void>;
}

/** There is a linked account: the phone has signed this device. */
export const isLinked = (creds: AuthenticationCreds): boolean => creds.me !== undefined && creds.account !== undefined;

export const accountOf = ({ me }: AuthenticationCreds) => {
  const jid = toJid(me?.id);
  return { phone: jid && phoneOf(jid), lid: toJid(me?.lid), pushName: me?.name ?? null };
};

export async function openAuthState(database: Database, seal: Seal, context: string): Promise<AuthState> {
  const rows = database.keyValue(NAMESPACE);
  const write = (name: string, value: unknown) =>
    seal.seal(JSON.stringify(value, BufferJSON.replacer), `${context}/${name}`);
  const read = (name: string, sealed: string): unknown => {
    const text = seal.open(sealed, `${context}/${name}`);
    // To look at each value of it takes many times as long, and a Signal session, which is read most, holds no bytes.
    return JSON.parse(text, text.includes('"Buffer"') ? BufferJSON.reviver : undefined);
  };

  const saved = await rows.get<string>(CREDS);
  const creds = saved === undefined ? initAuthCreds() : (read(CREDS, saved) as AuthenticationCreds);
  const busy = new Set<Promise<unknown>>();
  const tracked = async <T>(work: Promise<T>): Promise<T> => {
    busy.add(work);
    try {
      return await work;
    } finally {
      busy.delete(work);
    }
  };
  const keys: SignalKeyStore = {
    async get(type, ids) {
      const names = ids.map((id) => `${type}/${id}`);
      const found = await tracked(rows.getMany<string>(names));
      const result: Record<string, SignalDataTypeMap[typeof type]> = {};
      for (const [at, sealed] of found.entries()) {
        const id = ids[at];
        const name = names[at];
        if (sealed !== undefined && id !== undefined && name !== undefined)
          result[id] = revive(type, read(name, sealed));
      }
      return result;
    },
    async set(data) {
      const batch = batchOf(data, write);
      if (batch.set.length + batch.remove.length > 0) await tracked(database.write(NAMESPACE, batch));
    },
  };
  return {
    creds,
    keys,
    saveCreds() {
      creds.processedHistoryMessages = creds.processedHistoryMessages?.slice(-MOST_HISTORY_ENTRIES) ?? [];
      return tracked(database.write(NAMESPACE, { set: [{ key: CREDS, value: write(CREDS, creds) }], remove: [] }));
    },
    forgetUnfinishedLink() {
      if (isLinked(creds)) return;
      delete creds.me;
      creds.pairingCode = undefined;
      creds.registered = false;
    },
    async settled() {
      // Who was answered may go on at once: the client reads, decrypts, and writes.
      do {
        await Promise.allSettled(busy);
        await new Promise((resolve) => setImmediate(resolve));
      } while (busy.size > 0);
    },
  };
}

function batchOf(data: SignalDataSet, write: (name: string, value: unknown) => string): Batch {
  const batch: Batch = { set: [], remove: [] };
  for (const [type, values] of Object.entries(data)) {
    for (const [id, value] of Object.entries(values ?? {})) {
      const key = `${type}/${id}`;
      if (value === null || value === undefined) batch.remove.push(key);
      else batch.set.push({ key, value: write(key, value), ttl: ttlOf(type) });
      if (type === 'pre-key' && value) batch.remove.push(`pre-key/${Number(id) - MOST_PRE_KEYS}`);
    }
  }
  return batch;
}

const ttlOf = (type: string): number | undefined => {
  const days = KEEP_DAYS[type];
  return days === undefined ? undefined : days * DAY_MS;
};

/** A session's keys and credentials as they are at this moment, by name and in clear; with nothing a replay would need. */
export async function exportAuthState(database: Database, seal: Seal, context: string): Promise<[string, string][]> {
  const rows = await database.snapshot(NAMESPACE);
  return rows
    .filter(([name]) => !name.startsWith('inbound-plaintext/'))
    .map(([name, sealed]) => [name, seal.open(String(sealed), `${context}/${name}`)]);
}

/** Writes what `exportAuthState` gave, all or nothing. */
export async function importAuthState(
  database: Database,
  seal: Seal,
  context: string,
  rows: readonly [string, string][],
): Promise<void> {
  const set = rows.map(([key, text]) => ({
    ...{ key, value: seal.seal(text, `${context}/${key}`) },
    ttl: ttlOf(key.slice(0, key.indexOf('/'))),
  }));
  await database.write(NAMESPACE, { set, remove: [] });
}

/** Removes all rows of a session's keys. The data key they are sealed with is to be destroyed first. */
export const clearAuthState = (database: Database): Promise<void> => database.keyValue(NAMESPACE).clear();

/** App-state sync keys are protobuf messages and must come back as such. */
function revive<Type extends keyof SignalDataTypeMap>(type: Type, value: unknown): SignalDataTypeMap[Type] {
  if (type === 'app-state-sync-key') {
    return proto.Message.AppStateSyncKeyData.fromObject(value as object) as unknown as SignalDataTypeMap[Type];
  }
  return value as SignalDataTypeMap[Type];
}
