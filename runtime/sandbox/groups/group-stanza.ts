/** A group as stanzas describe it, and the word of a change in it that goes to its members' linked devices. */
import type { Address, Addressing, Person } from '../directory.ts';
import { linkedDevicesOf } from '../linked-device.ts';
import { newStanzaId, node, now } from '../stanza.ts';
import type { Stanza } from '../stanza.ts';
import type { Group } from './group.ts';
import { settingStanzas } from './settings.ts';

export const seconds = (date: Date): string => String(Math.floor(date.getTime() / 1000));

/** Somebody in a group's addressing, with the other address beside it unless it is a number that is hidden. */
export const participantAttrs = (person: Person, addressing: Addressing): Stanza['attrs'] =>
  addressing === 'lid'
    ? { jid: person.lid, ...numberAttr('phone_number', person) }
    : { jid: person.jid, lid: person.lid };

/** Attributes naming somebody by `key` in the group's addressing; by `key_pn` too where that is the hidden id. */
export function namedAttrs(key: string, person: Person, addressing: Addressing): Stanza['attrs'] {
  const number = addressing === 'lid' ? numberAttr(`${key}_pn`, person) : {};
  return { [key]: person.addressOn(0, addressing), ...number };
}

/** Who did something in a group, by the addressing it uses, with the other address beside it. */
export function authorAttrs({ person, device }: Address, addressing: Addressing): Stanza['attrs'] {
  const participant = person.addressOn(device, addressing);
  return addressing === 'lid'
    ? { participant, ...numberAttr('participant_pn', person) }
    : { participant, participant_lid: person.lid };
}

const numberAttr = (name: string, { hidesNumber, jid }: Person): Stanza['attrs'] =>
  hidesNumber ? {} : { [name]: jid };

function participants({ roster, addressing }: Group): Stanza[] {
  return roster.entries.map(([person, role]) => {
    const attrs = participantAttrs(person, addressing);
    return node('participant', role === 'member' ? attrs : { ...attrs, type: role });
  });
}

function description({ description: about, addressing }: Group): Stanza[] {
  if (!about) return [];
  const attrs = { id: about.id, t: seconds(about.at), ...namedAttrs('participant', about.by, addressing) };
  return [node('description', attrs, [node('body', {}, Buffer.from(about.text))])];
}

/** The `<group>` of metadata. Who is not a member sees how many there are, not who. */
export function groupStanza(group: Group, shown: { participants: boolean; description: boolean }): Stanza {
  const { addressing, owner, subject, version, announcementVersion } = group;
  const attrs: Stanza['attrs'] = {
    id: group.jid.replace('@g.us', ''),
    ...namedAttrs('creator', owner, addressing),
    creation: seconds(group.createdAt),
    subject: subject.text,
    ...namedAttrs('s_o', subject.by, addressing),
    s_t: seconds(subject.at),
    addressing_mode: addressing,
    size: String(group.roster.people.length),
    p_v_id: version,
    a_v_id: announcementVersion,
  };
  return node('group', attrs, [
    ...(shown.description ? description(group) : []),
    ...settingStanzas(group.settings),
    ...(shown.participants ? participants(group) : []),
  ]);
}

/** Tells people's linked devices of a change; `by` is null when nobody made it. Phones learn by other ways. */
export function tell(group: Group, by: Person | null, change: Stanza, to: Iterable<Person>): void {
  group.noteChange();
  const { jid, addressing } = group;
  const attrs: Stanza['attrs'] = {
    from: jid,
    type: 'w:gp2',
    id: newStanzaId(),
    t: now(),
    addressing_mode: addressing,
    ...(by && { notify: by.name, ...authorAttrs({ person: by, device: 0 }, addressing) }),
  };
  for (const person of to) {
    for (const device of linkedDevicesOf(person)) device.deliver(node('notification', attrs, [change]));
  }
}
