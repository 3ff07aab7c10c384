import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { proto } from '@whiskeysockets/baileys';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Contact, Sandbox, SandboxEvents } from '../../runtime/sandbox/sandbox.ts';
import { disconnect, linkedClient, next, reaches, receives } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { eventually } from '../support/deadline.ts';
import { emitted } from '../support/emitted.ts';

const DEADLINE_MS = 10_000;
const { ERROR } = proto.WebMessageInfo.Status;

describe('a restricted account', () => {
  let sandbox: Sandbox;
  let account: Account;
  let client: WhatsAppClient;
  let known: Contact;
  /** Whole seconds, as the wire carries them. */
  const until = new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000);

  beforeAll(async () => {
    sandbox = await startSandbox();
    account = sandbox.account('15550100001');
    client = await linkedClient(sandbox, account);
    known = sandbox.contact('15550100011');
    const { messageId } = await known.say(account, 'hello');
    await receives(client, 'the first text', ({ key }) => key.id === messageId);
  });

  afterAll(async () => {
    await disconnect(client);
    await sandbox.stop();
    expect(sandbox.unhandled).toEqual([]);
    const expected = /error 463: account restricted|received error in ack/;
    expect(client.complaints.filter((line) => !expected.test(line))).toEqual([]);
  });

  async function send(to: string): Promise<[id: string, error: string | undefined]> {
    const acked = next(client, 'ack');
    await client.socket.sendMessage(to, { text: 'to you' });
    return acked;
  }

  test('is told so, with the end and the reason', async () => {
    const { reachoutTimeLock } = await emitted(client, 'connection.update', () =>
      sandbox.restrictions.restrict(account.phone, { until, enforcement: 'WEB_COMPANION_ONLY' }),
    );
    expect(reachoutTimeLock).toEqual({
      isActive: true,
      timeEnforcementEnds: until,
      enforcementType: 'WEB_COMPANION_ONLY',
    });
    expect(await client.socket.fetchAccountReachoutTimelock()).toEqual(reachoutTimeLock);
  });

  test('is told nothing of a restriction that WhatsApp keeps to itself, unless it asks', async () => {
    const said: string[] = [];
    const note = ({ direction, node }: SandboxEvents['stanza'][0]) => direction === 'out' && said.push(node.tag);
    sandbox.events.on('stanza', note);
    sandbox.restrictions.restrict(account.phone, { until, told: false });
    expect(said).toEqual([]);
    sandbox.restrictions.restrict(account.phone, { until });
    expect(said).toEqual(['notification']);
    sandbox.events.off('stanza', note);
  });

  test('writes to whom it knows, and is refused with 463 to whom it does not', async () => {
    const stranger = sandbox.contact('15550100012');
    const [id, error] = await send(stranger.jid);
    expect(error).toBe('463');
    await reaches(client, id, ERROR);
    const [passed, refused] = await send(known.jid);
    expect(refused).toBeUndefined();
    await known.waitForMessage(({ messageId }) => messageId === passed, DEADLINE_MS);
    expect(stranger.screen).toEqual([]);
  });

  test('may answer a stranger who wrote first', async () => {
    const stranger = sandbox.contact('15550100013');
    const { messageId } = await stranger.say(account, 'me first');
    await receives(client, 'the text', ({ key }) => key.id === messageId);
    expect((await send(stranger.lid))[1]).toBeUndefined();
  });

  test('may write to a stranger who trusts it', async () => {
    const stranger = sandbox.contact('15550100018');
    stranger.trust(account);
    await eventually(
      DEADLINE_MS,
      'the token',
      async () => (await client.auth.keys.get('tctoken', [stranger.lid]))[stranger.lid]?.token.length,
      (length) => length === 16,
    );
    expect((await send(stranger.jid))[1]).toBeUndefined();
    await stranger.waitForMessage(({ text }) => text === 'to you', DEADLINE_MS);
  });

  test('is told when the restriction is lifted, and writes to anybody again', async () => {
    const { reachoutTimeLock } = await emitted(client, 'connection.update', () =>
      sandbox.restrictions.lift(account.phone),
    );
    expect(reachoutTimeLock).toMatchObject({ isActive: false });
    expect((await send(sandbox.contact('15550100014').jid))[1]).toBeUndefined();
    expect(await client.socket.fetchAccountReachoutTimelock()).toMatchObject({ isActive: false });
  });

  test('with a quota of new chats is refused with 475 when it is used up, and told how it stands', async () => {
    expect(await client.socket.fetchNewChatMessageCap()).toMatchObject({ capping_status: 'NONE' });
    const set = await emitted(client, 'message-capping.update', () =>
      sandbox.restrictions.capNewChats(account.phone, 1),
    );
    expect(set).toMatchObject({ total_quota: 1, used_quota: 0, capping_status: 'NONE' });
    const first = sandbox.contact('15550100015');
    expect((await send(first.jid))[1]).toBeUndefined();
    expect(await client.socket.fetchNewChatMessageCap()).toMatchObject({ used_quota: 1, capping_status: 'CAPPED' });
    expect((await send(sandbox.contact('15550100016').jid))[1]).toBe('475');
    expect((await send(first.jid))[1]).toBeUndefined();
    sandbox.restrictions.capNewChats(account.phone, null);
    expect((await send(sandbox.contact('15550100016').jid))[1]).toBeUndefined();
  });

  test('cannot be restricted into the past, nor with half a chat, nor when nobody has the number', () => {
    const { restrictions } = sandbox;
    expect(() => restrictions.restrict(account.phone, { until: new Date(0) })).toThrow('end in the future');
    expect(() => restrictions.capNewChats(account.phone, 0.5)).toThrow('a whole number');
    expect(() => restrictions.restrict('15550100099', { until })).toThrow('nobody has 15550100099');
  });

  test('asks for newsletters in vain, in the words WhatsApp has for it', async () => {
    await expect(client.socket.newsletterMetadata('jid', '120363000000000000@newsletter')).rejects.toThrow(
      'GraphQL server error: Not Found',
    );
    await expect(client.socket.newsletterFetchMessages('120363000000000000@newsletter', 1, 0, 0)).rejects.toThrow(
      'item-not-found',
    );
    await expect(client.socket.getCatalog({ jid: known.jid })).rejects.toThrow('item-not-found');
    const [, error] = await send('120363000000000000@newsletter');
    expect(error).toBe('404');
  });
});
