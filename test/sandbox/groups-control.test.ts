import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { controlCaller } from '../support/control-call.ts';

let sandbox: Sandbox;
const ANN = '15550100011';
const BEN = '15550100012';
const CID = '15550100013';

beforeAll(async () => {
  sandbox = await startSandbox({ controlPort: 0 });
  for (const phone of [ANN, BEN, CID]) sandbox.contact(phone);
});

afterAll(() => sandbox.stop());

const call = controlCaller(() => sandbox.controlUrl);

const rolesOf = ({ members }: Record<string, unknown>) =>
  (members as { phone: string; role: string }[]).map(({ phone, role }) => [phone, role]);

test('a group is made, changed in every way and listed', async () => {
  const made = await call('POST', '/groups', { subject: 'Crew', members: [ANN, BEN], addressing: 'pn', admins: [BEN] });
  expect(made).toMatchObject({ status: 200, body: { subject: 'Crew', addressing: 'pn', description: null } });
  const path = `/groups/${String(made.body['jid'])}`;
  await call('POST', `${path}/members`, { action: 'add', members: [CID], by: BEN });
  await call('POST', `${path}/members`, { action: 'demote', members: [BEN] });
  await call('POST', `${path}/members`, { action: 'promote', members: [CID] });
  const left = await call('POST', `${path}/members`, { action: 'leave', members: [BEN] });
  expect(rolesOf(left.body)).toEqual([
    [ANN, 'superadmin'],
    [CID, 'admin'],
  ]);
  await call('POST', `${path}/subject`, { subject: 'The crew', by: CID });
  await call('POST', `${path}/description`, { description: 'Who sails when' });
  await call('POST', `${path}/settings`, { locked: true, joinApproval: true, ephemeral: 86_400 });
  const asked = await call('POST', `${path}/members`, { action: 'join', members: [BEN] });
  expect(asked.body).toMatchObject({ requests: [BEN] });
  await call('POST', `${path}/members`, { action: 'approve', members: [BEN], by: CID });
  const { body } = await call('GET', '/groups');
  expect(body).toMatchObject({
    groups: [
      {
        subject: 'The crew',
        description: 'Who sails when',
        settings: { locked: true, announcement: false, ephemeral: 86_400 },
        members: [{ phone: ANN }, { phone: CID }, { phone: BEN, role: 'member' }],
        requests: [],
      },
    ],
  });
});

test('a contact writes to a group and the others see it on their screens', async () => {
  const made = await call('POST', '/groups', { subject: 'Crew', members: [ANN, BEN] });
  const to = made.body['jid'];
  const said = await call('POST', `/contacts/${ANN}/say`, { to, text: 'land ahoy' });
  const waited = await call('GET', `/contacts/${BEN}/wait?text=ahoy`);
  const row = { messageId: said.body['messageId'], text: 'land ahoy', from: ANN, group: to };
  expect(waited).toMatchObject({ status: 200, body: row });
  expect((await call('GET', `/contacts/${BEN}/screen`)).body).toMatchObject({ screen: [row] });
  const stranger = await call('POST', `/contacts/${CID}/say`, { to, text: 'me too' });
  expect(stranger).toEqual({ status: 400, body: { error: `${CID} is not in this group` } });
  const nowhere = await call('POST', `/contacts/${ANN}/say`, { to: '120363000000000000@g.us', text: 'hello?' });
  expect(nowhere).toMatchObject({ status: 404 });
});

test.each([
  ['/groups', { subject: 'Crew' }, 400, 'members must be a list of strings'],
  ['/groups', { subject: 'Crew', members: [ANN, 7] }, 400, 'members must be a list of strings'],
  ['/groups', { subject: 'Crew', members: ['15550100099'] }, 400, 'nobody has 15550100099'],
  ['/groups', { subject: 'Crew', members: [] }, 400, 'at least one member'],
  ['/groups', { subject: '', members: [ANN] }, 400, 'a subject has 1 to 100 characters'],
  ['/groups', { subject: 'Crew', members: [ANN], addressing: 'both' }, 400, 'addressing must be lid or pn'],
  ['/groups', { subject: 'Crew', members: [ANN], colour: 'red' }, 400, 'unknown field "colour"'],
  ['/groups/120363000000000000@g.us/subject', { subject: 'Crew' }, 404, 'there is no group'],
  ['members', { action: 'ban', members: [ANN] }, 400, 'action must be one of'],
  ['members', { action: 'add', members: [ANN] }, 400, 'is a member already'],
  ['members', { action: 'remove', members: [ANN] }, 400, 'cannot be demoted or removed'],
  ['members', { action: 'demote', members: [CID] }, 400, 'is not a member'],
  ['members', { action: 'add', members: [CID], by: CID }, 400, 'is not in this group'],
  ['members', { action: 'leave', members: [BEN, CID] }, 400, 'is not in this group'],
  ['members', { action: 'join', members: [CID, BEN] }, 400, 'is a member already'],
  ['members', { action: 'approve', members: [CID] }, 400, 'does not ask to join'],
  ['settings', { locked: true, by: BEN }, 400, 'is no admin'],
  ['settings', { ephemeral: 17 }, 400, 'messages can disappear after'],
  ['settings', { memberAddMode: 'nobody' }, 400, 'memberAddMode is all_member_add or admin_add'],
])('POST %s %p changes nothing: %i, %s', async (path, body, status, error) => {
  const group = sandbox.group({
    subject: 'Crew',
    members: [{ jid: `${ANN}@s.whatsapp.net` }, { jid: `${BEN}@s.whatsapp.net` }],
  });
  const before = [group.members, group.settings, sandbox.groups.size];
  const answer = await call('POST', path.startsWith('/') ? path : `/groups/${group.jid}/${path}`, body);
  expect(answer).toEqual({ status, body: { error: expect.stringContaining(error) } });
  expect([group.members, group.settings, sandbox.groups.size]).toEqual(before);
});
