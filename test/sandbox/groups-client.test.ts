import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { BaileysEventMap, BinaryNode } from '@whiskeysockets/baileys';
import type { Account, Contact, Group, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { emitted } from '../support/emitted.ts';
import { endLinkedClient, startLinkedClient } from '../support/linked-client.ts';

let sandbox: Sandbox;
let account: Account;
let client: WhatsAppClient;
let ann: Contact;
let ben: Contact;
let group: Group;
const me = () => account.lid;

beforeAll(async () => {
  ({ sandbox, account, client } = await startLinkedClient());
  ann = sandbox.contact('15550100011', { name: 'Ann' });
  ben = sandbox.contact('15550100012', { name: 'Ben' });
  const [made] = await emitted(client, 'groups.upsert', () =>
    client.socket.groupCreate('Choir', [ann.jid, ben.lid, '15550100099@s.whatsapp.net']),
  );
  const found = sandbox.groups.get(made?.id ?? '');
  if (!found) throw new Error('the client made no group');
  group = found;
});

afterAll(() => endLinkedClient({ sandbox, client }));

const isDecision = ({ action }: BaileysEventMap['group.join-request']) => action !== 'created';

const failingWith = (code: number) => expect.objectContaining({ data: code });

test('the group it made has it as owner, and whom nobody knows is not in it', () => {
  expect(group.addressing).toBe('lid');
  expect(group.members.map(({ phone, role }) => [phone, role])).toEqual([
    [account.phone, 'superadmin'],
    [ann.phone, 'member'],
    [ben.phone, 'member'],
  ]);
});

test('it changes members, and is told of each what became of it', async () => {
  const dan = sandbox.contact('15550100014', { name: 'Dan' });
  const change = (who: string[], action: 'add' | 'remove' | 'promote' | 'demote') =>
    client.socket.groupParticipantsUpdate(group.jid, who, action);
  const added = await emitted(client, 'group-participants.update', async () => {
    const outcome = await change([dan.jid, ann.lid, '15550100099@s.whatsapp.net'], 'add');
    expect(outcome.map(({ status }) => status)).toEqual(['200', '409', '404']);
  });
  expect(added).toMatchObject({ author: me(), action: 'add', participants: [{ id: dan.lid, phoneNumber: dan.jid }] });
  await change([dan.lid], 'promote');
  expect(group.members.at(-1)).toMatchObject({ phone: dan.phone, role: 'admin' });
  await change([dan.jid], 'demote');
  expect(group.members.at(-1)).toMatchObject({ phone: dan.phone, role: 'member' });
  const removed = await change([dan.jid, account.jid], 'remove');
  expect(removed.map(({ status }) => status)).toEqual(['200', '405']);
  expect(group.members).toHaveLength(3);
});

test('subject, description and settings are as it asked', async () => {
  const { socket } = client;
  await socket.groupUpdateSubject(group.jid, 'Choir (Tuesdays)');
  await socket.groupUpdateDescription(group.jid, 'Bring water');
  await socket.groupUpdateDescription(group.jid, 'Bring water and a pencil');
  await socket.groupSettingUpdate(group.jid, 'announcement');
  await socket.groupSettingUpdate(group.jid, 'locked');
  await socket.groupToggleEphemeral(group.jid, 86_400);
  await socket.groupMemberAddMode(group.jid, 'admin_add');
  await socket.groupJoinApprovalMode(group.jid, 'on');
  expect(group.subject.text).toBe('Choir (Tuesdays)');
  expect(group.description?.text).toBe('Bring water and a pencil');
  expect(group.settings).toEqual({
    announcement: true,
    locked: true,
    ephemeral: 86_400,
    memberAddMode: 'admin_add',
    joinApproval: true,
  });
  await socket.groupSettingUpdate(group.jid, 'not_announcement');
  await socket.groupSettingUpdate(group.jid, 'unlocked');
  await socket.groupToggleEphemeral(group.jid, 0);
  await socket.groupMemberAddMode(group.jid, 'all_member_add');
  await socket.groupJoinApprovalMode(group.jid, 'off');
  await socket.groupUpdateDescription(group.jid);
  expect(group.description).toBeNull();
  expect(Object.values(group.settings)).toEqual([false, false, false, 0, 'all_member_add']);
});

test('the invite link tells of the group and lets people in until it is revoked', async () => {
  const { socket } = client;
  const code = await socket.groupInviteCode(group.jid);
  expect(await socket.groupGetInviteInfo(code ?? '')).toMatchObject({ id: group.jid, size: 3, participants: [] });
  const eve = sandbox.contact('15550100015', { name: 'Eve' });
  const joined = await emitted(client, 'group-participants.update', () => group.entrance.join(eve));
  expect(joined).toMatchObject({ action: 'add', author: eve.lid, participants: [{ id: eve.lid }] });
  const fresh = await socket.groupRevokeInvite(group.jid);
  expect(fresh).not.toBe(code);
  await expect(socket.groupGetInviteInfo(code ?? '')).rejects.toEqual(failingWith(410));
  await expect(socket.groupAcceptInvite('nonsense')).rejects.toEqual(failingWith(406));
  group.remove(eve);
});

test('it joins by a link, or waits for an admin where one must agree', async () => {
  const { socket } = client;
  const open = sandbox.group({ subject: 'Open', members: [ann, ben] });
  expect(await socket.groupAcceptInvite(open.entrance.code)).toBe(open.jid);
  await expect(socket.groupAcceptInvite(open.entrance.code)).rejects.toEqual(failingWith(409));
  const closed = sandbox.group({ subject: 'Closed', members: [ann, ben], settings: { joinApproval: true } });
  await socket.groupAcceptInvite(closed.entrance.code);
  expect(closed.members).toHaveLength(2);
  const [entered] = await emitted(client, 'groups.upsert', () => closed.entrance.approve([account], ann));
  expect(entered).toMatchObject({ id: closed.jid, author: ann.lid, size: 3 });
});

test('it takes up an invitation meant for it, unless that was taken back, and takes back its own', async () => {
  const { socket } = client;
  const theirs = sandbox.group({ subject: 'By invitation', members: [ann, ben] });
  const message = (invitation: { code: string; expiration: number }) => ({
    groupJid: theirs.jid,
    groupName: 'By invitation',
    inviteCode: invitation.code,
    inviteExpiration: invitation.expiration,
  });
  const takenBack = theirs.entrance.invite(account, ann);
  theirs.entrance.uninvite([account], ann);
  await expect(socket.groupAcceptInviteV4(ann.jid, message(takenBack))).rejects.toEqual(failingWith(410));
  const ian = sandbox.contact('15550100019', { name: 'Ian' });
  const meantForIan = group.entrance.invite(ian, account);
  await expect(socket.groupAcceptInviteV4(ann.jid, message(meantForIan))).rejects.toEqual(failingWith(410));
  expect(await socket.groupAcceptInviteV4(ann.jid, message(theirs.entrance.invite(account, ann)))).toBe(theirs.jid);
  expect(theirs.members.at(-1)).toMatchObject({ phone: account.phone, role: 'member' });
  expect(await socket.groupRevokeInviteV4(group.jid, ian.jid)).toBe(true);
  expect(() => group.entrance.accept(meantForIan.code, ian)).toThrow('not good');
});

test('whom it may not add it gets an invitation for, which the person can take up', async () => {
  const joe = sandbox.contact('15550100020', { name: 'Joe' });
  joe.setPrivacy('groupadd', 'none');
  const [outcome] = await client.socket.groupParticipantsUpdate(group.jid, [joe.jid], 'add');
  expect(outcome).toMatchObject({ status: '403', jid: joe.lid });
  const [request] = (outcome?.content.content ?? []) as BinaryNode[];
  expect(request).toMatchObject({ tag: 'add_request', attrs: { expiration: expect.stringMatching(/^\d{10}$/) } });
  expect(group.members.map(({ phone }) => phone)).not.toContain(joe.phone);
  expect(() => group.add(joe)).toThrow('does not let');
  group.entrance.accept(request?.attrs['code'] ?? '', joe);
  expect(group.members.map(({ phone }) => phone)).toContain(joe.phone);
  group.remove(joe);
});

test('who hides the number is known by the hidden id alone', async () => {
  const kim = sandbox.contact('15550100021', { name: 'Kim' });
  kim.person.hidesNumber = true;
  const isIt = ({ participants: [first] }: BaileysEventMap['group-participants.update']) => first?.id === kim.lid;
  const added = await emitted(client, 'group-participants.update', () => group.add(kim), isIt);
  const { participants } = await client.socket.groupMetadata(group.jid);
  expect(participants.map(({ id }) => id)).toContain(kim.lid);
  expect(JSON.stringify([added, participants])).not.toContain(kim.phone);
  group.remove(kim);
});

test('it is told of requests to join, lists them and decides', async () => {
  const { socket } = client;
  const [fay, guy, hal] = ['15550100016', '15550100017', '15550100018'].map((phone) => sandbox.contact(phone));
  if (!fay || !guy || !hal) throw new Error('three contacts are needed');
  group.setSettings({ joinApproval: true }, account);
  const request = await emitted(client, 'group.join-request', () => group.entrance.join(fay));
  expect(request).toMatchObject({ id: group.jid, participant: fay.lid, participantPn: fay.jid, action: 'created' });
  group.entrance.join(guy);
  group.entrance.join(hal);
  const withdrawn = await emitted(client, 'group.join-request', () => group.entrance.withdraw(hal), isDecision);
  expect(withdrawn).toMatchObject({ participant: hal.lid, action: 'revoked' });
  expect(await socket.groupRequestParticipantsList(group.jid)).toMatchObject([{ jid: fay.lid }, { jid: guy.lid }]);
  const approved = await socket.groupRequestParticipantsUpdate(group.jid, [fay.lid, ben.lid], 'approve');
  expect(approved.map(({ status }) => status)).toEqual(['200', '404']);
  const rejected = await emitted(
    client,
    'group.join-request',
    () => socket.groupRequestParticipantsUpdate(group.jid, [guy.jid], 'reject'),
    isDecision,
  );
  expect(rejected).toMatchObject({ participant: guy.lid, action: 'rejected' });
  expect(group.members.map(({ phone }) => phone)).toContain(fay.phone);
  expect(group.entrance.requests).toEqual([]);
  group.setSettings({ joinApproval: false }, account);
});

test('it may not do what only admins may, and no longer anything once it has left', async () => {
  const { socket } = client;
  const strict = { locked: true, memberAddMode: 'admin_add' } as const;
  const theirs = sandbox.group({ subject: 'Theirs', members: [ann, ben, account], settings: strict });
  await expect(socket.groupUpdateSubject(theirs.jid, 'Ours')).rejects.toEqual(failingWith(403));
  await expect(socket.groupParticipantsUpdate(theirs.jid, [ben.jid], 'remove')).rejects.toEqual(failingWith(403));
  await expect(socket.groupParticipantsUpdate(theirs.jid, [ben.jid], 'add')).rejects.toEqual(failingWith(403));
  await expect(socket.groupSettingUpdate(theirs.jid, 'announcement')).rejects.toEqual(failingWith(403));
  await expect(socket.groupInviteCode(theirs.jid)).rejects.toEqual(failingWith(401));
  expect(theirs.subject.text).toBe('Theirs');
  const left = await emitted(client, 'group-participants.update', () => socket.groupLeave(theirs.jid));
  expect(left).toMatchObject({ action: 'remove', author: me(), participants: [{ id: me() }] });
  await expect(socket.groupMetadata(theirs.jid)).rejects.toEqual(failingWith(403));
  await expect(socket.groupLeave(theirs.jid)).rejects.toEqual(failingWith(403));
});

test('what a subject, a lifetime or a description cannot be is refused', async () => {
  const { socket } = client;
  await expect(socket.groupUpdateSubject(group.jid, 'x'.repeat(101))).rejects.toEqual(failingWith(406));
  await expect(socket.groupUpdateDescription(group.jid, 'x'.repeat(2049))).rejects.toEqual(failingWith(406));
  await expect(socket.groupToggleEphemeral(group.jid, 17)).rejects.toEqual(failingWith(400));
  await expect(socket.groupCreate('', [ann.jid])).rejects.toEqual(failingWith(406));
});
