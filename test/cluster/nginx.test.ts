/** Three workers behind a real nginx, with the files of runtime/deploy/nginx, while workers come and go. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { freePort } from '../../runtime/src/demo/free-port.ts';
import { within } from '../support/deadline.ts';
import { openEventSource } from '../support/event-source.ts';
import { hasNginx, startNginx, type Nginx } from '../support/nginx.ts';
import { describeWithRedis } from '../support/with-redis.ts';
import { API_KEY, Workers } from '../support/workers.ts';

const LIMIT = 300_000;
const SESSIONS = 6;
const ids = Array.from({ length: SESSIONS }, (_none, at) => `session-${at}`);
const phone = (at: number) => `1555010${String(3_000 + at)}`;
const CONTACT = '15550103999';

const behindNginx = () => {
  let stage: Workers;
  let nginx: Nginx;
  afterEach(async () => {
    await nginx.stop();
    await stage.end();
  }, LIMIT);

  test(
    'the API, long polls and event streams go on while one is killed, one joins and one is stopped',
    async () => {
      const ports = { a: await freePort(), b: await freePort(), c: await freePort(), later: await freePort() };
      stage = await Workers.start();
      for (const name of ['a', 'b', 'c'] as const) await stage.join(name, ports[name]);
      nginx = await startNginx(...Object.values(ports));
      stage.reachedBy('nginx', nginx.https.origin);
      await stage.sandbox.contact(CONTACT);
      // Its long poll is asked before the code is scanned, at whichever worker nginx chooses.
      for (const [at, id] of ids.entries()) await stage.linked('nginx', id, phone(at));

      const talk = async (round: string) => {
        for (const [at, id] of ids.entries()) {
          const events = new URL(`/events?sessionId=${id}&events=message`, nginx.https);
          await stage.api('nginx', 'GET', `/sessions/${id}/wait?status=connected&timeout=60`);
          const stream = await openEventSource(events, API_KEY);
          expect(stream.status).toBe(200);
          await stage.sandbox.say(CONTACT, phone(at), `${round} to ${id}`);
          const told = await stream.next(({ data }) => data.data.text === `${round} to ${id}`);
          expect(told.data.sessionId).toBe(id);
          stream.close();
          await within(30_000, 'the end of the stream', stream.ended);
          // Until its ack is noted: whose worker is killed before sends it once more, under the same id.
          const message = { sessionId: id, to: `+${CONTACT}`, text: `${round} by ${id}`, waitFor: 'sent', timeout: 30 };
          await stage.api('nginx', 'POST', '/messages/text', message, `${round}-${id}`);
        }
        for (const id of ids) await stage.sandbox.received(CONTACT, `${round} by ${id}`, 60);
      };
      await talk('all three');
      await stage.worker('a').kill();
      await talk('one killed');
      await stage.join('d', ports.later);
      await stage.worker('b').stop();
      await talk('one joined and one stopped');

      const { screen } = await stage.sandbox.screen(CONTACT);
      const received = screen.filter(({ text }) => text.includes(' by ')).map(({ text, arrivals }) => [text, arrivals]);
      expect(received.sort()).toEqual(
        ['all three', 'one killed', 'one joined and one stopped']
          .flatMap((round) => ids.map((id) => [`${round} by ${id}`, 1]))
          .sort(),
      );
    },
    LIMIT,
  );
};

if (hasNginx || process.env.REQUIRE_ALL === '1') describeWithRedis('three workers behind nginx', behindNginx);
else describe.skip('three workers behind nginx (no nginx: install it)', () => undefined);
