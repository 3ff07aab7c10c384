import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { proto, type WAMessage } from '@whiskeysockets/baileys';
import { linkedDevicesOf } from '../../runtime/sandbox/linked-device.ts';
import { startSandbox } from '../../runtime/sandbox/sandbox.ts';
import type { Account, Sandbox, SandboxEvents } from '../../runtime/sandbox/sandbox.ts';
import { disconnect, linkedClient, receives, textOf, type WhatsAppClient } from '../support/baileys-client.ts';
import { eventually } from '../support/deadline.ts';

type Stanza = SandboxEvents['stanza'][0]['node'];

/** What the client says, at error, of a message it could not decrypt. */
const UNDECRYPTED = /failed to decrypt message|transaction failed, rolling back/;
let sandbox: Sandbox;
let account: Account;
let client: WhatsAppClient;
let tablet: WhatsAppClient;

beforeAll(async () => {
  sandbox = await startSandbox({ preKeyStock: 'ample' });
  account = sandbox.account('15550100001');
  client = await linkedClient(sandbox, account);
  tablet = await linkedClient(sandbox, account);
});

afterEach(() => sandbox.trouble.stopAll());

afterAll(async () => {
  for (const each of [client, tablet]) await disconnect(each);
  await sandbox.stop();
  expect(sandbox.unhandled).toEqual([]);
  expect([...client.complaints, ...tablet.complaints]).toEqual([]);
});

const begin = (name: string, settings: Record<string, number | string> = {}) =>
  sandbox.trouble.begin({ name, phone: account.phone, settings });

/** What passes between the sandbox and the account's clients while something happens. */
async function passing(action: () => Promise<unknown>): Promise<{ in: Stanza[]; out: Stanza[] }> {
  const seen: { in: Stanza[]; out: Stanza[] } = { in: [], out: [] };
  const note = ({ direction, node }: SandboxEvents['stanza'][0]) => void seen[direction].push(node);
  sandbox.events.on('stanza', note);
  await action();
  sandbox.events.off('stanza', note);
  return seen;
}

/** How often a client has complained since last asked: of what it could not decrypt, and of nothing else. */
function failuresOf({ complaints }: WhatsAppClient): number {
  const lines = complaints.splice(0);
  expect(lines.filter((line) => !UNDECRYPTED.test(line))).toEqual([]);
  return lines.length;
}

/** Somebody says it, and both clients of the account show it. */
async function bothShow(phone: string, text: string): Promise<string> {
  const { messageId } = await sandbox.contact(phone).say(account, text);
  for (const each of [client, tablet]) await receives(each, text, (message) => textOf(message) === text);
  return messageId;
}

test('one message spoilt is one for each client, whatever the phone gets, and each asks for it once', async () => {
  begin('spoilt');
  const asked = await passing(() => bothShow('15550100011', 'spoilt once'));
  const isRetry = ({ tag, attrs }: Stanza) => tag === 'receipt' && attrs['type'] === 'retry';
  expect(asked.in.filter(isRetry)).toHaveLength(2);
  for (const each of [client, tablet]) expect(failuresOf(each)).toBeGreaterThan(0);
});

test('one message repeated comes twice to each client, and the one after it once', async () => {
  begin('repeated');
  let ids: string[] = [];
  const { out } = await passing(async () => {
    ids = [await bothShow('15550100012', 'twice'), await bothShow('15550100012', 'the next')];
  });
  const times = ids.map((id) => out.filter(({ tag, attrs }) => tag === 'message' && attrs['id'] === id).length);
  expect(times).toEqual([4, 2]);
  for (const each of [client, tablet]) expect(failuresOf(each)).toBeGreaterThan(0);
});

test('what is meant for one device no other device of the number uses up', async () => {
  sandbox.delivery.repeatNext(account.phone, 2);
  let id = '';
  const { out } = await passing(async () => {
    id = await bothShow('15550100013', 'twice on the tablet');
    await bothShow('15550100013', 'and on');
  });
  expect(out.filter(({ tag, attrs }) => tag === 'message' && attrs['id'] === id)).toHaveLength(3);
  expect(failuresOf(tablet)).toBeGreaterThan(0);
});

test('a slow server lets nothing overtake what it said before, when it becomes fast again', async () => {
  const contact = sandbox.contact('15550100021');
  await bothShow(contact.phone, 'to begin with');
  const known = client.received.length;
  const slow = begin('slow', { ms: 250 });
  await contact.say(account, 'one');
  await contact.say(account, 'two');
  slow?.stop();
  await contact.say(account, 'three');
  await receives(client, 'the last', (message) => textOf(message) === 'three');
  expect(client.received.slice(known).map(textOf)).toEqual(['one', 'two', 'three']);
});

test('only the acks are late that are said to be: all else overtakes them, and they stay in order', async () => {
  const contact = sandbox.contact('15550100023');
  begin('acks-late', { ms: 300 });
  const { out } = await passing(async () => {
    const acked: string[] = [];
    client.events.on('ack', (id) => void acked.push(id));
    const sent = [];
    for (const text of ['first', 'second']) sent.push(await client.socket.sendMessage(contact.jid, { text }));
    await contact.say(account, 'meanwhile');
    await receives(client, 'the text', (message) => textOf(message) === 'meanwhile');
    const ids = sent.map((message) => message?.key.id);
    await eventually(
      10_000,
      'the acks',
      () => acked,
      ({ length }) => length === 2,
    );
    expect(acked).toEqual(ids);
  });
  const tags = out.map(({ tag, attrs }) => (attrs['class'] === 'message' ? 'ack of a message' : tag));
  expect(tags.indexOf('message')).toBeLessThan(tags.indexOf('ack of a message'));
});

test('a client told that its one-time keys are nearly used up makes new ones', async () => {
  const stock = () => linkedDevicesOf(account.person).map(({ preKeyCount }) => preKeyCount);
  begin('pre-keys-low', { left: 1 });
  await eventually(10_000, 'new keys', stock, (counts) => counts.length === 2 && counts.every((count) => count > 4));
});

describe('a client of today gets from tomorrow', () => {
  const SOMEBODY = '15550100031';
  const { CIPHERTEXT } = proto.WebMessageInfo.StubType;
  const upserted = (fits: (message: WAMessage) => boolean) => receives(client, 'the message', fits);
  const from = ({ key }: WAMessage) => key.remoteJid === sandbox.contact(SOMEBODY).lid;

  test('a message with nothing but an unknown field, and shows one without content', async () => {
    begin('unknown-message', { from: SOMEBODY });
    const { message } = await upserted(from);
    expect(proto.Message.toObject(proto.Message.create(message ?? {}))).toEqual({});
    await bothShow(SOMEBODY, 'after the unknown message');
  });

  test('a text with an unknown field beside it, and shows the text', async () => {
    begin('unknown-fields', { from: SOMEBODY, field: 536_870_911, text: 'with more to it' });
    await upserted((message) => from(message) && textOf(message) === 'with more to it');
    expect(() => begin('unknown-fields', { from: SOMEBODY, field: 0 })).toThrow('field must be a whole number from 1');
    expect(() => begin('unknown-fields', { from: account.phone })).toThrow('already somebody');
  });

  test('a message encrypted in an unknown way, and asks for it again', async () => {
    begin('unknown-encryption');
    const { in: said } = await passing(() => bothShow(SOMEBODY, 'in another way'));
    expect(said.filter(({ tag, attrs }) => tag === 'receipt' && attrs['type'] === 'retry')).toHaveLength(2);
    expect(client.received.filter((message) => from(message) && message.messageStubType === CIPHERTEXT)).toHaveLength(
      1,
    );
    for (const each of [client, tablet]) {
      const lines = each.complaints.splice(0);
      expect(lines.filter((line) => !/Unknown e2e type: sandbox-future|rolling back/.test(line))).toEqual([]);
      expect(lines.length).toBeGreaterThan(0);
    }
  });

  test('unknown attributes and children of a message, and shows the message', async () => {
    begin('unknown-attributes');
    const { out } = await passing(() => bothShow(SOMEBODY, 'decorated'));
    const [message] = out.filter(({ tag }) => tag === 'message');
    expect(message?.attrs['sandbox_future']).toBe('1');
    expect((message?.content as Stanza[]).map(({ tag }) => tag)).toContain('sandbox_future');
  });
});
