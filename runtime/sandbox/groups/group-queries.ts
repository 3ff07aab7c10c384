/** What clients ask about groups and ask to be done with them (`w:g2`), answered with WhatsApp's stanzas. */
import type { Person } from '../directory.ts';
import type { Query, QueryTable } from '../queries/query.ts';
import { bytesOf, child, children, node } from '../stanza.ts';
import type { Stanza } from '../stanza.ts';
import type { Group } from './group.ts';
import { groupStanza, participantAttrs, seconds } from './group-stanza.ts';
import { GroupRefusal } from './refusal.ts';
import type { MemberChange, Verdict } from './roster.ts';
import { readSetting } from './settings.ts';

const EVERYTHING = { participants: true, description: true };
const NO_COMMUNITIES = new GroupRefusal(501, 'there are no communities here');

/** A question about one group, by the person whose device asks. */
interface GroupQuery extends Query {
  readonly group: Group;
  readonly asker: Person;
}

/** Answers with what the handler gives, or with the refusal it throws. */
function answering(handler: (query: Query) => Stanza[]): (query: Query) => void {
  return (query) => {
    try {
      query.reply(...handler(query));
    } catch (error) {
      if (!(error instanceof GroupRefusal)) throw error;
      query.reply(node('error', { code: String(error.code), text: error.text }));
    }
  };
}

/** As `answering`, for a query sent to a group's address. */
const aboutGroup = (handler: (query: GroupQuery) => Stanza[]): ((query: Query) => void) =>
  answering((query) =>
    handler({ ...query, group: groupAt(query, query.request.attrs['to']), asker: query.device.person }),
  );

function groupAt({ world }: Query, jid: string | undefined): Group {
  const group = world.groups.find(jid);
  if (!group) throw new GroupRefusal(404, `there is no group ${jid ?? ''}`);
  return group;
}

function metadata({ group, asker }: GroupQuery): Stanza[] {
  group.member(asker);
  return [groupStanza(group, EVERYTHING)];
}

function participating({ world, device, about }: Query): Stanza[] {
  const shown = {
    participants: child(about, 'participants') !== undefined,
    description: child(about, 'description') !== undefined,
  };
  return [
    node(
      'groups',
      {},
      world.groups.of(device.person).map((group) => groupStanza(group, shown)),
    ),
  ];
}

/** Who is unknown, or does not let themselves be added, is named in the answer, with an error, and is not in the group. */
function create({ world, device, about }: Query): Stanza[] {
  if (child(about, 'parent') ?? child(about, 'linked_parent')) throw NO_COMMUNITIES;
  const { person: owner } = device;
  const asked = children(about, 'participant').map(({ attrs }) => attrs['jid'] ?? '');
  const known = asked.flatMap((jid) => world.directory.find(jid)?.person ?? []);
  const members = [owner, ...known.filter((person) => world.groups.mayAdd(person, owner))];
  const { subject = '', key } = about.attrs;
  const settings = Object.assign({}, ...children(about).map(readSetting)) as object;
  const group = world.groups.create({ subject, members, owner, settings }, key);
  const stanza = groupStanza(group, EVERYTHING);
  const failed = asked.flatMap((jid) => {
    const person = world.directory.find(jid)?.person;
    return person && group.roster.has(person) ? [] : [outcomeOf(group, owner, jid, person, person ? 403 : 404)];
  });
  return [{ ...stanza, content: [...children(stanza), ...failed] }];
}

/** What became of one participant; whom one may not add can be sent an invitation, which comes with the answer. */
function outcomeOf(group: Group, by: Person, jid: string, person: Person | undefined, verdict: Verdict): Stanza {
  const attrs = {
    ...(person ? participantAttrs(person, group.addressing) : { jid }),
    ...(verdict !== 200 && { error: String(verdict) }),
  };
  if (!person || verdict !== 403) return node('participant', attrs);
  const { code, expiration } = group.entrance.invite(person, by);
  return node('participant', attrs, [node('add_request', { code, expiration: String(expiration) })]);
}

function leave(query: Query): Stanza[] {
  if (child(query.about, 'community')) throw NO_COMMUNITIES;
  const left = children(query.about, 'group').map(({ attrs }) => groupAt(query, attrs['id']));
  for (const group of left) group.leave(query.device.person);
  return [
    node(
      'leave',
      {},
      left.map(({ jid }) => node('group', { id: jid })),
    ),
  ];
}

const changeMembers = (kind: MemberChange): ((query: Query) => void) =>
  aboutGroup(({ world, about, group, asker }) => {
    const asked = children(about, 'participant').map(({ attrs }) => attrs['jid'] ?? '');
    const known = asked.flatMap((jid) => world.directory.find(jid)?.person ?? []);
    const verdicts = new Map(group.change(kind, [...new Set(known)], asker));
    const outcomes = asked.map((jid) => {
      const person = world.directory.find(jid)?.person;
      return outcomeOf(group, asker, jid, person, (person && verdicts.get(person)) ?? 404);
    });
    return [node(kind, {}, outcomes)];
  });

function setSubject({ about, group, asker }: GroupQuery): Stanza[] {
  group.setSubject(bytesOf(about)?.toString() ?? '', asker);
  return [];
}

function setDescription({ about, group, asker }: GroupQuery): Stanza[] {
  const { id, prev } = about.attrs;
  const text = bytesOf(child(about, 'body'))?.toString() ?? '';
  if (prev !== group.description?.id) throw new GroupRefusal(409, 'the description has changed meanwhile');
  group.setDescription(text, asker, id);
  return [];
}

const changeSetting = aboutGroup(({ about, group, asker }) => {
  group.setSettings(readSetting(about) ?? {}, asker);
  return [];
});

/** To the service with a code: what group is this? To a group without one: what is your code? */
function askInvite(query: Query): Stanza[] {
  const { code } = query.about.attrs;
  if (code !== undefined) {
    return [groupStanza(query.world.groups.behind(code), { participants: false, description: true })];
  }
  const group = groupAt(query, query.request.attrs['to']);
  group.admin(query.device.person, 401);
  return [node('invite', { code: group.entrance.code })];
}

/** To the service with a code: let me in. To a group without one: make a new code. */
function useInvite(query: Query): Stanza[] {
  const { code } = query.about.attrs;
  const { person } = query.device;
  if (code === undefined) {
    return [node('invite', { code: groupAt(query, query.request.attrs['to']).entrance.revoke(person) })];
  }
  const group = query.world.groups.behind(code);
  return [node(group.entrance.join(person) ? 'group' : 'membership_approval_request', { jid: group.jid })];
}

/** Takes up a personal invitation, sent in an invite message. */
function acceptInvitation({ about, group, asker }: GroupQuery): Stanza[] {
  group.entrance.accept(about.attrs['code'] ?? '', asker);
  return [];
}

function revokeInvitations({ world, about, group, asker }: GroupQuery): Stanza[] {
  const invited = children(about, 'participant').flatMap(
    ({ attrs }) => world.directory.find(attrs['jid'])?.person ?? [],
  );
  group.entrance.uninvite(invited, asker);
  return [];
}

function joinRequests({ about, group, asker }: GroupQuery): Stanza[] {
  group.admin(asker);
  const requests = group.entrance.requests.map(({ person, at }) =>
    node('membership_approval_request', {
      ...participantAttrs(person, group.addressing),
      request_method: 'invite_link',
      request_time: seconds(at),
    }),
  );
  return [node(about.tag, {}, requests)];
}

function decideRequests({ world, about, group, asker }: GroupQuery): Stanza[] {
  const decided = children(about).map(({ tag, content }) => {
    const asked = children(node(tag, {}, content), 'participant').map(({ attrs }) => ({ jid: attrs['jid'] ?? '' }));
    const known = asked.filter(({ jid }) => world.directory.find(jid));
    const decisions = tag === 'approve' ? group.entrance.approve(known, asker) : group.entrance.reject(known, asker);
    const participants = decisions.map(([person, code]) =>
      node('participant', {
        ...participantAttrs(person, group.addressing),
        ...(code !== 200 && { error: String(code) }),
      }),
    );
    const unknown = asked.filter((each) => !known.includes(each));
    return node(tag, {}, [...participants, ...unknown.map(({ jid }) => node('participant', { jid, error: '404' }))]);
  });
  return [node(about.tag, {}, decided)];
}

export const groupQueries: QueryTable = {
  'w:g2/get/query': aboutGroup(metadata),
  'w:g2/get/participating': answering(participating),
  'w:g2/get/invite': answering(askInvite),
  'w:g2/get/membership_approval_requests': aboutGroup(joinRequests),
  'w:g2/set/create': answering(create),
  'w:g2/set/leave': answering(leave),
  'w:g2/set/add': changeMembers('add'),
  'w:g2/set/remove': changeMembers('remove'),
  'w:g2/set/promote': changeMembers('promote'),
  'w:g2/set/demote': changeMembers('demote'),
  'w:g2/set/subject': aboutGroup(setSubject),
  'w:g2/set/description': aboutGroup(setDescription),
  'w:g2/set/invite': answering(useInvite),
  'w:g2/set/accept': aboutGroup(acceptInvitation),
  'w:g2/set/revoke': aboutGroup(revokeInvitations),
  'w:g2/set/membership_requests_action': aboutGroup(decideRequests),
  'w:g2/set/announcement': changeSetting,
  'w:g2/set/not_announcement': changeSetting,
  'w:g2/set/locked': changeSetting,
  'w:g2/set/unlocked': changeSetting,
  'w:g2/set/ephemeral': changeSetting,
  'w:g2/set/not_ephemeral': changeSetting,
  'w:g2/set/member_add_mode': changeSetting,
  'w:g2/set/membership_approval_mode': changeSetting,
};
