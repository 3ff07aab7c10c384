import { createHash, randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { proto, USyncQuery, USyncUser } from '@whiskeysockets/baileys';
import type { BinaryNode, WAMessage } from '@whiskeysockets/baileys';
import { FIDELITY, INNER_WORKINGS } from '../../runtime/sandbox/fidelity/fidelity.ts';
import { linkedDevicesOf } from '../../runtime/sandbox/linked-device.ts';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Contact, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { disconnect, linkedClient, receives } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { eventually } from '../support/deadline.ts';
import { emitted } from '../support/emitted.ts';
import { endLinkedClient } from '../support/linked-client.ts';
import { trustMediaHost } from '../support/trust.ts';

const DEADLINE_MS = 10_000;
let sandbox: Sandbox;
let account: Account;
let ann: Contact;
let client: WhatsAppClient;
const stanzas: { direction: string; node: BinaryNode }[] = [];

beforeAll(async () => {
  sandbox = await startSandbox();
  trustMediaHost(sandbox);
  account = sandbox.account('15550100001');
  ann = sandbox.contact('15550100011', { name: 'Ann' });
  client = await linkedClient(sandbox, account);
  sandbox.events.on('stanza', (stanza) => stanzas.push(stanza));
});

afterAll(() => endLinkedClient({ sandbox, client }));

test("every method of the client's socket is in a row of FIDELITY.md, or is the client's own works", () => {
  const methods = Object.entries(client.socket).flatMap(([name, part]) => (typeof part === 'function' ? [name] : []));
  const rows = Object.values(FIDELITY).flat();
  const listed = [...rows.flatMap((row) => row.methods ?? []), ...INNER_WORKINGS];
  expect(listed.toSorted()).toEqual(methods.toSorted());
});

test('the client counts, uploads, compares and renews its keys', async () => {
  const [device] = linkedDevicesOf(account.person);
  const before = { stock: device?.preKeyCount ?? 0, signed: device?.signedPreKey };
  await client.socket.uploadPreKeys(5);
  expect(device?.preKeyCount).toBe(before.stock + 5);
  await client.socket.uploadPreKeysToServerIfRequired();
  expect(device?.preKeyCount).toBe(before.stock + 5);
  await client.socket.digestKeyBundle();
  await client.socket.rotateSignedPreKey();
  expect(device?.signedPreKey).not.toEqual(before.signed);
  const { messageId } = await ann.say(account, 'to the new key');
  await receives(client, 'the text', ({ key }) => key.id === messageId);
});

test('what the client reports of its use is taken', async () => {
  expect(await client.socket.sendWAMBuffer(Buffer.of(1, 2, 3))).toMatchObject({ attrs: { type: 'result' } });
  const isSession = ({ node }: { node: BinaryNode }) => hasChild(node, 'unified_session');
  await client.socket.sendUnifiedSession();
  await eventually(
    DEADLINE_MS,
    'the report',
    () => stanzas.filter(isSession).length,
    (count) => count === 1,
  );
});

test('the server announces no experiments', async () => {
  const content = [{ tag: 'props', attrs: { protocol: '1' } }];
  const question = { tag: 'iq', attrs: { to: '@s.whatsapp.net', xmlns: 'abt', type: 'get' }, content };
  const answer = (await client.socket.query(question)) as BinaryNode;
  expect(answer.content).toEqual([{ tag: 'props', attrs: { protocol: '1', hash: 'sandbox' } }]);
});

test('a client that says it has cleaned up is answered', async () => {
  await client.socket.cleanDirtyBits('groups');
  const asked = await eventually(
    DEADLINE_MS,
    'the question',
    () => stanzas.find(({ direction, node }) => direction === 'in' && hasChild(node, 'clean')),
    (found) => found !== undefined,
  );
  const answer = stanzas.find(
    ({ direction, node }) => direction === 'out' && node.attrs['id'] === asked?.node.attrs['id'],
  );
  expect(answer?.node.attrs).toMatchObject({ type: 'result' });
});

const hasChild = ({ content }: BinaryNode, tag: string): boolean =>
  Array.isArray(content) && content.some((child) => child.tag === tag);

test('every privacy setting is changed by its method', async () => {
  const { socket } = client;
  await socket.updateCallPrivacy('known');
  await socket.updateMessagesPrivacy('contacts');
  await socket.updateLastSeenPrivacy('contacts');
  await socket.updateOnlinePrivacy('match_last_seen');
  await socket.updateProfilePicturePrivacy('none');
  await socket.updateStatusPrivacy('contact_blacklist');
  await socket.updateReadReceiptsPrivacy('none');
  await socket.updateGroupsAddPrivacy('contacts');
  const wanted = {
    ...{ calladd: 'known', messages: 'contacts', last: 'contacts', online: 'match_last_seen' },
    ...{ profile: 'none', status: 'contact_blacklist', readreceipts: 'none', groupadd: 'contacts' },
  };
  expect(await socket.fetchPrivacySettings(true)).toEqual(wanted);
  for (const [setting, value] of Object.entries(wanted)) expect(account.privacy(setting as never)).toBe(value);
  await socket.updateReadReceiptsPrivacy('all');
});

test('somebody is looked up by number, with devices and hidden id', async () => {
  ann.devices.link();
  const query = new USyncQuery().withContactProtocol().withLIDProtocol();
  query.withUser(new USyncUser().withPhone(`+${ann.phone}`)).withUser(new USyncUser().withPhone('+15550100099'));
  const answer = await client.socket.executeUSyncQuery(query);
  expect(answer?.list).toEqual([
    expect.objectContaining({ id: ann.jid, contact: true, lid: ann.lid }),
    expect.objectContaining({ contact: false }),
  ]);
  const devices = await client.socket.getUSyncDevices([ann.jid], false, false);
  expect(devices.map(({ device }) => device ?? 0)).toEqual([0, 1]);
  expect(await client.socket.assertSessions([ann.jid], true)).toBe(true);
});

test('what a contact wrote is confirmed by hand, one and several', async () => {
  const [first, second, third] = [
    await ann.say(account, '1'),
    await ann.say(account, '2'),
    await ann.say(account, '3'),
  ];
  await client.socket.sendReceipt(ann.lid, undefined, [first.messageId], 'read');
  const keys = [second, third].map(({ messageId: id }) => ({ remoteJid: ann.lid, id, fromMe: false }));
  await client.socket.sendReceipts(keys, 'read');
  for (const { messageId } of [first, second, third]) {
    await eventually(
      DEADLINE_MS,
      'the receipt',
      () => ann.receiptsFor(messageId).map(({ kind }) => kind),
      (kinds) => kinds.includes('read'),
    );
  }
});

test('a token of trust reaches who is trusted', async () => {
  const other = sandbox.account('15550100002');
  const theirs = await linkedClient(sandbox, other);
  expect(await client.socket.issuePrivacyTokens([other.jid])).toMatchObject({ attrs: { type: 'result' } });
  const token = await eventually(
    DEADLINE_MS,
    'the token',
    async () => (await theirs.auth.keys.get('tctoken', [account.lid]))[account.lid]?.token.length,
    (length) => length !== undefined,
  );
  expect(token).toBeGreaterThan(0);
  expect(theirs.complaints).toEqual([]);
  await disconnect(theirs);
});

test("the account's label in a group is passed on", async () => {
  const group = sandbox.group({ subject: 'Painters', members: [ann, account] });
  const id = await client.socket.updateMemberLabel(group.jid, 'Green');
  const row = await ann.waitForMessage(({ messageId }) => messageId === id, DEADLINE_MS);
  expect(row).toMatchObject({ kind: 'other', content: { protocolMessage: { memberLabel: { label: 'Green' } } } });
});

test('neither the client nor the server names the devices of a group in a hash', async () => {
  const group = sandbox.group({ subject: 'Hashers', members: [ann, account] });
  const sent = await client.socket.sendMessage(group.jid, { text: 'to all' });
  await ann.waitForMessage(({ messageId }) => messageId === sent?.key.id, DEADLINE_MS);
  const about = stanzas.filter(({ node }) => node.attrs['id'] === sent?.key.id).map(({ node }) => node);
  expect(about.map(({ tag }) => tag)).toEqual(expect.arrayContaining(['message', 'ack']));
  expect(about.filter(({ attrs }) => 'phash' in attrs)).toEqual([]);
});

test('a file is uploaded by hand to the host the server names', async () => {
  const { hosts } = await client.socket.refreshMediaConn(true);
  expect(hosts.map(({ hostname }) => hostname)).toEqual([client.socket.getMediaHost()]);
  const bytes = randomBytes(500);
  const path = join(tmpdir(), `upload-${randomBytes(6).toString('hex')}`);
  await writeFile(path, bytes);
  try {
    const fileEncSha256B64 = createHash('sha256').update(bytes).digest('base64');
    const { mediaUrl } = await client.socket.waUploadToServer(path, { fileEncSha256B64, mediaType: 'image' });
    const response = await fetch(mediaUrl);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
  } finally {
    await rm(path);
  }
});

test('the phone is asked for a message by hand, and hands it over', async () => {
  const { messageId } = await ann.say(account, 'say again');
  await receives(client, 'the text', ({ key }) => key.id === messageId);
  const messageKey = { remoteJid: ann.lid, id: messageId, fromMe: false };
  const { PLACEHOLDER_MESSAGE_RESEND } = proto.Message.PeerDataOperationRequestType;
  const request = {
    placeholderMessageResendRequest: [{ messageKey }],
    peerDataOperationRequestType: PLACEHOLDER_MESSAGE_RESEND,
  };
  const isIt = ({ messages }: { messages: WAMessage[] }) => messages.some(({ key }) => key.id === messageId);
  const ask = () => client.socket.sendPeerDataOperationMessage(request);
  const { messages } = await emitted(client, 'messages.upsert', ask, isIt);
  expect(messages.map(({ message }) => message?.conversation)).toContain('say again');
});
