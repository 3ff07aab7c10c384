import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { isOnRedis } from '../support/flow-engine.ts';
import { type Flow, onFlow, PHONE } from '../support/flow.ts';
import type { Received, Receiver } from '../support/receiver.ts';

const LIMIT = 120_000;

const ofKind = (receiver: Receiver, kind: string) => receiver.events.filter(({ event }) => event === kind);
const step = ({ data }: Received) => `${data.status} ${data.reason.code}`;

/** Waits for the connection update that comes after `seen` others. */
async function nextUpdate(receiver: Receiver, seen: number): Promise<string> {
  return step(await receiver.next((event) => ofKind(receiver, 'connection.update').indexOf(event) === seen));
}

/** How often a linked device logged in. */
function countLogins({ sandbox }: Flow): () => number {
  let count = 0;
  sandbox.events.on('login', () => count++);
  return () => count;
}

test(
  'a session that names no id gets one, and is listed until it is deleted',
  async () => {
    await onFlow(async (flow) => {
      const made = await flow.call('POST', '/sessions', {});
      const { sessionId, hash } = made.body.data;
      expect(made).toMatchObject({
        status: 201,
        body: { data: { sessionId: expect.stringMatching(/^s_[0-9a-f]{16}$/) } },
      });
      expect((await flow.call('GET', '/sessions')).body.data.sessions).toMatchObject([
        { sessionId, hash, phone: null },
      ]);
      expect((await flow.call('DELETE', `/sessions/${sessionId}`)).body.data).toEqual({
        deleted: true,
        confirmed: true,
        action: null,
      });
      expect((await flow.call('GET', '/sessions')).body.data.sessions).toEqual([]);
    });
  },
  LIMIT,
);

test(
  'as many sessions as are allowed, and one more as soon as one is deleted',
  async () => {
    await onFlow(
      async (flow) => {
        const ids = ['one', 'two', 'three'];
        const answers = await Promise.all(ids.map((sessionId) => flow.call('POST', '/sessions', { sessionId })));
        expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 409]);
        expect(answers.find(({ status }) => status === 409)?.body.error.code).toBe('session_limit');
        const [first] = (await flow.call('GET', '/sessions')).body.data.sessions;
        await flow.call('DELETE', `/sessions/${first.sessionId}`);
        expect((await flow.call('POST', '/sessions', { sessionId: 'four' })).status).toBe(201);
      },
      { environment: { MAX_SESSIONS_PER_INSTANCE: '2' } },
    );
  },
  LIMIT,
);

test(
  'a disconnected session keeps its link, stays disconnected over a restart, and needs no QR code again',
  async () => {
    await onFlow(async (flow, receiver) => {
      const logins = countLogins(flow);
      await flow.call('POST', '/webhooks', { url: receiver.url, events: ['connection.update', 'qr.update'] });
      await flow.link('sales');
      await flow.call('POST', '/sessions/sales/disconnect');
      await nextUpdate(receiver, 5);
      await flow.stopRuntime();
      await flow.startRuntime();
      const { body } = await flow.call('GET', '/sessions/sales');
      expect(body.data).toMatchObject({
        status: 'disconnected',
        reason: { code: 'disconnected_by_user' },
        phone: `+${PHONE}`,
      });
      expect(logins()).toBe(1);

      const codes = ofKind(receiver, 'qr.update').length;
      await flow.call('POST', '/sessions/sales/reconnect');
      await nextUpdate(receiver, 7);
      expect(logins()).toBe(2);
      expect(ofKind(receiver, 'qr.update')).toHaveLength(codes);
      expect(ofKind(receiver, 'connection.update').map(step)).toEqual([
        'connecting starting',
        'qr scan_qr',
        'pairing linking',
        'pairing restart_required',
        'connected connected',
        'disconnected disconnected_by_user',
        'connecting starting',
        'connected connected',
      ]);
      expect(new Set(receiver.events.map(({ id }) => id)).size).toBe(receiver.events.length);
      expect(receiver.events.map(({ sequence }) => sequence)).toEqual(receiver.events.map((_event, at) => at + 1));
    });
  },
  LIMIT,
);

test(
  'asked to reconnect three times at once, a session has one connection and does not throw itself out',
  async () => {
    await onFlow(async (flow, receiver) => {
      await flow.link('sales', PHONE, { webhookUrl: receiver.url });
      const again = () => flow.call('POST', '/sessions/sales/reconnect');
      const answers = await Promise.all([again(), again(), again()]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      await flow.reaches('sales', 'connected');
      await flow.call('POST', '/sessions/sales/disconnect');
      await receiver.next(({ data }) => data.status === 'disconnected');
      expect(ofKind(receiver, 'connection.update').map(step)).not.toContain('replaced replaced');
      expect(flow.sandbox.account(PHONE).isOnline()).toBe(false);
    });
  },
  LIMIT,
);

test(
  'a deleted session leaves no directory, no subscription and no record, and its id is free',
  async () => {
    await onFlow(async (flow, receiver) => {
      await flow.link('sales', PHONE, { webhookUrl: receiver.url });
      const { hash } = (await flow.call('GET', '/sessions/sales')).body.data;
      expect(existsSync(join(flow.directory, 'sales'))).toBe(!isOnRedis);
      expect((await flow.call('GET', '/webhooks')).body.data.webhooks).toHaveLength(1);
      await flow.call('DELETE', '/sessions/sales');
      expect(existsSync(join(flow.directory, 'sales'))).toBe(false);
      expect((await flow.call('GET', '/webhooks')).body.data.webhooks).toEqual([]);
      await flow.stopRuntime();
      await flow.startRuntime();
      expect((await flow.call('GET', '/sessions')).body.data.sessions).toEqual([]);
      expect(existsSync(join(flow.directory, 'sales'))).toBe(false);

      await flow.link('sales');
      const fresh = (await flow.call('GET', '/sessions/sales')).body.data;
      expect(fresh.hash).not.toBe(hash);
    });
  },
  LIMIT,
);

describe('when the phone removes the link', () => {
  test(
    'the session is logged out with nothing of the account left, and links again by QR code',
    async () => {
      await onFlow(async (flow, receiver) => {
        await flow.link('sales', PHONE, { webhookUrl: receiver.url });
        await flow.sandbox.account(PHONE).unlink(1);
        const left = await flow.reaches('sales', 'logged_out');
        expect(left).toMatchObject({ reason: { code: 'logged_out' }, phone: null, lid: null, pushName: null });
        await receiver.next(({ data }) => data.status === 'logged_out');
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
    'while the runtime is stopped, it is logged out as soon as it is back',
    async () => {
      await onFlow(async (flow) => {
        await flow.link('sales');
        await flow.stopRuntime();
        await flow.sandbox.account(PHONE).unlink(1);
        await flow.startRuntime();
        expect(await flow.reaches('sales', 'logged_out,connected')).toMatchObject({
          status: 'logged_out',
          phone: null,
        });
      });
    },
    LIMIT,
  );
});

test(
  'a second client with the same link replaces the session, which does not fight and keeps its credentials',
  async () => {
    await onFlow(async (flow, receiver) => {
      await flow.link('sales', PHONE, { webhookUrl: receiver.url });
      await flow.stopRuntime();
      const second = await flow.copy();
      await flow.startRuntime();
      await flow.reaches('sales', 'connected');
      const logins = countLogins(flow);
      try {
        await second.startRuntime();
        expect(await flow.reaches('sales', 'replaced')).toMatchObject({
          reason: { code: 'replaced' },
          phone: `+${PHONE}`,
        });
        await second.reaches('sales', 'connected');
      } finally {
        await second.stopRuntime();
        rmSync(second.directory, { recursive: true, force: true });
      }
      expect(logins()).toBe(1);
      await flow.stopRuntime();
      await flow.startRuntime();
      expect((await flow.call('GET', '/sessions/sales')).body.data.status).toBe('replaced');
      const codes = ofKind(receiver, 'qr.update').length;
      await flow.call('POST', '/sessions/sales/reconnect');
      await flow.reaches('sales', 'connected');
      expect(logins()).toBe(2);
      expect(ofKind(receiver, 'qr.update')).toHaveLength(codes);
    });
  },
  LIMIT,
);

test(
  'stream errors and a cut connection heal by themselves, with the credentials kept',
  async () => {
    await onFlow(
      async (flow, receiver) => {
        await flow.call('POST', '/webhooks', { url: receiver.url, events: ['connection.update', 'qr.update'] });
        await flow.link('sales');
        const streamError = (code: number) =>
          flow.sandbox.trouble.begin({ name: 'stream-error', phone: PHONE, settings: { code } });
        // Those that wait come first: each failure makes the next wait longer.
        const breaks: [string, () => unknown][] = [
          ['service_unavailable', () => streamError(503)],
          ['unknown_disconnect', () => streamError(599)],
          ['server_error', () => streamError(500)],
          ['restart_required', () => streamError(515)],
          ['connection_closed', () => flow.sandbox.trouble.begin({ name: 'tcp-reset', phone: PHONE })],
        ];
        let seen = 5;
        for (const [reason, breakIt] of breaks) {
          breakIt();
          expect(await nextUpdate(receiver, seen++)).toBe(`reconnecting ${reason}`);
          expect(await nextUpdate(receiver, seen++)).toBe('connected connected');
        }
        expect(ofKind(receiver, 'qr.update')).toHaveLength(1);
        const report = (await flow.call('GET', '/protocol/report')).body.data;
        expect(report.operations.connect).toMatchObject({ success: 7, unknownErrors: [{ code: 599, count: 1 }] });
      },
      { random: () => 0, expected: [/WhatsApp did something this version does not know/] },
    );
  },
  LIMIT,
);

test(
  'a runtime that starts again with eight sessions has all of them connected again',
  async () => {
    await onFlow(async (flow) => {
      const sessions = Array.from({ length: 8 }, (_none, at) => ({
        id: `s${at}`,
        phone: String(15_550_100_200 + at),
      }));
      // One by one: each link costs a good half second of computing keys, on both sides in this one process.
      for (const { id, phone } of sessions) await flow.link(id, phone);
      await flow.stopRuntime();
      await flow.startRuntime();
      const back = await Promise.all(sessions.map(({ id }) => flow.reaches(id, 'connected,qr')));
      expect(back.map(({ status, phone }) => `${status} ${phone}`)).toEqual(
        sessions.map(({ phone }) => `connected +${phone}`),
      );
    });
  },
  LIMIT,
);
