import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Account, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { connectClient, disconnect } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { within } from '../support/deadline.ts';
import { emitted } from '../support/emitted.ts';
import { endLinkedClient, startLinkedClient } from '../support/linked-client.ts';

const DEADLINE_MS = 10_000;

describe('a linked client', () => {
  let sandbox: Sandbox;
  let account: Account;
  let client: WhatsAppClient;

  beforeAll(async () => {
    ({ sandbox, account, client } = await startLinkedClient());
  });

  afterAll(() => endLinkedClient({ sandbox, client }));

  const rings = async (action: () => unknown, on = client) => (await emitted(on, 'call', action))[0];

  test('is rung by a contact, by voice, and told whose number it is', async () => {
    const contact = sandbox.contact('15550100011');
    const offered = await rings(() => contact.call(account));
    expect(offered).toMatchObject({
      chatId: contact.lid,
      from: contact.lid,
      callerPn: contact.jid,
      status: 'offer',
      isVideo: false,
      isGroup: false,
      offline: false,
    });
  });

  test('rejects a call, and the caller learns it', async () => {
    const contact = sandbox.contact('15550100012');
    const offered = await rings(() => contact.call(account, { video: true, addressing: 'pn' }));
    expect(offered).toMatchObject({ from: contact.jid, isVideo: true });
    const decided = once(sandbox.events, 'call');
    await client.socket.rejectCall(offered?.id ?? '', offered?.from ?? '');
    expect(await within(DEADLINE_MS, 'the rejection', decided)).toEqual([
      { callId: offered?.id, from: contact.phone, to: account.phone, state: 'rejected' },
    ]);
  });

  test('learns that the caller gave up, which leaves a missed call in the chat', async () => {
    const contact = sandbox.contact('15550100013');
    const call = contact.call(account);
    const missed = await emitted(client, 'messages.upsert', () => call.timeOut());
    expect(missed.messages[0]).toMatchObject({ key: { id: call.id, remoteJid: contact.lid }, messageStubType: 40 });
    expect(call.state).toBe('missed');
    expect(() => call.hangUp()).toThrow('the call is missed');
  });

  test('learns that the caller hung up, or that the call was taken or rejected on the phone', async () => {
    const contact = sandbox.contact('15550100014');
    for (const [decide, state] of [
      ['hangUp', 'cancelled'],
      ['acceptOnPhone', 'accepted'],
      ['rejectOnPhone', 'rejected'],
    ] as const) {
      const call = contact.call(account);
      const ended = await emitted(
        client,
        'call',
        () => call[decide](),
        ([event]) => event?.status !== 'offer',
      );
      expect(ended).toMatchObject([{ id: call.id, status: 'terminate' }]);
      expect(call.state).toBe(state);
    }
  });

  test('is rung for a group call with the group named', async () => {
    const contact = sandbox.contact('15550100015');
    const group = sandbox.group({ subject: 'Callers', members: [account, contact] });
    const offered = await rings(() => contact.call(account, { groupJid: group.jid }));
    expect(offered).toMatchObject({ isGroup: true, groupJid: group.jid });
  });

  test('is not rung by a contact the account has blocked', () => {
    const contact = sandbox.contact('15550100016');
    account.block(contact);
    expect(contact.call(account).state).toBe('refused');
  });

  test('gets a link to a call of its own', async () => {
    expect(await client.socket.createCallLink('video')).toMatch(/^[\w-]{22}$/);
  });

  test('learns of calls that came while it was away', async () => {
    const contact = sandbox.contact('15550100017');
    const gone = once(sandbox.events, 'closed');
    await disconnect(client);
    await within(DEADLINE_MS, 'the closed event', gone);
    const call = contact.call(account);
    call.timeOut();
    const { auth, complaints } = client;
    client = connectClient(sandbox, auth);
    client.complaints.push(...complaints);
    const offered = await rings(() => undefined);
    expect(offered).toMatchObject({ id: call.id, offline: true });
  });
});
