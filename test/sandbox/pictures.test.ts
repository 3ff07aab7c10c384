import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { WAMessage } from '@whiskeysockets/baileys';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { disconnect, linkedClient, receives } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { emitted } from '../support/emitted.ts';
import { JPEG } from '../support/jpeg.ts';
import { trustMediaHost } from '../support/trust.ts';

const OTHER_JPEG = Buffer.concat([JPEG, Buffer.from('another')]);

describe('two clients of one account', () => {
  let sandbox: Sandbox;
  let account: Account;
  let client: WhatsAppClient;
  let second: WhatsAppClient;

  beforeAll(async () => {
    sandbox = await startSandbox();
    trustMediaHost(sandbox);
    account = sandbox.account('15550100001');
    client = await linkedClient(sandbox, account);
    second = await linkedClient(sandbox, account);
  });

  afterAll(async () => {
    await disconnect(client);
    await disconnect(second);
    await sandbox.stop();
    expect(sandbox.unhandled).toEqual([]);
    expect([...client.complaints, ...second.complaints]).toEqual([]);
  });

  async function download(url: string | undefined) {
    const response = await fetch(url ?? '');
    return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) };
  }

  test('find the picture of somebody, small and large, byte for byte', async () => {
    const contact = sandbox.contact('15550100011');
    contact.setPicture(OTHER_JPEG, JPEG);
    const small = await client.socket.profilePictureUrl(contact.jid);
    expect(small).toMatch(/^https:/);
    const large = await client.socket.profilePictureUrl(contact.lid, 'image');
    expect(await download(small)).toEqual({ status: 200, bytes: JPEG });
    expect(await download(large)).toEqual({ status: 200, bytes: OTHER_JPEG });
    contact.setPicture(JPEG);
    expect(await download(large)).toMatchObject({ status: 404 });
  });

  test('are told that somebody has none, or shows it to nobody', async () => {
    const contact = sandbox.contact('15550100012');
    await expect(client.socket.profilePictureUrl(contact.jid)).rejects.toMatchObject({ data: 404 });
    contact.setPicture(JPEG);
    contact.setPrivacy('profile', 'none');
    await expect(client.socket.profilePictureUrl(contact.jid)).rejects.toMatchObject({ data: 401 });
    expect(() => contact.setPicture(Buffer.from('no picture'))).toThrow('must be a JPEG');
  });

  test('cannot fetch a picture from a host that is down', async () => {
    const contact = sandbox.contact('15550100015');
    contact.setPicture(JPEG);
    const url = await client.socket.profilePictureUrl(contact.jid);
    await sandbox.media.goDown();
    await expect(download(url)).rejects.toThrow('fetch failed');
    await sandbox.media.comeUp();
    expect(await download(url)).toMatchObject({ status: 200 });
  });

  test('learn when somebody they know changes or removes the picture', async () => {
    const contact = sandbox.contact('15550100013');
    const { messageId } = await contact.say(account, 'look at my picture');
    await receives(client, 'the text', ({ key }) => key.id === messageId);
    const isOfContact = ([update]: { imgUrl?: string | null }[]) => update?.imgUrl !== undefined;
    const set = await emitted(client, 'contacts.update', () => contact.setPicture(JPEG), isOfContact);
    expect(set).toEqual([{ id: contact.jid, imgUrl: 'changed' }]);
    const removed = await emitted(client, 'contacts.update', () => contact.setPicture(null), isOfContact);
    expect(removed).toEqual([{ id: contact.jid, imgUrl: 'removed' }]);
  });

  test('change and remove the picture of the account, which the other learns', async () => {
    const isOwn = ([update]: { id?: string }[]) => update?.id === account.jid;
    const set = () => client.socket.updateProfilePicture(account.jid, JPEG);
    expect(await emitted(second, 'contacts.update', set, isOwn)).toMatchObject([{ imgUrl: 'changed' }]);
    const url = await second.socket.profilePictureUrl(account.jid, 'image');
    expect((await download(url)).bytes.subarray(0, 3)).toEqual(JPEG.subarray(0, 3));
    const remove = () => client.socket.removeProfilePicture(account.jid);
    expect(await emitted(second, 'contacts.update', remove, isOwn)).toMatchObject([{ imgUrl: 'removed' }]);
    await expect(client.socket.profilePictureUrl(account.jid)).rejects.toMatchObject({ data: 404 });
  });

  test('change the picture of a group they are in, and of no other', async () => {
    const contact = sandbox.contact('15550100014');
    const group = sandbox.group({ subject: 'Painters', members: [contact, account] });
    const isIcon = ({ messages: [message] }: { messages: WAMessage[] }) => message?.messageStubType === 22;
    const set = () => client.socket.updateProfilePicture(group.jid, JPEG);
    const { messages } = await emitted(second, 'messages.upsert', set, isIcon);
    expect(messages[0]?.key.remoteJid).toBe(group.jid);
    expect(await client.socket.profilePictureUrl(group.jid)).toContain('/pictures/');
    contact.setGroupPicture(group, null);
    await expect(client.socket.profilePictureUrl(group.jid)).rejects.toMatchObject({ data: 404 });
    group.setSettings({ locked: true });
    await expect(client.socket.updateProfilePicture(group.jid, JPEG)).rejects.toThrow('bad-request');
    const foreign = sandbox.group({ subject: 'Strangers', members: [contact] });
    await expect(client.socket.profilePictureUrl(foreign.jid)).rejects.toMatchObject({ data: 401 });
    await expect(client.socket.updateProfilePicture(contact.jid, JPEG)).rejects.toThrow('bad-request');
  });
});
