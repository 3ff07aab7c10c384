import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Account, Contact, Group, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { connectClient, disconnect, linkedClient, next } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { within } from '../support/deadline.ts';
import { emitted } from '../support/emitted.ts';
import { endLinkedClient, startLinkedClient } from '../support/linked-client.ts';

const DEADLINE_MS = 10_000;
let sandbox: Sandbox;
let account: Account;
let client: WhatsAppClient;
let ann: Contact;
let ben: Contact;

beforeAll(async () => {
  ({ sandbox, account, client } = await startLinkedClient());
  ann = sandbox.contact('15550100011', { name: 'Ann' });
  ben = sandbox.contact('15550100012', { name: 'Ben' });
});

afterAll(() => endLinkedClient({ sandbox, client }));

/** A group the client has learnt of, with Ann as its admin unless told otherwise. */
async function groupOf(options: Partial<Parameters<Sandbox['group']>[0]> = {}): Promise<Group> {
  let group: Group | undefined;
  await emitted(client, 'groups.upsert', () => {
    group = sandbox.group({ subject: 'Neighbours', members: [ann, ben, account], ...options });
  });
  if (!group) throw new Error('no group');
  return group;
}

const failingWith = (code: number) => expect.objectContaining({ data: code });

describe('what a client sees of a group', () => {
  test.each(['lid', 'pn'] as const)('metadata in %s addressing names everybody both ways', async (addressing) => {
    const admins = [ben];
    const description = 'Tools to lend';
    const settings = { announcement: true, locked: true, ephemeral: 86_400, joinApproval: true } as const;
    const group = await groupOf({ addressing, admins, description, settings });
    const named = ({ jid, lid }: Contact | Account) =>
      addressing === 'lid' ? { id: lid, phoneNumber: jid } : { id: jid, lid };
    const seen = await client.socket.groupMetadata(group.jid);
    expect(seen).toMatchObject({
      id: group.jid,
      addressingMode: addressing,
      subject: 'Neighbours',
      owner: named(ann).id,
      size: 3,
      desc: description,
      descOwner: named(ann).id,
      announce: true,
      restrict: true,
      ephemeralDuration: 86_400,
      joinApprovalMode: true,
      memberAddMode: true,
      participants: [
        { ...named(ann), admin: 'superadmin' },
        { ...named(ben), admin: 'admin' },
        { ...named(account), admin: null },
      ],
    });
    expect(seen.creation).toBeCloseTo(Date.now() / 1000, -2);
  });

  test('a new group with the account in it reaches the client, and so do all it is in when it asks', async () => {
    const [event] = await emitted(client, 'groups.upsert', () =>
      sandbox.group({ subject: 'Book club', members: [ben, account] }),
    );
    expect(event).toMatchObject({ subject: 'Book club', author: ben.lid, authorPn: ben.jid, size: 2 });
    const elsewhere = sandbox.group({ subject: 'Without us', members: [ann, ben] });
    const all = await client.socket.groupFetchAllParticipating();
    expect(Object.keys(all)).toContain(event?.id);
    expect(Object.keys(all)).not.toContain(elsewhere.jid);
    expect(all[event?.id ?? '']?.participants).toHaveLength(2);
    await expect(client.socket.groupMetadata(elsewhere.jid)).rejects.toEqual(failingWith(403));
    await expect(client.socket.groupMetadata('120363000000000000@g.us')).rejects.toEqual(failingWith(404));
  });
});

describe('what others change', () => {
  let group: Group;
  beforeAll(async () => {
    group = await groupOf({ admins: [account] });
  });

  test('adding, promoting, demoting, removing and leaving are told with who did it to whom', async () => {
    const cid = sandbox.contact('15550100013', { name: 'Cid' });
    const changes = [
      ['add', () => group.add(cid, ben)],
      ['promote', () => group.promote(cid, ann)],
      ['demote', () => group.demote(cid, ann)],
      ['remove', () => group.remove(cid, ann)],
    ] as const;
    for (const [action, make] of changes) {
      const author = action === 'add' ? ben : ann;
      expect(await emitted(client, 'group-participants.update', make)).toMatchObject({
        id: group.jid,
        action,
        author: author.lid,
        participants: [{ id: cid.lid, phoneNumber: cid.jid }],
      });
    }
    group.add(cid);
    const left = await emitted(
      client,
      'group-participants.update',
      () => group.leave(cid),
      (event) => event.action === 'remove',
    );
    expect(left).toMatchObject({ author: cid.lid, participants: [{ id: cid.lid }] });
    expect(group.members.map(({ phone, role }) => [phone, role])).toEqual([
      [ann.phone, 'superadmin'],
      [ben.phone, 'member'],
      [account.phone, 'admin'],
    ]);
  });

  test('subject, description and every setting are told', async () => {
    const changes: [() => void, object][] = [
      [() => group.setSubject('Street', ben), { subject: 'Street', author: ben.lid }],
      [() => group.setDescription('Ours', ann), { desc: 'Ours', author: ann.lid }],
      [() => group.setSettings({ announcement: true }), { announce: true }],
      [() => group.setSettings({ announcement: false }), { announce: false }],
      [() => group.setSettings({ locked: true }), { restrict: true }],
      [() => group.setSettings({ locked: false }), { restrict: false }],
      [() => group.setSettings({ memberAddMode: 'admin_add' }), { memberAddMode: false }],
      [() => group.setSettings({ memberAddMode: 'all_member_add' }), { memberAddMode: true }],
      [() => group.setSettings({ joinApproval: true }), { joinApprovalMode: true }],
      [() => group.setSettings({ joinApproval: false }), { joinApprovalMode: false }],
    ];
    for (const [make, event] of changes) {
      expect(await emitted(client, 'groups.update', make)).toMatchObject([{ id: group.jid, ...event }]);
    }
    const chats = await emitted(client, 'chats.update', () => group.setSettings({ ephemeral: 604_800 }));
    expect(chats).toMatchObject([{ id: group.jid, ephemeralExpiration: 604_800 }]);
    expect(await client.socket.groupMetadata(group.jid)).toMatchObject({
      subject: 'Street',
      ephemeralDuration: 604_800,
    });
  });

  test('a client that was away learns of all of it when it is back', async () => {
    const tablet = await linkedClient(sandbox, account);
    const closed = once(sandbox.events, 'closed');
    await disconnect(tablet);
    await within(DEADLINE_MS, 'the end of the connection', closed);
    const made = await groupOf();
    made.setSubject('Meanwhile', ben);
    const back = connectClient(sandbox, tablet.auth);
    const upserted = emitted(back, 'groups.upsert', () => undefined);
    expect(await emitted(back, 'groups.update', () => next(back, 'open'))).toMatchObject([
      { id: made.jid, subject: 'Meanwhile' },
    ]);
    expect(await upserted).toMatchObject([{ id: made.jid, subject: 'Neighbours' }]);
    await disconnect(back);
    expect([...tablet.complaints, ...back.complaints]).toEqual([]);
  });
});
