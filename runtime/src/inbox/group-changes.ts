/** What was changed in a group, from the notice the client makes of it. Pure. */
import { proto, type WAMessage } from '@whiskeysockets/baileys';
import type { GroupUpdateEvent } from '../events.ts';
import { toJid, type Jid } from '../ids.ts';

export interface GroupChange {
  what: 'group';
  change: GroupUpdateEvent['change'];
  /** All addresses known of each it concerns. */
  members: Jid[][];
  value: string | null;
}

const Stub = proto.WebMessageInfo.StubType;

/** Notices that name members, and those that say what something is now. */
const OF_MEMBERS: Partial<Record<proto.WebMessageInfo.StubType, GroupChange['change']>> = {
  [Stub.GROUP_PARTICIPANT_ADD]: 'added',
  [Stub.GROUP_PARTICIPANT_REMOVE]: 'removed',
  [Stub.GROUP_PARTICIPANT_LEAVE]: 'left',
  [Stub.GROUP_PARTICIPANT_PROMOTE]: 'promoted',
  [Stub.GROUP_PARTICIPANT_DEMOTE]: 'demoted',
};
const OF_VALUE: Partial<Record<proto.WebMessageInfo.StubType, GroupChange['change']>> = {
  [Stub.GROUP_CREATE]: 'created',
  [Stub.GROUP_CHANGE_SUBJECT]: 'subject',
  [Stub.GROUP_CHANGE_DESCRIPTION]: 'description',
  [Stub.GROUP_CHANGE_ANNOUNCE]: 'only_admins_write',
  [Stub.GROUP_CHANGE_RESTRICT]: 'only_admins_edit',
  [Stub.GROUP_CHANGE_INVITE_LINK]: 'invite_link',
};

/** Null for what is no change of a group. */
export function groupChangeIn({ messageStubType, messageStubParameters }: WAMessage): GroupChange | null {
  if (!messageStubType) return null;
  const parameters = messageStubParameters ?? [];
  const ofMembers = OF_MEMBERS[messageStubType];
  if (ofMembers) return { what: 'group', change: ofMembers, members: parameters.map(addressesIn), value: null };
  const change = OF_VALUE[messageStubType];
  // Who has the code of an invitation can come in: it is not passed on.
  const value = change === 'invite_link' ? null : (parameters[0] ?? null);
  return change ? { what: 'group', change, members: [], value } : null;
}

/** The client writes a member down as JSON. */
function addressesIn(parameter: string): Jid[] {
  const { id, phoneNumber, lid } = JSON.parse(parameter) as { id?: string; phoneNumber?: string; lid?: string };
  return [id, phoneNumber, lid].map(toJid).filter((each) => each !== null);
}
