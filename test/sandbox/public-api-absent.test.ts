import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Contact, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { linkedClient, next } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { JPEG } from '../support/jpeg.ts';
import { endLinkedClient } from '../support/linked-client.ts';
import { trustMediaHost } from '../support/trust.ts';

type Socket = WhatsAppClient['socket'];
const NEWSLETTER = '120363000000000001@newsletter';
const COMMUNITY = '120363000000000002@g.us';
const SOMEBODY = '15550100011@s.whatsapp.net';
const BOT = '867051314767696@bot';

let sandbox: Sandbox;
let client: WhatsAppClient;
let contact: Contact;

beforeAll(async () => {
  sandbox = await startSandbox({ preKeyStock: 'ample' });
  trustMediaHost(sandbox);
  client = await linkedClient(sandbox, sandbox.account('15550100001'));
  contact = sandbox.contact('15550100011');
});

afterAll(() => endLinkedClient({ sandbox, client }));

/** What the client logged at warn or above, which the test expected. */
const takeComplaints = () => client.complaints.splice(0).map((line) => (JSON.parse(line) as { msg: string }).msg);

describe('a newsletter is not found', () => {
  test.each<[string, (socket: Socket) => Promise<unknown>]>([
    ['newsletterCreate', (socket) => socket.newsletterCreate('News')],
    ['newsletterUpdate', (socket) => socket.newsletterUpdate(NEWSLETTER, { name: 'News' })],
    ['newsletterUpdateName', (socket) => socket.newsletterUpdateName(NEWSLETTER, 'News')],
    ['newsletterUpdateDescription', (socket) => socket.newsletterUpdateDescription(NEWSLETTER, 'All of it')],
    ['newsletterUpdatePicture', (socket) => socket.newsletterUpdatePicture(NEWSLETTER, JPEG)],
    ['newsletterRemovePicture', (socket) => socket.newsletterRemovePicture(NEWSLETTER)],
    ['newsletterSubscribers', (socket) => socket.newsletterSubscribers(NEWSLETTER)],
    ['newsletterMetadata', (socket) => socket.newsletterMetadata('jid', NEWSLETTER)],
    ['newsletterFollow', (socket) => socket.newsletterFollow(NEWSLETTER)],
    ['newsletterUnfollow', (socket) => socket.newsletterUnfollow(NEWSLETTER)],
    ['newsletterMute', (socket) => socket.newsletterMute(NEWSLETTER)],
    ['newsletterUnmute', (socket) => socket.newsletterUnmute(NEWSLETTER)],
    ['newsletterAdminCount', (socket) => socket.newsletterAdminCount(NEWSLETTER)],
    ['newsletterChangeOwner', (socket) => socket.newsletterChangeOwner(NEWSLETTER, SOMEBODY)],
    ['newsletterDemote', (socket) => socket.newsletterDemote(NEWSLETTER, SOMEBODY)],
    ['newsletterDelete', (socket) => socket.newsletterDelete(NEWSLETTER)],
    ['newsletterFetchMessages', (socket) => socket.newsletterFetchMessages(NEWSLETTER, 1, 0, 0)],
    ['subscribeNewsletterUpdates', (socket) => socket.subscribeNewsletterUpdates(NEWSLETTER)],
  ])('by %s', async (_name, call) => {
    await expect(call(client.socket)).rejects.toThrow(/Not Found|item-not-found/);
  });

  test('by a reaction in it, which is refused', async () => {
    const acked = next(client, 'ack');
    await client.socket.newsletterReactMessage(NEWSLETTER, '1', '👍');
    expect(await acked).toEqual([expect.any(String), '404']);
    expect(takeComplaints()).toEqual(['received error in ack']);
  });
});

describe('a community', () => {
  const somebody = [SOMEBODY];
  const invitation = { inviteCode: 'code', inviteExpiration: 1, groupJid: COMMUNITY };
  test.each<[string, (socket: Socket) => Promise<unknown>]>([
    ['communityMetadata', (socket) => socket.communityMetadata(COMMUNITY)],
    ['communityUpdateSubject', (socket) => socket.communityUpdateSubject(COMMUNITY, 'Town')],
    ['communityUpdateDescription', (socket) => socket.communityUpdateDescription(COMMUNITY, 'All of it')],
    ['communityFetchLinkedGroups', (socket) => socket.communityFetchLinkedGroups(COMMUNITY)],
    ['communityRequestParticipantsList', (socket) => socket.communityRequestParticipantsList(COMMUNITY)],
    [
      'communityRequestParticipantsUpdate',
      (socket) => socket.communityRequestParticipantsUpdate(COMMUNITY, somebody, 'approve'),
    ],
    ['communityParticipantsUpdate', (socket) => socket.communityParticipantsUpdate(COMMUNITY, somebody, 'promote')],
    ['communityInviteCode', (socket) => socket.communityInviteCode(COMMUNITY)],
    ['communityRevokeInvite', (socket) => socket.communityRevokeInvite(COMMUNITY)],
    ['communityRevokeInviteV4', (socket) => socket.communityRevokeInviteV4(COMMUNITY, SOMEBODY)],
    ['communityAcceptInviteV4', (socket) => socket.communityAcceptInviteV4(SOMEBODY, invitation)],
    ['communityToggleEphemeral', (socket) => socket.communityToggleEphemeral(COMMUNITY, 86_400)],
    ['communitySettingUpdate', (socket) => socket.communitySettingUpdate(COMMUNITY, 'locked')],
    ['communityMemberAddMode', (socket) => socket.communityMemberAddMode(COMMUNITY, 'admin_add')],
    ['communityJoinApprovalMode', (socket) => socket.communityJoinApprovalMode(COMMUNITY, 'on')],
  ])('is not found by %s', async (_name, call) => {
    await expect(call(client.socket)).rejects.toMatchObject({ data: 404 });
  });

  test.each<[string, (socket: Socket) => Promise<unknown>]>([
    ['communityAcceptInvite', (socket) => socket.communityAcceptInvite('AAAAAAAAAAAAAAAAAAAAAA')],
    ['communityGetInviteInfo', (socket) => socket.communityGetInviteInfo('AAAAAAAAAAAAAAAAAAAAAA')],
  ])('has no invitation: %s', async (_name, call) => {
    await expect(call(client.socket)).rejects.toMatchObject({ data: 406 });
  });

  test.each<[string, (socket: Socket) => Promise<unknown>]>([
    ['communityCreate', (socket) => socket.communityCreate('Town', 'All of it')],
    ['communityCreateGroup', (socket) => socket.communityCreateGroup('Street', somebody, COMMUNITY)],
    ['communityLeave', (socket) => socket.communityLeave(COMMUNITY)],
    ['communityLinkGroup', (socket) => socket.communityLinkGroup(COMMUNITY, COMMUNITY)],
    ['communityUnlinkGroup', (socket) => socket.communityUnlinkGroup(COMMUNITY, COMMUNITY)],
  ])('cannot be had: %s', async (_name, call) => {
    await expect(call(client.socket)).rejects.toMatchObject({ data: 501, message: 'feature-not-implemented' });
    expect(sandbox.groups.size).toBe(0);
  });

  test('is none of those the account is in', async () => {
    expect(await client.socket.communityFetchAllParticipating()).toEqual({});
  });
});

describe('a catalogue', () => {
  const product = { name: 'Bench', description: '', price: 1, currency: 'USD', images: [], originCountryCode: 'US' };
  test.each<[string, (socket: Socket) => Promise<unknown>]>([
    ['getCatalog', (socket) => socket.getCatalog({ jid: SOMEBODY })],
    ['getCollections', (socket) => socket.getCollections(SOMEBODY)],
    ['getOrderDetails', (socket) => socket.getOrderDetails('1', 'token')],
    ['productCreate', (socket) => socket.productCreate(product)],
    ['productUpdate', (socket) => socket.productUpdate('1', product)],
    ['productDelete', (socket) => socket.productDelete(['1'])],
  ])('is not found by %s', async (_name, call) => {
    await expect(call(client.socket)).rejects.toMatchObject({ data: 404 });
  });
});

test('a cover photo is neither taken nor removed', async () => {
  await expect(client.socket.updateCoverPhoto(JPEG)).rejects.toThrow('Media upload failed on all hosts');
  expect(takeComplaints()).toEqual([expect.any(String)]);
  await expect(client.socket.removeCoverPhoto('1')).rejects.toMatchObject({ data: 501 });
});

test('a status is refused, and shown to nobody', async () => {
  const acked = next(client, 'ack');
  const sent = await client.socket.sendMessage('status@broadcast', { text: 'now' }, { statusJidList: [contact.jid] });
  expect(await acked).toEqual([sent?.key.id, '501']);
  expect(takeComplaints()).toEqual(['received error in ack']);
  expect(contact.screen).toEqual([]);
});

test('a message to a bot is refused', async () => {
  const acked = next(client, 'ack');
  const sent = await client.socket.sendMessage(BOT, { text: 'are you there?' });
  expect(await acked).toEqual([sent?.key.id, '404']);
  expect(takeComplaints()).toEqual(['received error in ack']);
});
