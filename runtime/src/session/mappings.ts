/**
 * Notices when the client learns which number and which LID are one person's: from messages, lookups, histories and news of
 * the server, all of which it puts into this one store and tells nobody of most of them.
 */
import type { SocketConfig } from '@whiskeysockets/baileys';
import { toJid, type Jid } from '../ids.ts';

type MakeRepository = SocketConfig['makeSignalRepository'];

/** `onAddresses` is told after the store has it; not awaited, must not throw. */
export function noticeMappings(make: MakeRepository, onAddresses: (addresses: Jid[]) => void): MakeRepository {
  return (...args) => {
    const repository = make(...args);
    const { lidMapping } = repository;
    const store = lidMapping.storeLIDPNMappings.bind(lidMapping);
    lidMapping.storeLIDPNMappings = async (pairs) => {
      await store(pairs);
      for (const { lid, pn } of pairs) {
        const [phone, hidden] = [toJid(pn), toJid(lid)];
        if (phone && hidden) onAddresses([phone, hidden]);
      }
    };
    return repository;
  };
}
