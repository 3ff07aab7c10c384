/** Groups over the control server: made, listed and changed by phone number. */
import { ControlError, flag, optional, phones, refusing, required } from '../control-route.ts';
import type { Controlled, Field, Given, Route } from '../control-route.ts';
import type { Who } from './group-options.ts';
import type { Group } from './group.ts';
import type { GroupSettings } from './settings.ts';

const MEMBER_ACTIONS = ['add', 'remove', 'promote', 'demote', 'leave', 'join', 'approve', 'reject'] as const;
const people: Field = { ...phones, required: true };
const count: Field = { type: 'number', required: false };

const who = (phone: unknown): Who => ({ jid: `${String(phone)}@s.whatsapp.net` });
const whoAll = (numbers: unknown): Who[] => (Array.isArray(numbers) ? numbers.map(who) : []);
const author = ({ by }: Given): Who | undefined => (by === undefined ? undefined : who(by));

/** What is given but for who does it. */
const without = ({ by: _by, ...rest }: Given): Given => rest;

/** The group with a JID. Throws a 404 when there is none. */
export function groupOf({ groups }: Controlled, jid: string): Group {
  const group = groups.get(jid);
  if (!group) throw new ControlError(404, `there is no group ${jid}; make one with POST /groups`);
  return group;
}

const groupSummary = (group: Group) => ({
  jid: group.jid,
  subject: group.subject.text,
  description: group.description?.text ?? null,
  addressing: group.addressing,
  settings: group.settings,
  members: group.members,
  inviteCode: group.entrance.code,
  requests: group.entrance.requests.map(({ person }) => person.phone),
});

/** Runs a change on the group a path names and answers with what it is now. */
const changing =
  (change: (group: Group, given: Given) => void): Route['handle'] =>
  (sandbox, jid, given) => {
    const group = groupOf(sandbox, jid);
    return refusing(() => {
      change(group, given);
      return groupSummary(group);
    });
  };

function changeMembers(group: Group, given: Given): void {
  const { action } = given;
  const members = whoAll(given['members']);
  // One that cannot be is found before any is done.
  if (action === 'leave') return members.map((each) => group.member(each)).forEach((each) => group.leave(each));
  if (action === 'join') {
    return members.map((each) => group.stranger(each)).forEach((each) => void group.entrance.join(each));
  }
  if (action === 'approve' || action === 'reject') {
    for (const member of members) group.entrance.requireRequest(member);
    return void group.entrance[action](members, author(given));
  }
  if (action !== 'add' && action !== 'remove' && action !== 'promote' && action !== 'demote') {
    throw new Error(`action must be one of ${MEMBER_ACTIONS.join(', ')}`);
  }
  group[action](members, author(given));
}

export const groupRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/groups',
    about: 'Every group with its members and settings.',
    fields: {},
    handle: ({ groups }) => ({ groups: [...groups.values()].map(groupSummary) }),
  },
  {
    method: 'POST',
    path: '/groups',
    about: 'Makes a group of contacts and accounts.',
    fields: {
      subject: required,
      members: people,
      owner: optional,
      admins: phones,
      addressing: optional,
      description: optional,
    },
    handle: (sandbox, _path, given) =>
      refusing(() => {
        const { subject, members, owner, admins, addressing, description } = given;
        if (addressing !== undefined && addressing !== 'lid' && addressing !== 'pn') {
          throw new Error('addressing must be lid or pn');
        }
        return groupSummary(
          sandbox.group({
            subject: String(subject),
            members: whoAll(members),
            admins: whoAll(admins),
            ...(owner !== undefined && { owner: who(owner) }),
            ...(addressing && { addressing }),
            ...(description !== undefined && { description: String(description) }),
          }),
        );
      }),
  },
  {
    method: 'POST',
    path: '/groups/:jid/members',
    about: 'Members are added, removed, promoted or demoted, leave, join, or have their request approved or rejected.',
    fields: { action: required, members: people, by: optional },
    handle: changing(changeMembers),
  },
  {
    method: 'POST',
    path: '/groups/:jid/subject',
    about: 'Changes the subject of a group.',
    fields: { subject: required, by: optional },
    handle: changing((group, given) => group.setSubject(String(given['subject']), author(given))),
  },
  {
    method: 'POST',
    path: '/groups/:jid/description',
    about: 'Changes the description of a group.',
    fields: { description: required, by: optional },
    handle: changing((group, given) => group.setDescription(String(given['description']), author(given))),
  },
  {
    method: 'POST',
    path: '/groups/:jid/settings',
    about: 'Changes who may write, change and join a group, and how long its messages stay.',
    fields: {
      announcement: flag,
      locked: flag,
      joinApproval: flag,
      ephemeral: count,
      memberAddMode: optional,
      by: optional,
    },
    handle: changing((group, given) => group.setSettings(without(given) as Partial<GroupSettings>, author(given))),
  },
];
