/** One worker delivers the webhooks of all: that a receiver fails is told by the session it began with, wherever that is. */
import { afterEach, expect, test } from '@jest/globals';
import { eventually } from '../support/deadline.ts';
import { startReceiver, type Receiver, type Reply } from '../support/receiver.ts';
import { describeWithRedis } from '../support/with-redis.ts';
import { Workers } from '../support/workers.ts';

const LIMIT = 180_000;
const CONTACT = '15550104999';
const ACCOUNTS = { one: '15550104001', two: '15550104002' };
const IDS = ['one', 'two'] as const;

let stage: Workers;
let failing: Receiver;
let reply: Reply = 500;
let all: Receiver;
afterEach(async () => {
  await stage.end();
  await failing.stop();
  await all.stop();
}, 120_000);

describeWithRedis('of two workers', () => {
  test(
    'both tell that a receiver fails, and that it takes deliveries again, whichever delivers',
    async () => {
      failing = await startReceiver(() => reply);
      all = await startReceiver();
      stage = await Workers.start('a', 'b');
      await stage.sandbox.contact(CONTACT);
      for (const id of IDS) await stage.linked('a', id, ACCOUNTS[id]);
      await stage.api('a', 'POST', '/webhooks', { url: all.url, events: ['alert'] });
      const hooks: string[] = [];
      for (const sessionId of IDS) {
        const wanted = { url: failing.url, sessionId, events: ['message'] };
        hooks.push((await stage.api<{ webhookId: string }>('a', 'POST', '/webhooks', wanted)).webhookId);
      }
      for (const id of IDS) await stage.sandbox.say(CONTACT, ACCOUNTS[id], `to ${id}`);
      const told = (state: string) =>
        all.events.filter(({ data }) => data.alert === 'webhook_failing' && data.state === state);
      // What waits for the receiver goes on at once.
      const hasten = async () => {
        for (const hook of hooks) await stage.api('a', 'PATCH', `/webhooks/${hook}`, { paused: false });
      };
      const sessionsOf = async (state: string) => {
        await hasten();
        return told(state)
          .map(({ sessionId }) => sessionId)
          .sort();
      };
      const both = (found: unknown[]) => found.length >= 2;
      expect(await eventually(60_000, 'both alerts', () => sessionsOf('firing'), both)).toEqual(IDS);
      reply = 200;
      expect(await eventually(60_000, 'the end of both', () => sessionsOf('resolved'), both)).toEqual(IDS);
    },
    LIMIT,
  );
});
