import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { proto } from '@whiskeysockets/baileys';
import { linkedDevicesOf } from '../../runtime/sandbox/linked-device.ts';
import type { Account, Sandbox, SandboxEvents } from '../../runtime/sandbox/sandbox.ts';
import { connectClient, disconnect, reaches, receives, textOf } from '../support/baileys-client.ts';
import type { WhatsAppClient } from '../support/baileys-client.ts';
import { eventually, within } from '../support/deadline.ts';
import { endLinkedClient, startLinkedClient } from '../support/linked-client.ts';

type Stanza = SandboxEvents['stanza'][0]['node'];

const DEADLINE_MS = 10_000;
const BACKLOG_MS = 60_000;
const { DELIVERY_ACK, ERROR } = proto.WebMessageInfo.Status;
/** What the client says, at error, of every message it could not decrypt. */
const UNDECRYPTED = /failed to decrypt message|transaction failed, rolling back/;

describe('a linked client', () => {
  let sandbox: Sandbox;
  let account: Account;
  let client: WhatsAppClient;

  beforeAll(async () => {
    ({ sandbox, account, client } = await startLinkedClient());
  });

  afterAll(() => endLinkedClient({ sandbox, client }));

  /** The complaints so far; the ones to come are counted anew. */
  const takeComplaints = () => client.complaints.splice(0);

  /** Stanzas of a kind that pass between the sandbox and the account's clients while something happens. */
  async function passing(
    direction: 'in' | 'out',
    tag: string,
    type: string,
    action: (seen: Stanza[]) => Promise<unknown>,
  ) {
    const seen: Stanza[] = [];
    const note = ({ direction: way, node }: SandboxEvents['stanza'][0]) => {
      if (way === direction && node.tag === tag && node.attrs['type'] === type) seen.push(node);
    };
    sandbox.events.on('stanza', note);
    await action(seen);
    sandbox.events.off('stanza', note);
    return seen;
  }

  const waitingIs = (count: number) =>
    eventually(
      DEADLINE_MS,
      'waiting stanzas',
      () => account.linkedDevices()[0]?.waiting,
      (waiting) => waiting === count,
    );

  const childrenOf = ({ content }: Stanza) => (Array.isArray(content) ? content.map(({ tag }) => tag) : []);

  test('that was away gets a thousand messages, each once, in the order they were sent, and the count of them', async () => {
    const contact = sandbox.contact('15550100011');
    const gone = once(sandbox.events, 'closed');
    await disconnect(client);
    await within(DEADLINE_MS, 'the closed event', gone);
    const texts = Array.from({ length: 1000 }, (_, index) => `message ${index}`);
    for (const text of texts) await contact.say(account, text);
    expect(account.linkedDevices()).toMatchObject([{ online: false, waiting: 1000 }]);
    client = connectClient(sandbox, client.auth);
    const counts = await passing('out', 'ib', undefined as never, () =>
      eventually(
        BACKLOG_MS,
        'the backlog',
        () => client.received.length,
        (length) => length === 1000,
      ),
    );
    expect(client.received.map(textOf)).toEqual(texts);
    await waitingIs(0);
    const told = counts.flatMap(({ content }) => (Array.isArray(content) ? content : []));
    expect(told.find(({ tag }) => tag === 'offline')).toMatchObject({ tag: 'offline', attrs: { count: '1000' } });
  });

  test('shows a message once whose stanza came twice', async () => {
    const contact = sandbox.contact('15550100012');
    sandbox.delivery.repeatNext(account.phone, 'each');
    const { messageId } = await contact.say(account, 'twice on the wire');
    await receives(client, 'the text', ({ key }) => key.id === messageId);
    const after = await contact.say(account, 'the next');
    await receives(client, 'the next', ({ key }) => key.id === after.messageId);
    expect(client.received.filter(({ key }) => key.id === messageId)).toHaveLength(1);
    await waitingIs(0);
    expect(takeComplaints().filter((line) => !UNDECRYPTED.test(line))).toEqual([]);
  });

  test('decrypts messages that overtook each other, in the order they came', async () => {
    const contact = sandbox.contact('15550100013');
    sandbox.delivery.hold(account.phone);
    const texts = ['one', 'two', 'three', 'four', 'five'];
    for (const text of texts) await contact.say(account, text);
    // Each went to the account's phone as well.
    expect(sandbox.delivery.release(account.phone, 'reversed')).toBe(10);
    await receives(client, 'the first, which comes last', (message) => textOf(message) === 'one');
    const got = client.received.map(textOf).filter((text) => texts.includes(text));
    expect(got).toEqual(texts.toReversed());
  });

  test('asks five times for a message it cannot decrypt, with its keys from the second time on', async () => {
    const contact = sandbox.contact('15550100014');
    const { deviceId = 0 } = account.linkedDevices()[0] ?? {};
    sandbox.delivery.spoilNext(account.phone, deviceId, 5);
    let messageId = '';
    const asked = await passing('in', 'receipt', 'retry', async () => {
      ({ messageId } = await contact.say(account, 'at the sixth try'));
      await receives(client, 'the text', (message) => textOf(message) === 'at the sixth try');
    });
    const retries = asked.map((receipt) => ({
      count: (receipt.content as Stanza[])[0]?.attrs['count'],
      offersKeys: childrenOf(receipt).includes('keys'),
    }));
    expect(retries).toEqual([1, 2, 3, 4, 5].map((count) => ({ count: String(count), offersKeys: count > 1 })));
    await eventually(
      DEADLINE_MS,
      'delivery',
      () => contact.receiptsFor(messageId).length,
      (count) => count === 1,
    );
    expect(takeComplaints().filter((line) => !UNDECRYPTED.test(line))).toEqual([]);
  });

  test('sends again what a contact could not decrypt, first with a bundle it fetches and then with the keys it is given', async () => {
    const contact = sandbox.contact('15550100015');
    sandbox.delivery.spoilNext(contact.phone, 0, 2);
    const asked = await passing('out', 'receipt', 'retry', async () => {
      const sent = await client.socket.sendMessage(contact.jid, { text: 'at the third try' });
      await contact.waitForMessage(({ text }) => text === 'at the third try', DEADLINE_MS);
      await reaches(client, sent?.key.id ?? '', DELIVERY_ACK);
    });
    expect(asked.map((receipt) => childrenOf(receipt).includes('keys'))).toEqual([false, true]);
  });

  test('gives up on a contact after two further tries, whatever it is asked', async () => {
    // The client counts each request twice (messages-recv.js: handleReceipt and sendMessagesAgain), so five are two.
    const contact = sandbox.contact('15550100018');
    sandbox.delivery.spoilNext(contact.phone, 0, 3);
    const asked = await passing('out', 'receipt', 'retry', async (seen) => {
      await client.socket.sendMessage(contact.jid, { text: 'never readable' });
      const count = () => seen.length;
      await eventually(DEADLINE_MS, 'the third request', count, (length) => length === 3);
      await waitingIs(0);
    });
    expect(asked).toHaveLength(3);
    expect(contact.screen).toEqual([]);
    await client.socket.sendMessage(contact.jid, { text: 'readable' });
    await contact.waitForMessage(({ text }) => text === 'readable', DEADLINE_MS);
    expect(contact.screen).toHaveLength(1);
  });

  test.each(['479', '475', '599'])('learns that a message was refused with %s, while others pass', async (error) => {
    const refused = sandbox.contact('15550100016');
    const other = sandbox.contact('15550100017');
    sandbox.delivery.refuse(refused.phone, { error, count: 1 });
    const acks = new Map<string, string | undefined>();
    client.events.on('ack', (id, code) => void acks.set(id, code));
    const sent = await client.socket.sendMessage(refused.jid, { text: `refused with ${error}` });
    await reaches(client, sent?.key.id ?? '', ERROR);
    expect(acks.get(sent?.key.id ?? '')).toBe(error);
    for (const contact of [other, refused]) {
      await client.socket.sendMessage(contact.jid, { text: `after ${error}` });
      await contact.waitForMessage(({ text }) => text === `after ${error}`, DEADLINE_MS);
    }
    expect(refused.screen.some(({ text }) => text === `refused with ${error}`)).toBe(false);
    const lines = takeComplaints();
    expect(lines.filter((line) => !/479|error in ack/.test(line))).toEqual([]);
  });

  test('uploads pre-keys when it is told that few are left', async () => {
    const [device] = linkedDevicesOf(account.person);
    if (!device) throw new Error('no linked device');
    const stock = device.preKeyCount;
    const uploads = await passing('in', 'iq', 'set', async () => {
      await passing('in', 'ack', 'encrypt', async (confirmed) => {
        // Everybody who begins a session with the client uses up one of its keys.
        for (let used = 0; used < stock - 4; used++) device.keyBundle();
        // The client confirms the word of it once it has uploaded.
        const count = () => confirmed.length;
        await eventually(DEADLINE_MS, 'the confirmation', count, (acks) => acks === 1);
      });
    });
    expect(device.preKeyCount).toBeGreaterThan(4);
    expect(uploads.filter(({ attrs }) => attrs['xmlns'] === 'encrypt')).toHaveLength(1);
  });
});
