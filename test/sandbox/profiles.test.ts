import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { disconnect, linkedClient, next, receives } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { emitted } from '../support/emitted.ts';

const DEADLINE_MS = 10_000;

describe('two clients of one account', () => {
  let sandbox: Sandbox;
  let account: Account;
  let client: WhatsAppClient;
  let second: WhatsAppClient;

  beforeAll(async () => {
    sandbox = await startSandbox();
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

  test('read the about text of others, where they may', async () => {
    const contact = sandbox.contact('15550100011');
    contact.setAbout('Gone fishing');
    expect(await client.socket.fetchStatus(contact.jid)).toEqual([
      { id: contact.jid, status: { status: 'Gone fishing', setAt: expect.any(Date) } },
    ]);
    contact.setPrivacy('status', 'none');
    expect(await client.socket.fetchStatus(contact.jid)).toMatchObject([{ status: { status: '' } }]);
    contact.setPrivacy('status', 'contacts');
    expect(await client.socket.fetchStatus(contact.jid)).toMatchObject([{ status: { status: '' } }]);
    const { messageId } = await contact.say(account, 'now you know me');
    await receives(client, 'the text', ({ key }) => key.id === messageId);
    expect(await client.socket.fetchStatus(contact.jid)).toMatchObject([{ status: { status: 'Gone fishing' } }]);
    expect(() => contact.setAbout('x'.repeat(140))).toThrow('139 characters');
  });

  test('change the about text of the account, and others read it', async () => {
    await client.socket.updateProfileStatus('Open 9 to 5');
    expect(account.about).toBe('Open 9 to 5');
    expect(await second.socket.fetchStatus(account.jid)).toMatchObject([{ status: { status: 'Open 9 to 5' } }]);
  });

  test('read the profile of a business, and of a private person none', async () => {
    const contact = sandbox.contact('15550100012');
    expect(await client.socket.getBusinessProfile(contact.jid)).toBeUndefined();
    contact.setBusiness({
      description: 'Bread',
      address: '1 Main Street',
      category: 'Bakery',
      website: 'https://x.test',
    });
    expect(await client.socket.getBusinessProfile(contact.jid)).toMatchObject({
      wid: contact.jid,
      description: 'Bread',
      address: '1 Main Street',
      category: 'Bakery',
      website: ['https://x.test'],
    });
  });

  test('change the business profile of the account, and leave what they do not name', async () => {
    account.setBusiness({ description: 'Bread', address: '1 Main Street' });
    await client.socket.updateBussinesProfile({ description: 'Cake', websites: ['https://cake.test'] } as never);
    expect(account.business).toEqual({
      description: 'Cake',
      address: '1 Main Street',
      website: 'https://cake.test',
    });
  });

  test('read and change privacy settings, within what WhatsApp takes', async () => {
    expect(await client.socket.fetchPrivacySettings(true)).toMatchObject({ last: 'all', readreceipts: 'all' });
    await client.socket.updateLastSeenPrivacy('contacts');
    expect(account.privacy('last')).toBe('contacts');
    expect(await second.socket.fetchPrivacySettings(true)).toMatchObject({ last: 'contacts' });
    await expect(client.socket.updateLastSeenPrivacy('nobody' as never)).rejects.toThrow('bad-request');
  });

  test('confirm reading only to each other once read receipts are off', async () => {
    const contact = sandbox.contact('15550100013');
    await client.socket.updateReadReceiptsPrivacy('none');
    await client.socket.fetchPrivacySettings(true);
    const { messageId } = await contact.say(account, 'secretly read');
    const { key } = await receives(client, 'the text', ({ key }) => key.id === messageId);
    await client.socket.readMessages([key]);
    await client.socket.fetchBlocklist();
    expect(contact.receiptsFor(messageId).map(({ kind }) => kind)).not.toContain('read');
    await client.socket.updateReadReceiptsPrivacy('all');
    await client.socket.fetchPrivacySettings(true);
  });

  test('set the default message timer, which the other client learns', async () => {
    const changed = await emitted(
      second,
      'creds.update',
      () => client.socket.updateDefaultDisappearingMode(86_400),
      ({ accountSettings }) => accountSettings !== undefined,
    );
    expect(changed.accountSettings?.defaultDisappearingMode).toMatchObject({ ephemeralExpiration: 86_400 });
    expect(await client.socket.fetchDisappearingDuration(account.jid)).toMatchObject([
      { disappearing_mode: { duration: 86_400 } },
    ]);
    await expect(client.socket.updateDefaultDisappearingMode(5)).rejects.toThrow('bad-request');
  });

  test('block somebody, whose messages no longer come, and unblock again', async () => {
    const contact = sandbox.contact('15550100014');
    const first = await contact.say(account, 'before');
    await receives(client, 'the text', ({ key }) => key.id === first.messageId);
    const added = await emitted(second, 'blocklist.update', () =>
      client.socket.updateBlockStatus(contact.jid, 'block'),
    );
    expect(added).toEqual({ blocklist: [contact.lid], type: 'add' });
    expect(await client.socket.fetchBlocklist()).toEqual([contact.lid]);
    expect(account.hasBlocked(contact)).toBe(true);
    const lost = await contact.say(account, 'while blocked');
    const removed = await emitted(second, 'blocklist.update', () =>
      client.socket.updateBlockStatus(contact.lid, 'unblock'),
    );
    expect(removed).toEqual({ blocklist: [contact.lid], type: 'remove' });
    const { messageId } = await contact.say(account, 'after');
    await receives(client, 'the text', ({ key }) => key.id === messageId);
    expect(client.received.some(({ key }) => key.id === lost.messageId)).toBe(false);
  });

  test('are blocked by somebody: what they write is acknowledged and never arrives', async () => {
    const contact = sandbox.contact('15550100015');
    contact.block(account);
    const acked = next(client, 'ack');
    const sent = await client.socket.sendMessage(contact.jid, { text: 'are you there?' });
    expect(await acked).toEqual([sent?.key.id, undefined]);
    contact.unblock(account);
    const heard = await client.socket.sendMessage(contact.jid, { text: 'and now?' });
    await contact.waitForMessage(({ messageId }) => messageId === heard?.key.id, DEADLINE_MS);
    expect(contact.screen).toMatchObject([{ text: 'and now?' }]);
  });

  test('find no bots', async () => {
    expect(await client.socket.getBotListV2()).toEqual([]);
  });
});
