import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Contact } from '../../runtime/sandbox/sandbox.ts';
import { PHONE, startLinkedFlow, type Flow } from '../support/flow.ts';
import type { Receiver } from '../support/receiver.ts';

const DEADLINE_MS = 15_000;
const HOUR_MS = 3_600_000;
const CHECKS = 8;

describe('before the first message to somebody', () => {
  let flow: Flow;
  let receiver: Receiver;
  /** Times a number was looked up, by number. */
  const lookUps: string[] = [];

  beforeAll(async () => {
    ({ flow, receiver } = await startLinkedFlow({ NUMBER_CHECKS_PER_HOUR: String(CHECKS) }));
    flow.sandbox.events.on('stanza', ({ direction, node }) => {
      if (direction !== 'in' || node.attrs['xmlns'] !== 'usync') return;
      lookUps.push(
        ...(JSON.stringify(node, (_key, value) => (isBytes(value) ? Buffer.from(value.data).toString() : value)).match(
          /\+\d+/g,
        ) ?? []),
      );
    });
  }, 60_000);
  afterAll(async () => {
    await flow.end([/received error in ack/]);
    await receiver.stop();
  }, 30_000);

  const isBytes = (value: unknown): value is { data: number[] } =>
    typeof value === 'object' && value !== null && (value as { type?: string }).type === 'Buffer';

  async function friend(phone: string): Promise<Contact> {
    const contact = flow.sandbox.contact(phone);
    const { messageId } = await contact.say(flow.sandbox.account(PHONE), 'hello');
    await receiver.next(({ data }) => data.messageId === messageId);
    return contact;
  }
  async function send(to: string, text: string, more: object = {}) {
    const { status, body } = await flow.call('POST', '/messages/text', { sessionId: 'sales', to, text, ...more });
    expect([status, body.error]).toEqual([202, undefined]);
    return body.data;
  }
  const get = async (id: string) => (await flow.call('GET', `/messages/${id}?sessionId=sales`)).body.data;
  const waits = async (id: string) => {
    for (;;) {
      const { waitsFor, status } = await get(id);
      if (waitsFor !== null || status !== 'pending') return waitsFor;
    }
  };
  const restriction = (restricted: boolean, from = 0) =>
    receiver.next(
      ({ event, data, sequence }) =>
        event === 'session.restriction' && data.restricted === restricted && sequence > from,
    );
  const check = async (phones: string[]) =>
    (await flow.call('POST', '/contacts/check', { sessionId: 'sales', phones })).body;

  test('a number that nobody has makes the message fail for certain, and is asked for once', async () => {
    const first = await send('15550100499', 'anybody?', { waitFor: 'sent', timeout: 15 });
    expect(first).toMatchObject({ status: 'failed', error: 'not_on_whatsapp', certain: true });
    const second = await send('15550100499', 'somebody?', { waitFor: 'sent', timeout: 15 });
    expect(second).toMatchObject({ status: 'failed', error: 'not_on_whatsapp', certain: true });
    expect(lookUps.filter((phone) => phone === '+15550100499')).toHaveLength(1);
  });

  test('a number somebody has is asked for once, and one that wrote first is not', async () => {
    const ann = flow.sandbox.contact('15550100501');
    await send(ann.phone, 'one', { waitFor: 'sent', timeout: 15 });
    await send(ann.phone, 'two', { waitFor: 'sent', timeout: 15 });
    const ben = await friend('15550100502');
    await send(ben.phone, 'three', { waitFor: 'sent', timeout: 15 });
    expect(lookUps.filter((phone) => phone === '+15550100501')).toHaveLength(1);
    expect(lookUps).not.toContain('+15550100502');
  }, 20_000);

  test('numbers are checked in bulk, known ones without asking', async () => {
    flow.sandbox.contact('15550100503');
    const { data } = await check(['+1 555 010 0503', '15550100499', '15550100498']);
    expect(data.numbers).toEqual([
      { phone: '+15550100503', exists: true, jid: '15550100503@s.whatsapp.net', checkedAt: expect.any(Number) },
      { phone: '+15550100499', exists: false, jid: null, checkedAt: expect.any(Number) },
      { phone: '+15550100498', exists: false, jid: null, checkedAt: expect.any(Number) },
    ]);
    expect(data).toMatchObject({ checksLeft: CHECKS - 4, continueAt: null });
    const { error } = await check(['call me']);
    expect(error.code).toBe('invalid_phone');
  });

  test('a restricted account answers and writes to whom it knows; new chats wait until it is lifted', async () => {
    const known = await friend('15550100504');
    const stranger = flow.sandbox.contact('15550100505');
    const until = Math.ceil(Date.now() / 1_000) * 1_000 + HOUR_MS;
    flow.sandbox.restrictions.restrict(PHONE, { until: new Date(until) });
    const told = await restriction(true);
    expect(told.data).toEqual({ restricted: true, until, reason: 'time_lock' });
    const { body } = await flow.call('GET', '/sessions/sales');
    expect(body.data.restriction).toMatchObject({ kind: 'time_lock', until, reason: 'DEFAULT' });
    const waiting = await send(stranger.phone, 'new here');
    expect((await send(known.phone, 'still here', { waitFor: 'sent', timeout: 15 })).reached).toBe(true);
    expect(await waits(waiting.messageId)).toBe('restricted');
    flow.sandbox.restrictions.lift(PHONE);
    expect((await restriction(false)).data).toEqual({ restricted: false, until: null, reason: 'time_lock' });
    const row = await stranger.waitForMessage(() => true, DEADLINE_MS);
    expect([row.messageId, row.arrivals]).toEqual([waiting.messageId, 1]);
    expect((await flow.call('GET', '/sessions/sales')).body.data.restriction).toBeNull();
  }, 30_000);

  test('a cap on new chats that only shows in a refusal holds the next ones, and what was refused goes when it ends', async () => {
    const [first, second] = ['15550100506', '15550100507'].map((phone) => flow.sandbox.contact(phone));
    flow.sandbox.restrictions.capNewChats(PHONE, 1);
    expect((await send(first?.phone ?? '', 'the one', { waitFor: 'sent', timeout: 15 })).reached).toBe(true);
    const refused = await send(second?.phone ?? '', 'one too many');
    expect(await waits(refused.messageId)).toBe('restricted');
    expect((await flow.call('GET', '/sessions/sales')).body.data.restriction).toMatchObject({ kind: 'new_chat_cap' });
    flow.sandbox.restrictions.capNewChats(PHONE, null);
    const row = await second?.waitForMessage(() => true, DEADLINE_MS);
    expect(row?.messageId).toBe(refused.messageId);
  }, 30_000);

  test("when the hour's look-ups are used up, strangers wait and bulk checks say when to go on", async () => {
    const phones = Array.from({ length: CHECKS }, (_, n) => `1555010052${n}`);
    const { data } = await check(phones);
    expect(data.checksLeft).toBe(0);
    expect(data.numbers.at(-1)).toMatchObject({ exists: null, jid: null });
    expect(data.continueAt % HOUR_MS).toBe(0);
    const { messageId } = await send('15550100540', 'patience');
    expect(await waits(messageId)).toBe('number_check_budget');
  });
});
