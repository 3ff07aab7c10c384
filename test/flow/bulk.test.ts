import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Contact } from '../../runtime/sandbox/sandbox.ts';
import { eventually } from '../support/deadline.ts';
import { PHONE, startLinkedFlow, type Flow } from '../support/flow.ts';
import type { Receiver } from '../support/receiver.ts';

const DEADLINE_MS = 15_000;
const HOUR_MS = 3_600_000;
const STRANGERS = 3;

describe('a bulk', () => {
  let flow: Flow;
  let receiver: Receiver;

  beforeAll(async () => {
    ({ flow, receiver } = await startLinkedFlow({ BULK_NEW_CONTACTS_PER_DAY: String(STRANGERS) }));
  }, 60_000);
  afterAll(async () => {
    await flow.end();
    await receiver.stop();
  }, 30_000);

  let people = 0;
  async function friends(count: number): Promise<Contact[]> {
    const made: Contact[] = [];
    for (let n = 0; n < count; n += 1) {
      const contact = flow.sandbox.contact(`155501008${String((people += 1)).padStart(2, '0')}`);
      const { messageId } = await contact.say(flow.sandbox.account(PHONE), 'hello');
      await receiver.next(({ data }) => data.messageId === messageId);
      made.push(contact);
    }
    return made;
  }
  const ask = (messages: object[], more: object = {}, headers: Record<string, string> = {}) =>
    flow.call('POST', '/messages/text/bulk', { sessionId: 'sales', messages, ...more }, headers);
  async function send(messages: object[], more: object = {}, headers: Record<string, string> = {}) {
    const { status, body } = await ask(messages, more, headers);
    expect([status, body.error]).toEqual([202, undefined]);
    return body.data;
  }
  const get = async (id: string, query = '') =>
    (await flow.call('GET', `/bulks/${id}?sessionId=sales${query}`)).body.data;
  const until = (id: string, what: string, is: (bulk: Awaited<ReturnType<typeof get>>) => boolean) =>
    eventually(DEADLINE_MS, what, () => get(id), is);
  const texts = (contact: Contact) => contact.screen.map(({ text }) => text);
  const sentAt = async (id: string) =>
    (await flow.call('GET', `/messages/${id}?sessionId=sales`)).body.data.timeline.find(
      (step: { status: string }) => step.status === 'sent',
    ).at as number;

  test('each message goes in its turn with the pauses asked for, and each has its outcome', async () => {
    const known = await friends(3);
    const messages = known.map(({ phone }, n) => ({ to: phone, text: `news ${n}`, delay: 300 }));
    const accepted = await send(messages, { batchSize: 2, batchDelay: 500 });
    expect(accepted).toMatchObject({
      status: 'running',
      total: 3,
      bulkId: expect.stringMatching(/^blk_[0-9a-f]{24}$/),
    });
    await until(accepted.bulkId, 'a pause', ({ waitsFor }) => waitsFor === 'delay');
    const done = await until(
      accepted.bulkId,
      'its end',
      ({ status, counts }) => status === 'done' && counts.delivered + counts.read === 3,
    );
    expect(done).toMatchObject({ total: 3, waitsFor: null, nextAt: null });
    expect(known.map(texts)).toEqual([['news 0'], ['news 1'], ['news 2']]);
    const ids = done.outcomes.map(({ messageId }: { messageId: string }) => messageId);
    expect(known.map(({ screen }) => screen[0]?.messageId)).toEqual(ids);
    const [first = 0, second = 0, third = 0] = await Promise.all(ids.map(sentAt));
    expect(second - first).toBeGreaterThanOrEqual(300);
    expect(third - second).toBeGreaterThanOrEqual(800);
    expect((await get(accepted.bulkId, '&offset=1&limit=1')).outcomes).toEqual([done.outcomes[1]]);
  }, 30_000);

  test('the same Idempotency-Key is the same bulk, and another list under it is refused', async () => {
    const [ann] = await friends(1);
    const messages = [{ to: ann?.phone, text: 'once' }];
    const headers = { 'idempotency-key': 'spring' };
    const { bulkId } = await send(messages, {}, headers);
    expect((await send(messages, {}, headers)).bulkId).toBe(bulkId);
    const other = await ask([{ to: ann?.phone, text: 'twice' }], {}, headers);
    expect([other.status, other.body.error.code]).toEqual([409, 'idempotency_conflict']);
    await until(bulkId, 'its end', ({ status }) => status === 'done');
    expect(ann && texts(ann)).toEqual(['once']);
  });

  test('the same bulk is recognised when it names a person by another address', async () => {
    const [ann] = await friends(1);
    const key = { 'idempotency-key': 'two-names' };
    const first = await send([{ to: ann?.phone, text: 'once', delay: 0 }], {}, key);
    const again = await send([{ to: ann?.lid, text: 'once', delay: 0 }], {}, key);
    expect(again.bulkId).toBe(first.bulkId);
    await until(first.bulkId, 'done', ({ status }) => status === 'done');
    expect(texts(ann as Contact)).toEqual(['once']);
  });

  test('of two bulks the second waits for the first, and goes when that one is taken back', async () => {
    const [ann, bob] = await friends(2);
    const slow = [ann, bob].map((contact) => ({ to: contact?.phone, text: 'slow', delay: 120_000 }));
    const first = await send(slow);
    await until(first.bulkId, 'its pause', ({ waitsFor }) => waitsFor === 'delay');
    const second = await send([{ to: bob?.phone, text: 'second', delay: 0 }]);
    expect(await get(second.bulkId)).toMatchObject({ status: 'running', waitsFor: 'another_bulk' });
    expect(texts(bob as Contact)).toEqual([]);
    await flow.call('DELETE', `/bulks/${first.bulkId}?sessionId=sales`);
    await until(second.bulkId, 'done', ({ status }) => status === 'done');
    expect(texts(bob as Contact)).toEqual(['second']);
  });

  test('what a limit refuses is the outcome of that message, and the others go', async () => {
    const [ben, cleo] = await friends(2);
    const nobody = '15550109999';
    const { bulkId } = await send([
      { to: ben?.phone, text: 'same' },
      { to: ben?.phone, text: 'same' },
      { to: nobody, text: 'is anybody there' },
      { to: cleo?.phone, text: 'last' },
    ]);
    const { outcomes, counts } = await until(bulkId, 'its end', ({ status }) => status === 'done');
    expect(outcomes.map(({ error }: { error: string | null }) => error)).toEqual([
      null,
      'duplicate_message',
      'not_on_whatsapp',
      null,
    ]);
    expect(counts.failed).toBe(2);
    expect([ben, cleo].map((each) => each && texts(each))).toEqual([['same'], ['last']]);
  }, 20_000);

  test('a recipient who has to be left alone for long holds up nobody else', async () => {
    const [dora, eve] = await friends(2);
    const stranger = flow.sandbox.contact('15550100899');
    flow.sandbox.restrictions.restrict(PHONE, { until: new Date(Date.now() + HOUR_MS) });
    await receiver.next(({ event, data }) => event === 'session.restriction' && data.restricted === true);
    const { bulkId } = await send([
      { to: stranger.phone, text: 'later' },
      { to: dora?.phone, text: 'now' },
      { to: eve?.phone, text: 'after a while', delay: 0 },
    ]);
    const held = await until(bulkId, 'the others', ({ status }) => status === 'done');
    expect(held.counts).toMatchObject({ pending: 1 });
    expect([dora, eve].map((each) => each && texts(each))).toEqual([['now'], ['after a while']]);
    flow.sandbox.restrictions.lift(PHONE);
    await stranger.waitForMessage(({ text }) => text === 'later', DEADLINE_MS);
  }, 30_000);

  test('answers go first, then what is sent of its own, and a bulk last', async () => {
    const [ida, jon] = await friends(2);
    const kim = flow.sandbox.contact('15550100898');
    await flow.call('POST', '/sessions/sales/disconnect');
    const { bulkId } = await send([{ to: ida?.phone, text: 'bulk' }]);
    await until(bulkId, 'it to wait in the outbox', ({ counts }) => counts.pending === 1);
    const ids = [(await get(bulkId)).outcomes[0].messageId];
    for (const to of [kim.phone, jon?.phone]) {
      ids.unshift(
        (await flow.call('POST', '/messages/text', { sessionId: 'sales', to, text: 'one' })).body.data.messageId,
      );
    }
    await flow.call('POST', '/sessions/sales/reconnect');
    await until(bulkId, 'its end', ({ status }) => status === 'done');
    const times = await Promise.all(ids.map(sentAt));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  }, 30_000);

  test('what is given a priority goes by that', async () => {
    const known = await friends(3);
    await flow.call('POST', '/sessions/sales/disconnect');
    const ids: string[] = [];
    for (const [at, priority] of ['low', 'normal', 'high'].entries()) {
      const body = { sessionId: 'sales', to: known[at]?.phone, text: priority, priority };
      ids.unshift((await flow.call('POST', '/messages/text', body)).body.data.messageId);
    }
    await flow.call('POST', '/sessions/sales/reconnect');
    for (const id of ids) await flow.call('GET', `/messages/${id}/wait?sessionId=sales&status=sent&timeout=30`);
    const times = await Promise.all(ids.map(sentAt));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  }, 60_000);

  test('taken back, nothing more of it goes, and what waits is taken back with it', async () => {
    const [gus, hal] = await friends(2);
    const { bulkId } = await send([
      { to: gus?.phone, text: 'first', delay: HOUR_MS },
      { to: hal?.phone, text: 'never' },
    ]);
    await until(bulkId, 'the pause', ({ waitsFor }) => waitsFor === 'delay');
    const { status, body } = await flow.call('DELETE', `/bulks/${bulkId}?sessionId=sales`);
    expect([status, body.data.status, body.data.waitsFor]).toEqual([200, 'cancelled', null]);
    expect(body.data.counts).toMatchObject({ cancelled: 1, waiting: 0, pending: 0 });
    const typed = await send([{ to: hal?.phone, text: 'slowly' }], { humanize: true, humanization: 'slow' });
    await until(typed.bulkId, 'it to be typed', ({ counts }) => counts.pending === 1);
    await flow.call('DELETE', `/bulks/${typed.bulkId}?sessionId=sales`);
    await until(typed.bulkId, 'its end', ({ counts }) => counts.cancelled === 1);
    const next = await send([{ to: hal?.phone, text: 'another' }]);
    await until(next.bulkId, 'its end', (bulk) => bulk.status === 'done');
    expect(hal && texts(hal)).toEqual(['another']);
    expect((await flow.call('DELETE', `/bulks/${next.bulkId}?sessionId=sales`)).body.data.status).toBe('done');
  }, 30_000);

  test('a list of strangers is refused as a whole, also in pieces, and nothing of it is sent', async () => {
    const { left } = (await flow.call('GET', '/sessions/sales/limits')).body.data.bulkNewContacts;
    expect(left).toBe(STRANGERS - 2);
    const strangers = Array.from({ length: left + 1 }, (_none, n) => flow.sandbox.contact(`1555010089${n}`));
    const messages = strangers.map(({ phone }) => ({ to: phone, text: 'Buy now!' }));
    const { status, body } = await ask(messages);
    expect([status, body.error.code]).toEqual([429, 'cold_list']);
    expect(body.error.details).toEqual([expect.stringMatching(/^messages: 2 recipients never .* 1 of 3 /)]);
    expect(body.error.retryAfter).toBeGreaterThan(0);
    const { bulkId } = await send(messages.slice(0, left));
    const again = await ask(messages.slice(left));
    expect(again.body.error.code).toBe('cold_list');
    await flow.call('DELETE', `/bulks/${bulkId}?sessionId=sales`);
    expect(strangers.at(-1)?.screen).toEqual([]);
  }, 20_000);

  test('what is asked wrongly is refused and changes nothing', async () => {
    const wrong: [object[], object, RegExp][] = [
      [[], {}, /^messages: /],
      [[{ to: '15550100801' }], {}, /text: is missing$/],
      [[{ to: '15550100801', text: 'x', delay: -1 }], {}, /delay: /],
      [[{ to: '15550100801', text: 'x' }], { batchSize: 0 }, /^batchSize: /],
      [[{ to: '15550100801', text: 'x' }], { batch: 1 }, /^batch: is not a known field$/],
      [[{ to: '15550100801', text: 'x' }], { humanization: 'hasty' }, /^humanization: must be one of/],
    ];
    for (const [messages, more, detail] of wrong) {
      const { status, body } = await ask(messages, more);
      expect([status, body.error.code]).toEqual([400, 'invalid_request']);
      expect(body.error.details.join('\n')).toMatch(detail);
    }
    for (const id of ['blk_000000000000000000000000', 'nothing']) {
      for (const method of ['GET', 'DELETE']) {
        const { status, body } = await flow.call(method, `/bulks/${id}?sessionId=sales`);
        expect([status, body.error.code]).toEqual([404, 'bulk_not_found']);
      }
    }
  });
});
