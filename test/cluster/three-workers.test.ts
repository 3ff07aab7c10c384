/** Three workers with many sessions and traffic both ways, while everything that can happen to workers and to Redis does. */
import { afterEach, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../support/deadline.ts';
import { inParallel } from '../support/in-parallel.ts';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { describeWithRedis } from '../support/with-redis.ts';
import { WorkerTraffic, type Line } from '../support/worker-traffic.ts';
import { Workers } from '../support/workers.ts';

const LIMIT = 900_000;
/** The whole is 90 of them: WORKER_SESSIONS=90. */
const SESSIONS = Number(process.env.WORKER_SESSIONS ?? 30);
const CONTACTS = 10;
const BACK_WITHIN_MS = 60_000;
const FROZEN_MS = 20_000;
/** Longer than a lease: all sessions close. */
const REDIS_AWAY_MS = 14_000;

const LINES: Line[] = Array.from({ length: SESSIONS }, (_none, at) => ({
  session: `session-${String(at).padStart(2, '0')}`,
  account: `1555011${String(1_000 + at)}`,
  contact: `1555012${String(1_000 + (at % CONTACTS))}`,
}));

describeWithRedis('three workers', () => {
  let stage: Workers;
  let receiver: Receiver;
  afterEach(async () => {
    await stage.end();
    await receiver.stop();
  }, 120_000);

  test(
    'lose nothing and double nothing, whatever happens to them and to Redis',
    async () => {
      receiver = await startReceiver();
      stage = await Workers.start('a', 'b', 'c');
      const alive = new Set(['a', 'b', 'c']);
      let turn = 0;
      const via = () => [...alive][turn++ % alive.size] ?? '';
      await stage.api('a', 'POST', '/webhooks', { url: receiver.url, events: ['message', 'connection.update'] });
      for (const contact of new Set(LINES.map((line) => line.contact))) await stage.sandbox.contact(contact);
      await inParallel(LINES, 6, ({ session, account }) => stage.linked(via(), session, account));

      const traffic = new WorkerTraffic(stage, receiver, LINES, via);
      traffic.begin();
      const rows: string[] = [];
      const happens = async (what: string, whatHappens: () => unknown, within = BACK_WITHIN_MS) => {
        await whatHappens();
        const began = performance.now();
        await eventually(BACK_WITHIN_MS, `all sessions back after: ${what}`, connected, (count) => count === SESSIONS);
        const seconds = (performance.now() - began) / 1_000;
        rows.push(`| ${what} | ${seconds.toFixed(1)} s | ${within / 1_000} s |`);
        expect(seconds).toBeLessThan(within / 1_000);
      };
      const connected = async () => {
        const answer = await stage.ask(via(), 'GET', '/sessions?status=connected&limit=200').catch(() => null);
        const { sessions } = (answer?.body.data ?? { sessions: [] }) as { sessions: unknown[] };
        return sessions.length;
      };
      const leaves = (name: string) => void alive.delete(name);

      await happens(
        'a worker is killed',
        async () => {
          leaves('a');
          await stage.worker('a').kill();
        },
        20_000,
      );
      await happens('a worker is added', async () => {
        await stage.join('d');
        alive.add('d');
      });
      await happens('a worker is frozen', async () => {
        leaves('b');
        stage.worker('b').signal('SIGSTOP');
        await pause(FROZEN_MS);
      });
      await happens('it goes on', () => {
        stage.worker('b').signal('SIGCONT');
        alive.add('b');
      });
      await happens('a worker is stopped', async () => {
        leaves('c');
        await stage.worker('c').stop();
      });
      await happens('Redis is killed and started again', async () => {
        await stage.redis.kill();
        await stage.redis.up();
      });
      await happens('Redis is frozen for longer than a lease', async () => {
        stage.redis.freeze();
        await pause(REDIS_AWAY_MS);
        stage.redis.thaw();
      });

      const { sent, said } = await traffic.end();
      // WhatsApp says so to a connection when another is opened for the same device.
      const reasons = receiver.events
        .filter(({ event }) => event === 'connection.update')
        .map(({ data }) => data.reason.code);
      expect(reasons).not.toContain('replaced');
      const table = ['| what happens | all sessions back | bound |', '| --- | ---: | ---: |', ...rows];
      const sum = `${SESSIONS} sessions, ${sent} messages sent and ${said} received: each once, none lost; never two connections for one session`;
      process.stdout.write(`${table.join('\n')}\n${sum}\n`);
    },
    LIMIT,
  );
});
