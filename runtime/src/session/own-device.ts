/**
 * B6: in a group that addresses people by LID the client does not recognise this very device among the account's
 * (Utils/signal.js:150 compares a whole JID with its user part). It would fetch its own keys, using up a pre-key each
 * time, and send itself the key of its own messages. Here it is told that it has that key already.
 */
import { jidDecode, jidEncode, type AuthenticationCreds, type SignalKeyStore } from '@whiskeysockets/baileys';

/** The keys, with this device among those that have every group's sender key. */
export function knowingOwnDevice(keys: SignalKeyStore, creds: AuthenticationCreds): SignalKeyStore {
  return {
    ...keys,
    async get(type, ids) {
      const found = await keys.get(type, ids);
      const own = ownDevice(creds);
      if (type !== 'sender-key-memory' || own === null) return found;
      return Object.fromEntries(
        ids.map((id) => [id, { ...(found[id] as object | undefined), [own]: true }]),
      ) as typeof found;
    },
  };
}

function ownDevice({ me }: AuthenticationCreds): string | null {
  const [device, lid] = [jidDecode(me?.id)?.device, jidDecode(me?.lid)?.user];
  return lid === undefined ? null : jidEncode(lid, 'lid', device);
}
