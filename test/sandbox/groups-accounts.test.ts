import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Group, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { disconnect, linkedClient, next, receives, textOf } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { eventually } from '../support/deadline.ts';
import { emitted } from '../support/emitted.ts';

let sandbox: Sandbox;
let one: Account;
let two: Account;
let laptop: WhatsAppClient;
let tablet: WhatsAppClient;
let other: WhatsAppClient;

beforeAll(async () => {
  sandbox = await startSandbox();
  one = sandbox.account('15550100001');
  two = sandbox.account('15550100002');
  laptop = await linkedClient(sandbox, one);
  tablet = await linkedClient(sandbox, one);
  other = await linkedClient(sandbox, two);
});

afterAll(async () => {
  for (const client of [laptop, tablet, other]) await disconnect(client);
  await sandbox.stop();
  expect(sandbox.unhandled).toEqual([]);
  for (const client of [laptop, tablet, other]) expect(client.complaints).toEqual([]);
});

/** What the client has complained of so far, which is thereby expected. */
const complaintsOf = ({ complaints }: WhatsAppClient) =>
  complaints.splice(0).map((line) => (JSON.parse(line) as { msg: string }).msg);

describe.each(['lid', 'pn'] as const)('accounts in a group with %s addressing', (addressing) => {
  let group: Group;
  beforeAll(() => {
    group = sandbox.group({ subject: 'Shift', members: [one, two], addressing });
  });
  const named = ({ jid, lid }: Account) => (addressing === 'lid' ? lid : jid);

  test('every device of the other and the other device of the sender get the message', async () => {
    for (const text of ['first', 'second']) {
      const sent = await laptop.socket.sendMessage(group.jid, { text: `${text} ${addressing}` });
      const isIt = ({ key }: { key: { id?: string | null } }) => key.id === sent?.key.id;
      const arrived = await receives(other, `the ${text} text`, isIt);
      expect(textOf(arrived)).toBe(`${text} ${addressing}`);
      expect(arrived.key).toMatchObject({
        remoteJid: group.jid,
        participant: named(one),
        participantAlt: addressing === 'lid' ? one.jid : one.lid,
        fromMe: false,
      });
    }
    const copy = emitted(tablet, 'messages.upsert', () => laptop.socket.sendMessage(group.jid, { text: 'third' }));
    expect((await copy).messages).toMatchObject([{ key: { remoteJid: group.jid, fromMe: true } }]);
  });

  test('delivery and reading come back with who', async () => {
    const told: { id: unknown; userJid?: unknown; receiptTimestamp?: unknown; readTimestamp?: unknown }[] = [];
    laptop.socket.ev.on('message-receipt.update', (updates) => {
      for (const { key, receipt } of updates) told.push({ ...receipt, id: key.id });
    });
    // Of a receipt that comes before the client has told of the message it tells with the message.
    laptop.socket.ev.on('messages.upsert', ({ messages }) => {
      for (const { key, userReceipt } of messages)
        for (const receipt of userReceipt ?? []) told.push({ ...receipt, id: key.id });
    });
    const id = (await laptop.socket.sendMessage(group.jid, { text: 'anyone?' }))?.key.id;
    const receipt = (what: 'receiptTimestamp' | 'readTimestamp') =>
      eventually(10_000, what, () => told.find((each) => each.id === id && each[what]), Boolean);
    expect(await receipt('receiptTimestamp')).toMatchObject({ userJid: named(two) });
    const { key } = await receives(other, 'the question', (message) => message.key.id === id);
    await other.socket.readMessages([key]);
    expect(await receipt('readTimestamp')).toMatchObject({ userJid: named(two) });
  });

  test('what is damaged on the way is asked for and sent again', async () => {
    sandbox.delivery.spoilNext(two.phone, 'each');
    const failed = emitted(
      other,
      'messages.upsert',
      () => undefined,
      ({ messages }) => messages[0]?.messageStubType === 2,
    );
    const sent = await laptop.socket.sendMessage(group.jid, { text: `again, ${addressing}` });
    await failed;
    const repaired = await receives(
      other,
      'the repaired text',
      (message) => textOf(message) === `again, ${addressing}`,
    );
    expect(repaired.key.id).toBe(sent?.key.id);
    expect(complaintsOf(other)).toEqual(['transaction failed, rolling back', 'failed to decrypt message']);
  });

  test('who may not write is refused by the server', async () => {
    group.setSettings({ announcement: true });
    const refused = next(other, 'ack');
    await other.socket.sendMessage(group.jid, { text: 'let me' });
    expect((await refused)[1]).toBe('403');
    expect(complaintsOf(other)).toEqual(['received error in ack']);
    group.setSettings({ announcement: false });
  });
});
