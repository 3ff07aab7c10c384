/** Linking by code, logging out, and removing: what the phone sees, what is left on the disk, what the caller is told. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type Flow, onFlow, PHONE } from '../support/flow.ts';

const LIMIT = 60_000;
const GONE_FROM_PHONE = { confirmed: true, action: null };
const STILL_LISTED = { confirmed: false, action: expect.stringContaining('Linked devices') };

const codeFor = (flow: Flow, sessionId: string, phone = `+${PHONE}`) =>
  flow.call('POST', `/sessions/${sessionId}/pairing-code`, { phone });
const listedAt = ({ sandbox }: Flow, phone = PHONE) => sandbox.account(phone).linkedDevices().length;

describe('a pairing code', () => {
  test(
    'typed at the phone links the session, which then needs none',
    async () => {
      await onFlow(async (flow) => {
        await flow.call('POST', '/sessions', { sessionId: 'sales' });
        const early = await codeFor(flow, 'sales');
        expect(early.body.error?.code ?? 'pairing_not_ready').toBe('pairing_not_ready');
        await flow.reaches('sales', 'qr');
        const { body } = await codeFor(flow, 'sales', '+1 (555) 010-0001');
        expect(body.data).toEqual({ code: expect.stringMatching(/^[0-9A-Z]{8}$/), expiresIn: expect.any(Number) });
        expect(body.data.expiresIn).toBeGreaterThan(140);
        expect(body.data.expiresIn).toBeLessThanOrEqual(160);
        expect((await flow.call('GET', '/sessions/sales')).body.data).toMatchObject({
          status: 'qr',
          reason: { code: 'enter_code' },
        });
        await flow.sandbox.account(PHONE).enterCode(body.data.code);
        expect(await flow.reaches('sales', 'connected')).toMatchObject({ phone: `+${PHONE}` });
        expect((await codeFor(flow, 'sales')).body.error.code).toBe('already_linked');
      });
    },
    LIMIT,
  );

  test(
    'that nobody types leaves the session free to be linked by QR code to another account, over a lost connection too',
    async () => {
      await onFlow(
        async (flow) => {
          await flow.call('POST', '/sessions', { sessionId: 'sales' });
          await flow.reaches('sales', 'qr');
          const { body } = await codeFor(flow, 'sales');
          await flow.call('POST', '/sessions/sales/reconnect');
          await expect(flow.sandbox.account(PHONE).enterCode(body.data.code)).rejects.toThrow();
          await flow.scan('sales', '15550100009');
          expect((await flow.call('GET', '/sessions/sales')).body.data.phone).toBe('+15550100009');
        },
        { random: () => 0 },
      );
    },
    LIMIT,
  );

  test.each([
    ['not a number', { phone: 'me' }, 400, 'invalid_phone'],
    ['a field too many', { phone: PHONE, code: 'ABCD1234' }, 400, 'invalid_request'],
    ['no number', {}, 400, 'invalid_request'],
  ])(
    'is refused for %s',
    async (_what, body, status, code) => {
      await onFlow(async (flow) => {
        await flow.call('POST', '/sessions', { sessionId: 'sales' });
        await flow.reaches('sales', 'qr');
        const answer = await flow.call('POST', '/sessions/sales/pairing-code', body);
        expect([answer.status, answer.body.error.code]).toEqual([status, code]);
        expect((await flow.call('GET', '/sessions/sales')).body.data.reason.code).toBe('scan_qr');
      });
    },
    LIMIT,
  );
});

describe('when WhatsApp', () => {
  test.each([
    ['refuses', 'query-refused', 502, 'pairing_refused'],
    ['does not answer', 'query-unanswered', 504, 'no_answer'],
  ])(
    '%s the request, no code is given out, and the QR code still links the session',
    async (_what, fault, status, code) => {
      await onFlow(
        async (flow) => {
          await flow.call('POST', '/sessions', { sessionId: 'sales' });
          await flow.reaches('sales', 'qr');
          const begun = flow.sandbox.trouble.begin({ name: fault, settings: { xmlns: 'md' } });
          const answer = await codeFor(flow, 'sales');
          expect([answer.status, answer.body.error.code]).toEqual([status, code]);
          expect((await flow.call('GET', '/sessions/sales')).body.data.reason.code).toBe('scan_qr');
          begun?.stop();
          await flow.scan('sales');
        },
        { expected: [new RegExp(code)] },
      );
    },
    LIMIT,
  );
});

describe('logging out', () => {
  test(
    'takes the device off the phone, forgets the account and is no alarm; the session can be linked again',
    async () => {
      await onFlow(async (flow, receiver) => {
        await flow.link('sales', PHONE, { webhookUrl: receiver.url });
        expect(listedAt(flow)).toBe(1);
        const { body } = await flow.call('POST', '/sessions/sales/logout');
        expect(body.data).toEqual({ loggedOut: true, ...GONE_FROM_PHONE });
        expect(listedAt(flow)).toBe(0);
        const left = (await flow.call('GET', '/sessions/sales')).body.data;
        expect(left).toMatchObject({ status: 'logged_out', reason: { code: 'logged_out_by_user' }, phone: null });
        await receiver.next(({ data }) => data.reason?.code === 'logged_out_by_user');
        expect(receiver.events.filter(({ event }) => event === 'alert')).toEqual([]);
        expect((await flow.call('POST', '/sessions/sales/logout')).body.error.code).toBe('session_not_linked');

        await flow.stopRuntime();
        await flow.startRuntime();
        expect((await flow.call('GET', '/sessions/sales')).body.data.status).toBe('logged_out');
        await flow.call('POST', '/sessions/sales/reconnect');
        await flow.scan('sales', '15550100009');
        expect((await flow.call('GET', '/sessions/sales')).body.data.phone).toBe('+15550100009');
      });
    },
    LIMIT,
  );

  test(
    'without a connection destroys the credentials all the same, and says what is left to do at the phone',
    async () => {
      await onFlow(async (flow) => {
        await flow.link('sales');
        await flow.call('POST', '/sessions/sales/disconnect');
        const { body } = await flow.call('POST', '/sessions/sales/logout');
        expect(body.data).toEqual({ loggedOut: true, ...STILL_LISTED });
        expect(listedAt(flow)).toBe(1);
        await flow.call('POST', '/sessions/sales/reconnect');
        await flow.reaches('sales', 'qr');
      });
    },
    LIMIT,
  );

  test.each(['query-refused', 'query-unanswered'])(
    'with WhatsApp that does not do it (%s) is over within seconds, unconfirmed',
    async (fault) => {
      await onFlow(async (flow) => {
        await flow.link('sales');
        flow.sandbox.trouble.begin({ name: fault, settings: { xmlns: 'md' } });
        const { body } = await flow.call('POST', '/sessions/sales/logout');
        expect(body.data).toEqual({ loggedOut: true, ...STILL_LISTED });
        expect((await flow.call('GET', '/sessions/sales')).body.data.status).toBe('logged_out');
        expect(listedAt(flow)).toBe(1);
      });
    },
    LIMIT,
  );

  test(
    'over a connection that breaks before the answer is unconfirmed',
    async () => {
      await onFlow(async (flow) => {
        await flow.link('sales');
        flow.sandbox.events.on('stanza', ({ direction, node }) => {
          if (direction === 'in' && node.attrs['xmlns'] === 'md')
            flow.sandbox.trouble.begin({ name: 'tcp-reset', phone: PHONE });
        });
        const { body } = await flow.call('POST', '/sessions/sales/logout');
        expect(body.data).toEqual({ loggedOut: true, ...STILL_LISTED });
        expect((await flow.call('GET', '/sessions/sales')).body.data).toMatchObject({
          status: 'logged_out',
          reason: { code: 'logged_out_by_user' },
        });
      });
    },
    LIMIT,
  );
});

describe('deleting', () => {
  test(
    'a connected session takes its device off the phone',
    async () => {
      await onFlow(async (flow) => {
        await flow.link('sales');
        expect((await flow.call('DELETE', '/sessions/sales')).body.data).toEqual({ deleted: true, ...GONE_FROM_PHONE });
        expect(listedAt(flow)).toBe(0);
      });
    },
    LIMIT,
  );

  test(
    'a session tells whoever waits for it that it is gone',
    async () => {
      await onFlow(async (flow) => {
        await flow.call('POST', '/sessions', { sessionId: 'sales' });
        const waiting = flow.call('GET', '/sessions/sales/wait?status=connected&timeout=50');
        await flow.reaches('sales', 'qr');
        await flow.call('DELETE', '/sessions/sales');
        expect((await waiting).body.error.code).toBe('session_not_found');
      });
    },
    LIMIT,
  );

  test(
    'a session can leave the link as it is, for whoever has moved it elsewhere',
    async () => {
      await onFlow(async (flow) => {
        await flow.link('sales');
        const { body } = await flow.call('DELETE', '/sessions/sales?logout=false');
        expect(body.data).toEqual({ deleted: true, ...STILL_LISTED });
        expect(listedAt(flow)).toBe(1);
      });
    },
    LIMIT,
  );

  test(
    'leaves neither the data key nor its wrapping anywhere on the disk',
    async () => {
      await onFlow(async (flow) => {
        await flow.link('sales');
        await flow.link('other', '15550100009');
        const wrapped = wrappedKeys(flow);
        expect(wrapped.size).toBe(2);
        await flow.call('DELETE', '/sessions/sales');
        expect(wrappedKeys(flow).size).toBe(1);
        await flow.call('POST', '/sessions/other/logout');
        expect(wrappedKeys(flow).size).toBe(0);
        expect(existsSync(join(flow.directory, 'sales'))).toBe(false);
      });
    },
    LIMIT,
  );
});

/** Every wrapped data key that can be found in any byte of the files, in whatever state they are. */
function wrappedKeys(flow: Flow): Set<string> {
  const keys = flow.files().matchAll(/"sealedKey":"(v1\.[\w+/=]{40,})/g);
  return new Set(Array.from(keys, ([, key]) => key ?? ''));
}
