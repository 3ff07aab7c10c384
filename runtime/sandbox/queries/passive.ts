/** Passive and active: until a client calls itself active it gets nothing but answers. And the ping. */
import { sendFirstSync } from '../first-sync.ts';
import { node, SERVICE } from '../stanza.ts';
import type { Query, QueryTable } from './query.ts';

/** The client is ready: what waited comes first, then the word that this was all, then live stanzas. */
function becomeActive({ world, device, reply }: Query): void {
  reply();
  const connection = device.connection;
  if (!connection) return;
  const waited = device.mailbox.open((stanza) => connection.send(stanza));
  connection.send(node('ib', { from: SERVICE }, [node('offline', { count: String(waited) })]));
  const account = world.accounts.get(device.person.phone);
  if (!account || device.hasHistory) return;
  sendFirstSync(account, device).catch((error: unknown) => world.log(`first sync failed: ${String(error)}`));
}

export const passiveQueries: QueryTable = {
  'passive/set/active': becomeActive,
  'passive/set/passive': ({ device, reply }) => {
    device.mailbox.close();
    reply();
  },
  'w:p/get/ping': ({ reply }) => reply(),
};
