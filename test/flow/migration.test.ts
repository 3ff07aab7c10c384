/** `whatsapp-runtime migrate`: sessions go on elsewhere as if nothing had been. */
import { expect, test } from '@jest/globals';
import { API_KEY, friendOf, onFlow, PHONE, type Flow } from '../support/flow.ts';
import { RedisServer } from '../support/redis-server.ts';
import { Child } from '../support/runtime-process.ts';
import { describeWithRedis } from '../support/with-redis.ts';

const LIMIT = 180_000;

describeWithRedis('a runtime with sessions', () => {
  test(
    'is moved to Redis and back: linked as before, what waited is sent once, events go on counting',
    async () => {
      const server = await RedisServer.start();
      try {
        await onFlow(async (flow, receiver) => {
          await flow.link('sales', PHONE, { webhookUrl: receiver.url });
          const ann = await friendOf(flow, receiver, '15550100100');
          const sendAt = new Date(Date.now() + 20_000).toISOString();
          await flow.call('POST', '/messages/text', { sessionId: 'sales', to: ann.phone, text: 'later', sendAt });
          const migrate = (...args: string[]) =>
            new Child(['migrate', ...args], {
              ...{ API_KEY, SESSIONS_DIR: flow.directory, REDIS_URL: server.url },
            }).ended();
          expect(await migrate('redis')).toMatchObject({
            code: 1,
            output: expect.stringContaining('in use by another'),
          });
          await flow.stopRuntime();
          expect(await migrate()).toMatchObject({ code: 1, output: expect.stringContaining('Say where to') });
          expect(await migrate('redis')).toMatchObject({
            code: 0,
            output: expect.stringContaining('1 sessions were moved and compared'),
          });
          await expect(flow.startRuntime()).rejects.toThrow('were moved to Redis. Set REDIS_URL');

          flow.environment['REDIS_URL'] = server.url;
          await hears(flow, 'in Redis');
          await ann.waitForMessage(({ text }) => text === 'later', 60_000);
          await flow.stopRuntime();
          expect(await migrate('directory')).toMatchObject({ code: 0 });
          await expect(flow.startRuntime()).rejects.toThrow('were moved to SESSIONS_DIR. Unset REDIS_URL');

          delete flow.environment['REDIS_URL'];
          await hears(flow, 'in the directory again');
          expect(ann.screen.filter(({ text }) => text === 'later')).toMatchObject([{ arrivals: 1 }]);
          const told = receiver.events.map(({ sequence }) => sequence);
          expect(new Set(told).size).toBe(told.length);

          async function hears({ sandbox }: Flow, text: string): Promise<void> {
            await flow.startRuntime();
            await flow.reaches('sales', 'connected');
            await ann.say(sandbox.account(PHONE), text);
            await receiver.next(({ event, data }) => event === 'message' && data.text === text);
          }
        });
      } finally {
        await server.stop();
      }
    },
    LIMIT,
  );
});
