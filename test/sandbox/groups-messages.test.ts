import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { proto } from '@whiskeysockets/baileys';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Contact, Group, Sandbox } from '../../runtime/sandbox/sandbox.ts';
import { disconnect, linkedClient, receives, textOf } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { eventually } from '../support/deadline.ts';
import { emitted } from '../support/emitted.ts';

const DEADLINE_MS = 10_000;
let sandbox: Sandbox;
let account: Account;
let client: WhatsAppClient;
let tablet: WhatsAppClient;
let ann: Contact;
let ben: Contact;

beforeAll(async () => {
  sandbox = await startSandbox();
  account = sandbox.account('15550100001');
  ann = sandbox.contact('15550100011', { name: 'Ann' });
  ben = sandbox.contact('15550100012', { name: 'Ben' });
  client = await linkedClient(sandbox, account);
  tablet = await linkedClient(sandbox, account);
});

afterAll(async () => {
  for (const each of [client, tablet]) await disconnect(each);
  await sandbox.stop();
  expect(sandbox.unhandled).toEqual([]);
  for (const each of [client, tablet]) expect(each.complaints).toEqual([]);
});

const complaintsOf = ({ complaints }: WhatsAppClient) =>
  complaints.splice(0).map((line) => (JSON.parse(line) as { msg: string }).msg);

/** The ciphertext kinds of the messages that reach the account's clients while something is done, one row a stanza. */
async function kindsOf(action: () => Promise<unknown>): Promise<string[][]> {
  const kinds: string[][] = [];
  const listen = ({ direction, node }: { direction: string; node: { tag: string; content?: unknown } }) => {
    if (direction !== 'out' || node.tag !== 'message') return;
    const encs = (node.content as { tag: string; attrs: Record<string, string> }[]).filter(({ tag }) => tag === 'enc');
    kinds.push(encs.map(({ attrs }) => attrs['type'] ?? ''));
  };
  sandbox.events.on('stanza', listen);
  await action();
  sandbox.events.off('stanza', listen);
  return kinds;
}

describe.each(['lid', 'pn'] as const)('in a group with %s addressing', (addressing) => {
  let group: Group;
  beforeAll(() => {
    group = sandbox.group({ subject: 'Neighbours', members: [ann, ben, account], addressing });
  });
  const named = ({ jid, lid }: Account | Contact) => (addressing === 'lid' ? lid : jid);

  test('what a contact says reaches every device of the account, its key only the first time', async () => {
    const texts = [`first ${addressing}`, `second ${addressing}`];
    const kinds = await kindsOf(async () => {
      for (const text of texts) {
        const { messageId } = await ann.say(group, text);
        for (const device of [client, tablet]) {
          const arrived = await receives(device, text, ({ key }) => key.id === messageId);
          expect(textOf(arrived)).toBe(text);
          expect(arrived.pushName).toBe('Ann');
          expect(arrived.key).toMatchObject({
            remoteJid: group.jid,
            participant: named(ann),
            participantAlt: addressing === 'lid' ? ann.jid : ann.lid,
            fromMe: false,
          });
        }
      }
    });
    expect(kinds.map((row) => row.at(-1))).toEqual(['skmsg', 'skmsg', 'skmsg', 'skmsg']);
    expect(kinds.map((row) => row.length)).toEqual([2, 2, 1, 1]);
    expect(ben.screen.filter((row) => row.group === group.jid)).toMatchObject(
      texts.map((text) => ({ text, from: ann.phone, arrivals: 1 })),
    );
  });

  test('what the client says reaches every contact and the other device of the account', async () => {
    for (const text of [`one ${addressing}`, `two ${addressing}`]) {
      const sent = await client.socket.sendMessage(group.jid, { text });
      for (const contact of [ann, ben]) {
        const row = await contact.waitForMessage((each) => each.text === text, DEADLINE_MS);
        expect(row).toMatchObject({ messageId: sent?.key.id, from: account.phone, group: group.jid, arrivals: 1 });
      }
    }
    const echo = await emitted(tablet, 'messages.upsert', () => client.socket.sendMessage(group.jid, { text: 'mine' }));
    expect(echo.messages).toMatchObject([{ key: { fromMe: true, remoteJid: group.jid } }]);
  });

  test('delivery and reading are told with who, both ways', async () => {
    const readers = new Set<string>();
    const note = ({ userJid, readTimestamp }: proto.IUserReceipt) => readTimestamp && readers.add(userJid ?? '');
    // The client tells of receipts beside the message, or as part of it when it has not told of the message yet.
    client.socket.ev.on('message-receipt.update', (updates) => updates.forEach(({ receipt }) => note(receipt)));
    client.socket.ev.on('messages.upsert', ({ messages }) => messages[0]?.userReceipt?.forEach(note));
    const sent = await client.socket.sendMessage(group.jid, { text: `read me ${addressing}` });
    for (const contact of [ann, ben]) {
      const { messageId } = await contact.waitForMessage((row) => row.messageId === sent?.key.id, DEADLINE_MS);
      await contact.read(messageId);
    }
    const both = [named(ann), named(ben)].toSorted();
    await eventually(
      DEADLINE_MS,
      'readers',
      () => [...readers].toSorted(),
      (all) => String(all) === String(both),
    );

    const { messageId } = await ann.say(group, `and me ${addressing}`);
    const { key } = await receives(client, 'the text', (message) => message.key.id === messageId);
    await client.socket.readMessages([key]);
    const receipts = await eventually(
      DEADLINE_MS,
      'receipts',
      () => ann.receiptsFor(messageId),
      (all) => all.some(({ kind }) => kind === 'read') && all.length === 4,
    );
    expect(receipts.map(({ from, kind }) => `${from} ${kind}`).toSorted()).toEqual([
      `${account.phone} delivered`,
      `${account.phone} delivered`,
      `${account.phone} read`,
      `${ben.phone} delivered`,
    ]);
  });

  test('a quoted answer names whom it answers', async () => {
    const sent = await client.socket.sendMessage(group.jid, { text: `a question ${addressing}` });
    await ann.waitForMessage(({ messageId }) => messageId === sent?.key.id, DEADLINE_MS);
    const { messageId } = await ann.say(group, 'an answer', { quoted: sent?.key.id ?? '' });
    const answer = await receives(client, 'the answer', ({ key }) => key.id === messageId);
    expect(answer.message?.extendedTextMessage?.contextInfo).toMatchObject({
      stanzaId: sent?.key.id,
      participant: named(account),
    });
  });

  test('what a contact cannot decrypt is asked for again and shown once', async () => {
    sandbox.delivery.spoilNext(ben.phone, 0);
    const sent = await client.socket.sendMessage(group.jid, { text: `once more ${addressing}` });
    const row = await ben.waitForMessage(({ text }) => text === `once more ${addressing}`, DEADLINE_MS);
    expect(row).toMatchObject({ messageId: sent?.key.id, arrivals: 1 });
  });

  test('what the client cannot decrypt is asked for again, and the contact sends it with its key', async () => {
    sandbox.delivery.spoilNext(account.phone, 'each');
    const { messageId } = await ben.say(group, `repair ${addressing}`);
    for (const device of [client, tablet]) {
      const repaired = await receives(device, 'the text', (message) => textOf(message) === `repair ${addressing}`);
      expect(repaired.key.id).toBe(messageId);
      expect(complaintsOf(device)).toEqual(['transaction failed, rolling back', 'failed to decrypt message']);
    }
    const { messageId: following } = await ben.say(group, 'and on');
    await receives(client, 'what follows', ({ key }) => key.id === following);
  });

  test('who comes later gets what is said later; who left gets nothing, and the key is a new one', async () => {
    const cid = sandbox.contact(addressing === 'lid' ? '15550100013' : '15550100014');
    group.add(cid);
    const { messageId: first } = await ann.say(group, 'welcome');
    await cid.waitForMessage(({ messageId }) => messageId === first, DEADLINE_MS);
    await client.socket.sendMessage(group.jid, { text: 'welcome from us' });
    await cid.waitForMessage(({ text }) => text === 'welcome from us', DEADLINE_MS);
    group.remove(cid);
    const kinds = await kindsOf(async () => {
      const { messageId } = await ann.say(group, 'gone?');
      for (const device of [client, tablet]) await receives(device, 'the text', ({ key }) => key.id === messageId);
    });
    expect(kinds.map((row) => row.length)).toEqual([2, 2]);
    expect(cid.screen.map(({ text }) => text)).toEqual(['welcome', 'welcome from us']);
    await expect(cid.say(group, 'let me back')).rejects.toThrow('is not in this group');
  });
});
