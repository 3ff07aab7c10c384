/** What was read on one device of an account is read on all: the others are told. */
import type { Address, Addressing, Person } from '../directory.ts';
import type { Group } from '../groups/groups.ts';
import { node, now } from '../stanza.ts';

export interface Reading {
  readonly ids: readonly string[];
  /** The device it was read on. */
  readonly by: Address;
  /** Whose messages these are: a person, in a chat of two or in a group. */
  readonly author: Person;
  readonly group: Group | undefined;
  readonly addressing: Addressing;
  /** `read` where the author was told as well, `read-self` where not. */
  readonly type: string;
}

/** Tells every other device of the account, the phone aside, which needs no stanza for it. */
export function tellOwnDevices({ ids, by, author, group, addressing, type }: Reading): void {
  const [id = '', ...more] = ids;
  const from = by.person.addressOn(by.device, addressing);
  const recipient = author.addressOn(0, addressing);
  const attrs = {
    ...{ id, type, t: now() },
    ...(group ? { from: group.jid, participant: from } : { from, recipient }),
  };
  const list = node(
    'list',
    {},
    more.map((each) => node('item', { id: each })),
  );
  for (const device of by.person.devices.values()) {
    if (device.id !== 0 && device.id !== by.device) {
      device.deliver(node('receipt', attrs, more.length > 0 ? [list] : undefined));
    }
  }
}
