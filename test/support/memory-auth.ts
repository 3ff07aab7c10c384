/** The auth state of a client that keeps everything in memory. */
import { initAuthCreds, proto } from '@whiskeysockets/baileys';
import type { AuthenticationCreds, AuthenticationState, SignalDataTypeMap } from '@whiskeysockets/baileys';

/** All there is of an auth state. */
export interface KeptAuth {
  creds: AuthenticationCreds;
  keys: [string, unknown][];
}

const stores = new WeakMap<AuthenticationState, Map<string, unknown>>();

/** What an auth state holds now, to begin another with. */
export const keptAuth = (auth: AuthenticationState): KeptAuth => ({
  creds: auth.creds,
  keys: [...(stores.get(auth) ?? [])],
});

/** Credentials and keys, kept across connections as a real client's disk would keep them. */
export function memoryAuth({ creds = initAuthCreds(), keys = [] }: Partial<KeptAuth> = {}): AuthenticationState {
  const stored = new Map<string, unknown>(keys);
  const auth: AuthenticationState = {
    creds,
    keys: {
      get: async <T extends keyof SignalDataTypeMap>(type: T, ids: string[]) => {
        const found: Record<string, SignalDataTypeMap[T]> = {};
        for (const id of ids) {
          const value = stored.get(`${type}:${id}`) as SignalDataTypeMap[T] | undefined;
          if (value !== undefined) {
            found[id] =
              type === 'app-state-sync-key'
                ? (proto.Message.AppStateSyncKeyData.fromObject(value as object) as never)
                : value;
          }
        }
        return found;
      },
      set: async (data) => {
        for (const [type, entries] of Object.entries(data)) {
          for (const [id, value] of Object.entries(entries)) {
            if (value) stored.set(`${type}:${id}`, value);
            else stored.delete(`${type}:${id}`);
          }
        }
      },
    },
  };
  stores.set(auth, stored);
  return auth;
}
