/** What a worker found out about WhatsApp is told by the session that met it, wherever that is by then. */
import { afterEach, expect, test } from '@jest/globals';
import { startReceiver, type Receiver } from '../support/receiver.ts';
import { describeWithRedis } from '../support/with-redis.ts';
import { Workers } from '../support/workers.ts';

const LIMIT = 180_000;
const PATIENCE_MS = 90_000;

let stage: Workers;
let all: Receiver;
afterEach(async () => {
  await stage.end();
  await all.stop();
}, 120_000);

describeWithRedis('of two workers', () => {
  test(
    'one tells that an alert is over though its session is at the other since',
    async () => {
      all = await startReceiver();
      stage = await Workers.start('a');
      await stage.api('a', 'POST', '/webhooks', { url: all.url, events: ['alert'] });
      await stage.linked('a', 'one', '15550104001');
      const told = (state: string) =>
        all.next(({ data }) => data.alert === 'handshake_failing' && data.state === state, PATIENCE_MS);
      const refusing = await stage.sandbox.call<{ fault: { id: number } }>('POST', '/faults', {
        ...{ name: 'login-failure', settings: { reason: 500 } },
      });
      await stage.sandbox.call('POST', '/faults', { name: 'tcp-reset' });
      expect((await told('firing')).sessionId).toBe('one');
      await stage.worker('a').kill();
      await stage.join('b');
      await stage.sandbox.call('POST', `/faults/${refusing.fault.id}/stop`);
      await stage.api('b', 'GET', '/sessions/one/wait?status=connected&timeout=60');
      // The first connection that succeeds at the worker that found it out.
      await stage.join('a', Number(new URL(stage.address('a')).port));
      await stage.linked('a', 'two', '15550104002');
      expect((await told('resolved')).sessionId).toBe('one');
    },
    LIMIT,
  );
});
