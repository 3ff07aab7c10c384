import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Account, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { disconnect, linkedClient } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { emitted } from '../support/emitted.ts';
import { endLinkedClient, startLinkedClient } from '../support/linked-client.ts';
import { recording } from '../support/recording.ts';

describe('a linked client that is online', () => {
  let sandbox: Sandbox;
  let account: Account;
  let client: WhatsAppClient;

  beforeAll(async () => {
    ({ sandbox, account, client } = await startLinkedClient());
  });

  afterAll(() => endLinkedClient({ sandbox, client }));

  const presence = (action: () => unknown) => emitted(client, 'presence.update', action);

  test('sees somebody it subscribed to come and go, and when it was last there', async () => {
    const contact = sandbox.contact('15550100011');
    const lastSeen = new Date('2026-11-25T10:00:00Z');
    const now = await presence(() => client.socket.presenceSubscribe(contact.jid));
    expect(now).toEqual({ id: contact.jid, presences: { [contact.jid]: { lastKnownPresence: 'unavailable' } } });
    const online = await presence(() => contact.comesOnline());
    expect(online.presences[contact.jid]).toMatchObject({ lastKnownPresence: 'available' });
    const gone = await presence(() => contact.goesOffline(lastSeen));
    expect(gone.presences[contact.jid]).toMatchObject({
      lastKnownPresence: 'unavailable',
      lastSeen: lastSeen.getTime() / 1000,
    });
  });

  test('is told at once what holds when it subscribes, under the address it asked by', async () => {
    const contact = sandbox.contact('15550100012');
    contact.comesOnline();
    const now = await presence(() => client.socket.presenceSubscribe(contact.lid));
    expect(now).toMatchObject({ id: contact.lid, presences: { [contact.lid]: { lastKnownPresence: 'available' } } });
  });

  test('sees typing, recording and a pause in a chat without subscribing', async () => {
    const contact = sandbox.contact('15550100013');
    const states = [
      [() => contact.typing(account), 'composing'],
      [() => contact.recording(account), 'recording'],
      [() => contact.paused(account), 'available'],
    ] as const;
    for (const [show, seen] of states) {
      const { id, presences } = await presence(show);
      expect(id).toBe(contact.lid);
      expect(presences[contact.lid]).toMatchObject({ lastKnownPresence: seen });
    }
  });

  test('sees who types in a group', async () => {
    const contact = sandbox.contact('15550100014');
    const group = sandbox.group({ subject: 'Typists', members: [account, contact] });
    const { id, presences } = await presence(() => contact.typing(group));
    expect(id).toBe(group.jid);
    expect(presences[contact.lid]).toMatchObject({ lastKnownPresence: 'composing' });
    expect(() => sandbox.contact('15550100019').typing(group)).toThrow('not in this group');
  });

  test('sees nothing of whom it did not subscribe to, nor of whom it no longer does', async () => {
    const stranger = sandbox.contact('15550100015');
    const known = sandbox.contact('15550100016');
    await presence(() => client.socket.presenceSubscribe(known.jid));
    const { seen } = await recording(client, 'presence.update', async () => {
      stranger.comesOnline();
      await client.socket.sendNode({ tag: 'presence', attrs: { to: known.jid, type: 'unsubscribe', id: 'unsub-1' } });
      await ping();
      known.comesOnline();
      await ping();
    });
    expect(seen).toEqual([]);
  });

  test('is not told when somebody who hides it was last seen, and nothing of somebody who hides being online too', async () => {
    const contact = sandbox.contact('15550100017');
    contact.setPrivacy('last', 'none');
    const now = await presence(() => client.socket.presenceSubscribe(contact.jid));
    expect(now.presences[contact.jid]).toEqual({ lastKnownPresence: 'unavailable' });
    await presence(() => contact.comesOnline());
    contact.setPrivacy('online', 'match_last_seen');
    const { seen } = await recording(client, 'presence.update', async () => {
      contact.goesOffline();
      await ping();
    });
    expect(seen).toEqual([]);
    expect(() => contact.setPrivacy('online', 'nobody')).toThrow('online must be one of all, match_last_seen');
  });

  test('is shown nothing once it is offline itself, and sees again when it is back', async () => {
    const contact = sandbox.contact('15550100018');
    await presence(() => client.socket.presenceSubscribe(contact.jid));
    const { seen } = await recording(client, 'presence.update', async () => {
      await client.socket.sendPresenceUpdate('unavailable');
      await ping();
      contact.comesOnline();
      contact.typing(account);
      await ping();
    });
    expect(seen).toEqual([]);
    await client.socket.sendPresenceUpdate('available');
    await ping();
    await presence(() => contact.goesOffline());
  });

  test('is seen by another account that subscribed to it, and types to it', async () => {
    const other = sandbox.account('15550100002');
    const theirs = await linkedClient(sandbox, other);
    const seen = (action: () => unknown) => emitted(theirs, 'presence.update', action);
    const now = await seen(() => theirs.socket.presenceSubscribe(account.jid));
    expect(now.presences[account.jid]).toMatchObject({ lastKnownPresence: 'available' });
    const typing = await seen(() => client.socket.sendPresenceUpdate('composing', other.jid));
    expect(typing).toMatchObject({ id: account.jid, presences: { [account.jid]: { lastKnownPresence: 'composing' } } });
    await client.socket.sendPresenceUpdate('unavailable');
    const gone = await seen(() => undefined);
    expect(gone.presences[account.jid]?.lastSeen).toBeGreaterThan(Date.now() / 1000 - 60);
    await client.socket.sendPresenceUpdate('available');
    await disconnect(theirs);
    expect(theirs.complaints).toEqual([]);
  });

  /** Once it is answered, everything the sandbox sent before has arrived. */
  const ping = () =>
    client.socket.query({
      tag: 'iq',
      attrs: { to: '@s.whatsapp.net', type: 'get', xmlns: 'w:p' },
      content: [{ tag: 'ping', attrs: {} }],
    });
});
