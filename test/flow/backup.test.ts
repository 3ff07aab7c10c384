/** A session as a file: it opens with its passphrase only, changes nothing when it does not, and goes on elsewhere. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Flow, onFlow, PHONE, startFlow } from '../support/flow.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';

const LIMIT = 60_000;
const PASSPHRASE = 'correct horse battery';
const CONTACT = '15550100044';
const STRANGER = '15550100045';

const backUp = (flow: Flow) => flow.call('POST', '/sessions/sales/backup', { passphrase: PASSPHRASE });
const restore = (flow: Flow, backup: object, passphrase = PASSPHRASE) =>
  flow.call('POST', '/sessions/restore', { backup, passphrase });

test(
  'a session moves to another runtime: same account, same webhook and secret, both ways of talking go on',
  async () => {
    await onFlow(async (flow, receiver) => {
      const account = flow.sandbox.account(PHONE);
      const contact = flow.sandbox.contact(CONTACT);
      const made = { webhookUrl: receiver.url, tenantId: 'shop', humanization: 'fast' };
      await flow.link('sales', PHONE, made);
      await contact.say(account, 'before');
      await receiver.next(({ data }) => data.text === 'before');
      const before = (await flow.call('GET', '/sessions/sales')).body.data;
      await flow.call('PATCH', '/sessions/sales/settings', { dailyLimit: 7, optOutKeywords: ['stop'] });
      await flow.call('PUT', `/sessions/sales/opt-outs/${STRANGER}`, { basis: 'asked by phone' });
      const chosen = async (from: Flow) => [
        (await from.call('GET', '/sessions/sales/settings')).body.data,
        (await from.call('GET', '/sessions/sales/opt-outs')).body.data,
      ];
      const chosenBefore = await chosen(flow);
      const { backup } = (await backUp(flow)).body.data;
      for (const secret of [PHONE, 'shop', receiver.url, 'whsec']) expect(JSON.stringify(backup)).not.toContain(secret);
      await flow.call('DELETE', '/sessions/sales?logout=false');

      const second = flow.second();
      try {
        await second.startRuntime();
        const { status, body } = await restore(second, backup);
        expect(status).toBe(201);
        expect(body.data).toMatchObject({ status: 'disconnected', reason: { code: 'restored' }, phone: `+${PHONE}` });
        for (const field of ['hash', 'tenantId', 'humanization', 'createdAt', 'lid']) {
          expect(body.data[field]).toEqual(before[field]);
        }
        expect(account.isOnline()).toBe(false);
        expect(await chosen(second)).toEqual(chosenBefore);
        expect(chosenBefore[1].optOuts).toHaveLength(1);
        await second.stopRuntime();
        await second.startRuntime();
        expect((await second.call('GET', '/sessions/sales')).body.data.reason.code).toBe('restored');

        await second.call('POST', '/sessions/sales/reconnect');
        expect(await second.reaches('sales', 'connected,qr,logged_out')).toMatchObject({ status: 'connected' });
        await contact.say(account, 'after');
        const told = await receiver.next(({ data }) => data.text === 'after');
        const earlier = receiver.events.find(({ data }) => data.text === 'before');
        expect(told.headers['x-webhook-signature']).not.toBe(earlier?.headers['x-webhook-signature']);
        await second.call('POST', '/messages/text', { sessionId: 'sales', to: CONTACT, text: 'back again' });
        await contact.waitForMessage(({ text }) => text === 'back again', 15_000);
        expect(second.problems).toEqual([]);
      } finally {
        await second.stopRuntime();
        rmSync(second.directory, { recursive: true, force: true });
      }
    });
  },
  LIMIT,
);

describe('is refused, and nothing is made of it,', () => {
  let flow: Flow;
  let receiver: Receiver;
  let backup: Record<string, string>;

  beforeAll(async () => {
    flow = await startFlow({ MAX_SESSIONS_PER_INSTANCE: '1' });
    receiver = await startReceiver();
    await flow.link('sales', PHONE, { webhookUrl: receiver.url });
    ({ backup } = (await backUp(flow)).body.data);
    expect((await restore(flow, backup)).body.error.code).toBe('session_exists');
    await flow.call('DELETE', '/sessions/sales');
  }, LIMIT);
  afterAll(async () => {
    await flow.end();
    await receiver.stop();
  }, LIMIT);

  const flip = (text: string) => (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
  test.each([
    ['with another passphrase', () => restore(flow, backup, 'incorrect horse battery'), 'wrong_passphrase'],
    ['with a changed byte', () => restore(flow, { ...backup, data: flip(backup['data'] ?? '') }), 'wrong_passphrase'],
    ['under another id', () => restore(flow, { ...backup, sessionId: 'support' }), 'wrong_passphrase'],
    ['of another version', () => restore(flow, { ...backup, version: 2 }), 'invalid_backup'],
    ['of another format', () => restore(flow, { ...backup, format: 'zip' }), 'invalid_backup'],
    ['cut short', () => restore(flow, { ...backup, tag: 'AAAA' }), 'invalid_backup'],
    ['with a field too many', () => restore(flow, { ...backup, more: 1 }), 'invalid_request'],
    ['with a short passphrase', () => restore(flow, backup, 'short'), 'invalid_request'],
  ])('%s', async (_what, ask, code) => {
    const { status, body } = await ask();
    expect([status, body.error.code]).toEqual([400, code]);
    expect((await flow.call('GET', '/sessions')).body.data.sessions).toEqual([]);
    expect((await flow.call('GET', '/webhooks')).body.data.webhooks).toEqual([]);
  });

  test('when there are as many sessions as there may be', async () => {
    await flow.call('POST', '/sessions', { sessionId: 'other' });
    expect((await restore(flow, backup)).body.error.code).toBe('session_limit');
    expect((await flow.call('POST', '/sessions/other/backup', { passphrase: PASSPHRASE })).body.error.code).toBe(
      'session_not_linked',
    );
    await flow.call('DELETE', '/sessions/other');
    expect((await flow.call('GET', '/webhooks')).body.data.webhooks).toEqual([]);
  });
});
