/**
 * A session's credentials and Signal keys: sealed with the session's own data key, one row a key, each batch atomic.
 * There is no cache: a read is one indexed row of a local file, and pre-keys stay out of memory.
 */
import {
  BufferJSON,
  initAuthCreds,
  proto,
  type AuthenticationCreds,
  type SignalDataTypeMap,
  type SignalKeyStore,
} from '@whiskeysockets/baileys';
import { phoneOf, toJid } from '../ids.ts';
import type { Seal } from '../seal.ts';
import type { KeyValue } from '../store/store.ts';

const CREDS = 'creds';

export interface AuthState {
  creds: AuthenticationCreds;
  keys: SignalKeyStore;
  /** Writes the credentials as they are now. */
  saveCreds(): Promise<void>;
  /** Resolves when no read or write is under way. */
  settled(): Promise<void>;
  /** Removes everything; with the data key gone too, nothing of it can ever be read again. */
  shred(): Promise<void>;
}

/** There is a linked account: the phone has signed this device. */
export const isLinked = (creds: AuthenticationCreds): boolean => creds.me !== undefined && creds.account !== undefined;

export const accountOf = ({ me }: AuthenticationCreds) => {
  const jid = toJid(me?.id);
  return { phone: jid && phoneOf(jid), lid: toJid(me?.lid), pushName: me?.name ?? null };
};

export async function openAuthState(rows: KeyValue, seal: Seal, context: string): Promise<AuthState> {
  const write = (name: string, value: unknown) =>
    seal.seal(JSON.stringify(value, BufferJSON.replacer), `${context}/${name}`);
  const read = (name: string, sealed: string): unknown =>
    JSON.parse(seal.open(sealed, `${context}/${name}`), BufferJSON.reviver);

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
      const kept: { key: string; value: string }[] = [];
      const gone: string[] = [];
      for (const [type, values] of Object.entries(data)) {
        for (const [id, value] of Object.entries(values ?? {})) {
          const name = `${type}/${id}`;
          if (value === null || value === undefined) gone.push(name);
          else kept.push({ key: name, value: write(name, value) });
        }
      }
      // Written before removed: a crash between leaves a used pre-key too many, never a session without its keys.
      if (kept.length > 0) await tracked(rows.setMany(kept));
      if (gone.length > 0) await tracked(rows.deleteMany(gone));
    },
  };
  return {
    creds,
    keys,
    saveCreds: async () => void (await tracked(rows.set(CREDS, write(CREDS, creds)))),
    async settled() {
      while (busy.size > 0) await Promise.allSettled(busy);
    },
    shred: () => rows.clear(),
  };
}

/** App-state sync keys are protobuf messages and must come back as such. */
function revive<Type extends keyof SignalDataTypeMap>(type: Type, value: unknown): SignalDataTypeMap[Type] {
  if (type === 'app-state-sync-key') {
    return proto.Message.AppStateSyncKeyData.fromObject(value as object) as unknown as SignalDataTypeMap[Type];
  }
  return value as SignalDataTypeMap[Type];
}
