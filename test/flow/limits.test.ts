import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../support/deadline.ts';
import { PHONE, friendOf, startLinkedFlow, type Flow } from '../support/flow.ts';
import type { Receiver } from '../support/receiver.ts';

const DEADLINE_MS = 15_000;
const HOUR_MS = 3_600_000;
const PROFILES = {
  brisk: {
    charsPerSecond: { min: 100, max: 100 },
    preTypingDelay: { min: 0, max: 0 },
    postTypingDelay: { min: 0, max: 0 },
  },
};

describe('the limits of a session', () => {
  let flow: Flow;
  let receiver: Receiver;

  beforeAll(async () => {
    ({ flow, receiver } = await startLinkedFlow({
      HUMANIZATION_PROFILES: JSON.stringify(PROFILES),
      NUMBER_CHECKS_PER_HOUR: '9',
    }));
  }, 60_000);
  afterAll(async () => {
    await flow.end();
    await receiver.stop();
  }, 30_000);

  const friend = (phone: string) => friendOf(flow, receiver, phone);
  const ask = (to: string, text: string, more: object = {}) =>
    flow.call('POST', '/messages/text', { sessionId: 'sales', to, text, ...more });
  async function send(to: string, text: string, more: object = {}) {
    const { status, body } = await ask(to, text, more);
    expect([status, body.error]).toEqual([202, undefined]);
    return body.data;
  }
  const limits = async (query = '') => (await flow.call('GET', `/sessions/sales/limits${query}`)).body.data;
  const change = (settings: object) => flow.call('PATCH', '/sessions/sales/settings', settings);
  const waitingFor = (id: string, reason: string) =>
    eventually(
      DEADLINE_MS,
      `${id} to wait for ${reason}`,
      async () => (await limits()).waiting.find((each: { messageId: string }) => each.messageId === id),
      (found) => found?.reason === reason,
    );
  /** An hour that is quiet now and ends in an hour or two, wherever the machine is. */
  const quietNow = () => {
    const hour = (ahead: number) => new Date(Date.now() + ahead * HOUR_MS).toISOString().slice(11, 13);
    return { from: `${hour(0)}:00`, to: `${hour(2)}:00`, timeZone: 'UTC' };
  };

  test('what is left goes down as messages are accepted, and the rules are said', async () => {
    const ann = await friend('15550100701');
    const before = await limits(`?to=${ann.phone}`);
    expect(before).toMatchObject({
      messages: { limit: 1_000, left: 1_000 - before.messages.used },
      numberChecks: { limit: 9, used: 0, left: 9 },
      ...{ restriction: null, pausedUntil: null, quietUntil: null, pending: 0, waiting: [] },
      rules: { perRecipient: { messages: 10 }, burst: { messages: 3, restMs: 30_000 }, newContactMs: 5_000 },
      recipient: { known: true, leftThisMinute: 10, waitsUntil: null, reason: null },
    });
    expect(before.messages.resetsAt % (24 * HOUR_MS)).toBe(0);
    await send(ann.phone, 'one', { waitFor: 'sent', timeout: 15 });
    const after = await limits(`?to=${ann.phone}`);
    expect(after.messages.used).toBe(before.messages.used + 1);
    expect(after.recipient).toMatchObject({ leftThisMinute: 9 });
  });

  test('a burst is held, and each message behind it says what it waits for', async () => {
    const ben = await friend('15550100702');
    const ids: string[] = [];
    for (const text of ['1', '2', '3', '4', '5']) ids.push((await send(ben.phone, text)).messageId);
    const later = await send(ben.phone, 'later', { sendAt: Date.now() + HOUR_MS });
    const held = await waitingFor(ids[3] ?? '', 'burst');
    expect(held.until).toBeGreaterThan(Date.now() + 20_000);
    const { waiting, recipient, pending } = await limits(`?to=${ben.phone}`);
    expect(recipient).toMatchObject({ reason: 'burst', waitsUntil: held.until });
    expect(waiting.map(({ messageId, reason, until }: Record<string, unknown>) => [messageId, reason, until])).toEqual([
      [ids[3], 'burst', held.until],
      [ids[4], 'earlier_message', held.until],
      [later.messageId, 'scheduled', later.sendAt],
    ]);
    expect(pending).toBe(3);
    expect((await limits('?limit=1')).waiting).toHaveLength(1);
    for (const id of [ids[3], ids[4], later.messageId]) await flow.call('DELETE', `/messages/${id}?sessionId=sales`);
  });

  test('in quiet hours only answers go; who writes is answered, and what waited for them goes', async () => {
    const [cleo, dora] = [await friend('15550100703'), await friend('15550100704')];
    const set = await change({ quietHours: quietNow() });
    expect(set.body.data).toMatchObject({ quietHours: quietNow(), dailyLimit: null });
    const { quietUntil } = await limits();
    expect(quietUntil).toBeGreaterThan(Date.now());
    // They wrote a moment ago, so that this is an answer.
    await send(cleo.phone, 'an answer', { waitFor: 'sent', timeout: 15 });
    const stranger = flow.sandbox.contact('15550100705');
    const held = await send(stranger.phone, 'good evening');
    expect(await waitingFor(held.messageId, 'quiet_hours')).toMatchObject({ until: quietUntil });
    await stranger.say(flow.sandbox.account(PHONE), 'are you there?');
    expect((await stranger.waitForMessage(() => true, DEADLINE_MS)).messageId).toBe(held.messageId);
    const other = flow.sandbox.contact('15550100706');
    const second = await send(other.phone, 'good evening');
    await waitingFor(second.messageId, 'quiet_hours');
    await change({ quietHours: null });
    await other.waitForMessage(({ messageId }) => messageId === second.messageId, DEADLINE_MS);
    expect(dora.screen).toEqual([]);
  }, 40_000);

  test('a session may have a daily limit of its own; what is over it is refused until the day ends', async () => {
    const eve = await friend('15550100707');
    const { messages } = await limits();
    await change({ dailyLimit: messages.used + 1 });
    await send(eve.phone, 'the last');
    const { status, body } = await ask(eve.phone, 'one too many');
    expect([status, body.error.code]).toEqual([429, 'daily_limit']);
    expect(body.error.retryAfter).toBeLessThanOrEqual(24 * 3_600);
    expect((await limits()).messages).toMatchObject({ limit: messages.used + 1, left: 0 });
    await change({ dailyLimit: null });
    await send(eve.phone, 'one more');
  });

  test("a profile of one's own is known by its name, for a session and for a message", async () => {
    const { body } = await change({ humanization: 'brisk' });
    expect(body.data.humanization).toBe('brisk');
    expect((await flow.call('GET', '/sessions/sales')).body.data.humanization).toBe('brisk');
    const fay = await friend('15550100708');
    const shown: string[] = [];
    const look = ({ state }: { state: string }) => shown.push(state);
    flow.sandbox.events.on('presence', look);
    await send(fay.phone, 'typed by somebody brisk', { waitFor: 'sent', timeout: 15 });
    flow.sandbox.events.off('presence', look);
    expect(shown.filter((state) => /composing|paused/.test(state))).toEqual(['composing', 'paused']);
    await change({ humanization: null });
    await send(fay.phone, 'by name', { humanization: 'brisk', waitFor: 'sent', timeout: 15 });
  }, 20_000);

  test.each([
    [
      'an unknown profile',
      { humanization: 'hasty' },
      /^humanization: must be one of fast, normal, slow, instant, brisk$/,
    ],
    [
      'a time zone nobody lives in',
      { quietHours: { ...quietNow(), timeZone: 'Mars/Olympus' } },
      /^quietHours\.timeZone: /,
    ],
    ['quiet hours of no length', { quietHours: { from: '10:00', to: '10:00', timeZone: 'UTC' } }, /^quietHours\.to: /],
    ['a time that is none', { quietHours: { from: '24:00', to: '10:00', timeZone: 'UTC' } }, /^quietHours/],
    ['a limit of nothing', { dailyLimit: 0 }, /^dailyLimit: /],
    ['an unknown field', { dailyLimits: 5 }, /^dailyLimits: is not a known field$/],
  ])('%s is refused and changes nothing', async (_name, settings, detail) => {
    const before = await flow.call('GET', '/sessions/sales/settings');
    const { status, body } = await change(settings);
    expect([status, body.error.code]).toEqual([400, 'invalid_request']);
    expect(body.error.details.some((each: string) => detail.test(each))).toBe(true);
    expect((await flow.call('GET', '/sessions/sales/settings')).body).toEqual(before.body);
  });

  test('limits and settings hold over a restart', async () => {
    const gus = await friend('15550100709');
    for (const text of ['1', '2', '3']) await send(gus.phone, text, { waitFor: 'sent', timeout: 15 });
    await change({ dailyLimit: 500, quietHours: { from: '00:00', to: '00:01', timeZone: 'UTC' } });
    const before = await limits(`?to=${gus.phone}`);
    await flow.stopRuntime();
    await flow.startRuntime();
    await flow.reaches('sales', 'connected');
    expect(await limits(`?to=${gus.phone}`)).toEqual(before);
    expect(before.recipient).toMatchObject({ reason: 'burst' });
    expect((await ask(gus.phone, '3')).body.error.code).toBe('duplicate_message');
    const fourth = await send(gus.phone, '4');
    expect(await waitingFor(fourth.messageId, 'burst')).toMatchObject({ until: before.recipient.waitsUntil });
  }, 40_000);
});
