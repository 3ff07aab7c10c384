/** Messages clients send to groups: whether they may, and for which devices of the members what is in them. */
import type { Address } from '../directory.ts';
import type { LinkedDevice } from '../linked-device.ts';
import type { GroupDispatch } from '../post-office.ts';
import { child, children } from '../stanza.ts';
import type { Stanza } from '../stanza.ts';
import type { World } from '../world.ts';
import type { Group } from './group.ts';

/** The ack codes of a message no member gets: its writer may not write here, or names members as the group does not. */
const FORBIDDEN = '403';
const WRONG_ADDRESSING = '421';

/** Why a message to a group is refused, as the ack says it; null when it is not, or goes to no group. */
export function groupRefusal({ groups }: World, { person }: LinkedDevice, { attrs }: Stanza): string | null {
  if (!attrs['to']?.endsWith('@g.us')) return null;
  const group = groups.find(attrs['to']);
  if (!group?.mayWrite(person)) return FORBIDDEN;
  const addressing = attrs['addressing_mode'];
  return addressing !== undefined && addressing !== group.addressing ? WRONG_ADDRESSING : null;
}

/** Reads a message to a group that is not refused. */
export function readGroupDispatch(world: World, device: LinkedDevice, group: Group, stanza: Stanza): GroupDispatch {
  const { id = '', type = 'text', edit, participant } = stanza.attrs;
  const from = { person: device.person, device: device.id };
  const forAll = children(stanza, 'enc');
  const deviceIdentity = child(stanza, 'device-identity');
  const asked = world.directory.find(participant);
  // Sent again, it goes to the one device that asked, encrypted for it alone.
  const parts = asked ? [{ to: asked, encs: forAll }] : fanOut(world, group, from, stanza);
  return { id, from, group, type, edit, parts, deviceIdentity };
}

/** Each device gets what was encrypted for it, the sender's key, and what was encrypted for all. */
function fanOut({ directory }: World, group: Group, from: Address, stanza: Stanza): GroupDispatch['parts'] {
  const own = new Map(
    children(child(stanza, 'participants'), 'to').flatMap(({ attrs, content }): [string, Stanza[]][] => {
      const address = directory.find(attrs['jid']);
      return address ? [[keyOf(address), children({ tag: 'to', attrs, content }, 'enc')]] : [];
    }),
  );
  const forAll = children(stanza, 'enc');
  return group.devicesBut(from).map((to) => ({ to, encs: [...(own.get(keyOf(to)) ?? []), ...forAll] }));
}

const keyOf = ({ person, device }: Address): string => `${person.lidUser}:${device}`;
