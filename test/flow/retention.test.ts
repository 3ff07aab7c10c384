/** What the clock does to sessions at rest, and removals that a crash interrupted. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { eventually } from '../support/deadline.ts';
import { isOnRedis } from '../support/flow-engine.ts';
import { type Flow, onFlow, PHONE } from '../support/flow.ts';

const LIMIT = 60_000;
const HOUR = 3_600_000;

const status = async (flow: Flow) => (await flow.call('GET', '/sessions/sales')).body.data?.status;

test(
  'the credentials of a session that was replaced are kept for as many hours as configured, over restarts, and no longer',
  async () => {
    await onFlow(
      async (flow) => {
        await flow.link('sales');
        await flow.stopRuntime();
        const second = await flow.copy();
        await flow.startRuntime();
        await flow.reaches('sales', 'connected');
        try {
          await second.startRuntime();
          await flow.reaches('sales', 'replaced');
          await second.reaches('sales', 'connected');
        } finally {
          await second.stopRuntime();
          rmSync(second.directory, { recursive: true, force: true });
        }
        for (const [hours, expected] of [
          [5, 'replaced'],
          [7, 'logged_out'],
        ] as const) {
          await flow.stopRuntime();
          flow.now = () => Date.now() + hours * HOUR;
          await flow.startRuntime();
          await flow.reaches('sales', expected);
        }
        const { reason, phone } = (await flow.call('GET', '/sessions/sales')).body.data;
        expect([reason.code, phone]).toEqual(['replaced_for_good', null]);
        await flow.call('POST', '/sessions/sales/reconnect');
        await flow.reaches('sales', 'qr');
      },
      { environment: { REPLACED_GRACE_HOURS: '6' } },
    );
  },
  LIMIT,
);

test(
  'a session that was logged out is deleted after its subscribers have heard of it, when the configuration says so',
  async () => {
    await onFlow(
      async (flow, receiver) => {
        await flow.link('sales', PHONE, { webhookUrl: receiver.url });
        await flow.call('POST', '/sessions/sales/logout');
        await receiver.next(({ data }) => data.status === 'logged_out');
        expect(await status(flow)).toBe('logged_out');
        await flow.stopRuntime();
        flow.now = () => Date.now() + 61_000;
        await flow.startRuntime();
        await eventually(
          10_000,
          'no session',
          () => status(flow),
          (now) => now === undefined,
        );
        await eventually(
          10_000,
          'no directory',
          () => existsSync(join(flow.directory, 'sales')),
          (there) => !there,
        );
        expect((await flow.call('GET', '/webhooks')).body.data.webhooks).toEqual([]);
      },
      { environment: { AUTO_DELETE_LOGGED_OUT: 'true' } },
    );
  },
  LIMIT,
);

test(
  'a removal that a crash interrupted after the key was destroyed is finished by the next start',
  async () => {
    await onFlow(async (flow, receiver) => {
      await flow.link('sales', PHONE, { webhookUrl: receiver.url });
      await flow.stopRuntime();
      // The process died between the two: marked and without its key, everything else still there.
      const store = await flow.kept();
      const records = store.instance.keyValue('sessions');
      const record = await records.get<object>('sales');
      await records.set('sales', { ...record, sealedKey: null, account: null, wanted: false, removing: true });
      await store.close();
      expect(existsSync(join(flow.directory, 'sales'))).toBe(!isOnRedis);

      await flow.startRuntime();
      expect((await flow.call('GET', '/sessions')).body.data.sessions).toEqual([]);
      expect((await flow.call('GET', '/webhooks')).body.data.webhooks).toEqual([]);
      expect(existsSync(join(flow.directory, 'sales'))).toBe(false);
      expect((await flow.call('POST', '/sessions', { sessionId: 'sales' })).status).toBe(201);
    });
  },
  LIMIT,
);
