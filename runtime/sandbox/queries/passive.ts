/** Passive and active: until a client calls itself active it gets nothing but answers. And the ping. */
import { node, SERVICE } from '../stanza.ts';
import type { Query, QueryTable } from './query.ts';

/** The client is ready: what waited comes first, then the word that this was all, then what comes as it happens. */
function becomeActive({ world, device, reply }: Query): void {
  reply();
  const connection = device.connection;
  if (!connection) return;
  const endOfBacklog = (count: number) => {
    connection.send(node('ib', { from: SERVICE }, [node('offline', { count: String(count) })]));
    const account = world.accounts.get(device.person.phone);
    if (!account || device.hasHistory) return;
    void account.ownPhone.firstSync(device);
  };
  // What is left of a first sync that a lost connection interrupted would come before the client waits for it.
  if (!device.hasHistory) device.mailbox.discard(({ attrs }) => attrs['category'] === 'peer');
  device.mailbox.open((stanza) => connection.send(stanza), endOfBacklog);
}

export const passiveQueries: QueryTable = {
  'passive/set/active': becomeActive,
  'passive/set/passive': ({ device, reply }) => {
    device.mailbox.close();
    reply();
  },
  'w:p/get/ping': ({ reply }) => reply(),
};
