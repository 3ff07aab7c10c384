/** The traps of the client library (sandbox-protocol.md 7), each sprung on a linked session; see decisions/0008. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { linkedDevicesOf } from '../../runtime/sandbox/linked-device.ts';
import type { Contact } from '../../runtime/sandbox/sandbox.ts';
import { newStanzaId, node, now, type Stanza } from '../../runtime/sandbox/stanza.ts';
import { within } from '../support/deadline.ts';
import { PHONE, startFlow, type Flow } from '../support/flow.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';

const OTHER_PHONE = '15550100002';
const LIMIT = 60_000;

describe('a linked session', () => {
  let flow: Flow;
  let receiver: Receiver;
  let ann: Contact;
  const printed: unknown[][] = [];

  beforeAll(async () => {
    /* eslint-disable no-console -- what libsignal would print to */
    for (const method of ['log', 'info', 'warn', 'error'] as const)
      console[method] = (...all) => void printed.push(all);
    /* eslint-enable no-console */
    receiver = await startReceiver();
    // Pings often, so that a dead connection is noticed soon; no wait before a new one.
    flow = await startFlow({ KEEPALIVE_INTERVAL_MS: '1000' }, () => 0);
    await flow.link('sales', PHONE, { webhookUrl: receiver.url });
    await flow.link('other', OTHER_PHONE);
    ann = flow.sandbox.contact('15550100701', { name: 'Ann' });
    await heard('hello');
  }, LIMIT);
  afterAll(async () => {
    await flow.end([/the connection is unwell|WhatsApp client|no_answer/]);
    await receiver.stop();
  }, LIMIT);

  afterEach(() => flow.sandbox.trouble.stopAll());

  const account = () => flow.sandbox.account(PHONE);
  const begin = (name: string, settings: Record<string, number | string> = {}) =>
    flow.sandbox.trouble.begin({ name, phone: PHONE, settings });

  async function heard(text: string): Promise<void> {
    await ann.say(account(), text);
    await receiver.next(({ event, data }) => event === 'message' && data.text === text);
  }

  /** The reasons the session goes through from now on until it is connected again. */
  async function untilConnected(withinMs: number): Promise<string[]> {
    const from = receiver.events.length;
    const later = () => receiver.events.slice(from).filter(({ event }) => event === 'connection.update');
    await receiver.next((event) => later().includes(event) && event.data.status === 'connected', withinMs);
    return later().map(({ data }) => data.reason.code);
  }

  test(
    'B1: a frame that cannot be read ends this one connection, is named, and another session goes on',
    async () => {
      const others = (await flow.call('GET', '/sessions/other')).body.data;
      const back = untilConnected(20_000);
      begin('corrupt-frames');
      expect(await back).toEqual(['corrupt_frame', 'connected']);
      expect((await flow.call('GET', '/sessions/other')).body.data).toEqual(others);
    },
    LIMIT,
  );

  test(
    'B2: an HTTP answer in place of a connection is noticed at once',
    async () => {
      const fault = flow.sandbox.trouble.begin({ name: 'upgrade-status', settings: { status: 403 } });
      const back = untilConnected(30_000);
      begin('tcp-reset');
      await receiver.next(({ data }) => data.reason?.code === 'connection_refused', 10_000);
      fault?.stop();
      expect(await back).toContain('connection_refused');
    },
    LIMIT,
  );

  test(
    'B4: a half-open connection is given up without waiting for the other side to close it',
    async () => {
      const back = untilConnected(25_000);
      const fault = begin('frozen');
      expect(await back).toEqual(['connection_lost', 'connected']);
      fault?.stop();
      expect(flow.problems.filter((line) => line.includes('unwell'))).toHaveLength(1);
    },
    LIMIT,
  );

  test(
    'B4: a question on its way ends with its connection',
    async () => {
      const asked = Promise.withResolvers<undefined>();
      const look = ({ node: stanza }: { node: unknown }) =>
        (stanza as Stanza).attrs['xmlns'] === 'usync' && asked.resolve(undefined);
      flow.sandbox.events.on('stanza', look);
      const fault = begin('query-unanswered', { xmlns: 'usync' });
      const answer = flow.call('POST', '/contacts/check', { sessionId: 'sales', phones: ['15550100799'] });
      await within(10_000, 'the question', asked.promise);
      flow.sandbox.events.off('stanza', look);
      const back = untilConnected(20_000);
      begin('tcp-reset');
      expect((await within(10_000, 'the end of the question', answer)).body.success).toBe(false);
      fault?.stop();
      await back;
    },
    LIMIT,
  );

  test(
    'B5: the word of the server is told at once, though nothing else comes that would empty the buffer of the client',
    async () => {
      begin('receipts-lost');
      const fault = begin('messages-refused', { error: '479' });
      const send = { sessionId: 'sales', to: ann.phone, waitFor: 'sent', timeout: 10 };
      const refused = await flow.call('POST', '/messages/text', { ...send, text: 'refused' });
      expect(refused.body.data.status).toBe('failed');
      fault?.stop();
      const taken = await flow.call('POST', '/messages/text', { ...send, text: 'taken' });
      expect(taken.body.data.status).toBe('sent');
    },
    LIMIT,
  );

  test(
    'B5: what waited for a client is told though the client is never told that this was all',
    async () => {
      const back = untilConnected(20_000);
      begin('backlog-endless');
      begin('tcp-reset');
      await heard('said while nobody was there');
      await back;
    },
    LIMIT,
  );

  test(
    'B6: in a group the session asks for no keys of its own and sends itself nothing',
    async () => {
      const own = (jid: string | undefined) => jid?.startsWith(`${account().person.lid.split('@')[0]}:`) ?? false;
      const group = flow.sandbox.group({ subject: 'Neighbours', members: [ann, account()], addressing: 'lid' });
      const toItself: string[] = [];
      const look = ({ phone, direction, node: stanza }: { phone: string | null; direction: string; node: unknown }) => {
        if (phone !== PHONE || direction !== 'in') return;
        for (const { tag, attrs } of all(stanza as Stanza))
          if (own(attrs['jid'])) toItself.push(`${tag} ${attrs['jid']}`);
      };
      flow.sandbox.events.on('stanza', look);
      const send = { sessionId: 'sales', to: group.jid, text: 'to all' };
      await flow.call('POST', '/messages/text', send);
      await ann.waitForMessage(({ text }) => text === 'to all', 15_000);
      flow.sandbox.events.off('stanza', look);
      expect(toItself).toEqual([]);
    },
    LIMIT,
  );

  test(
    'B8: nothing is printed when an encrypted session takes the place of another',
    async () => {
      begin('spoilt');
      await heard('once more');
      await heard('and again');
      expect(printed).toEqual([]);
    },
    LIMIT,
  );

  test(
    'B12: an unencrypted message in the name of a person is not passed on',
    async () => {
      const forged = node('message', { from: ann.person.lid, id: newStanzaId(), type: 'text', t: now() }, [
        node('plaintext', {}, Buffer.concat([Buffer.from([0x0a, 6]), Buffer.from('forged')])),
      ]);
      for (const device of linkedDevicesOf(account().person)) device.deliver(forged);
      await heard('after the forged one');
      expect(receiver.events.filter(({ data }) => data.text === 'forged')).toEqual([]);
    },
    LIMIT,
  );
});

/** A stanza and all within it. */
function all(stanza: Stanza): Stanza[] {
  const { content } = stanza;
  return [stanza, ...(Array.isArray(content) ? content.flatMap((part) => all(part as Stanza)) : [])];
}
