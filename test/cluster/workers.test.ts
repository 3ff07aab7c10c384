import { afterEach, expect, test } from '@jest/globals';
import { eventually } from '../support/deadline.ts';
import { describeWithRedis } from '../support/with-redis.ts';
import { Workers } from '../support/workers.ts';

const PATIENCE_MS = 60_000;
const SESSIONS = 6;
const ids = Array.from({ length: SESSIONS }, (_, at) => `session-${at}`);
const phone = (at: number) => `1555010${String(1_000 + at)}`;
const CONTACT = '15550102999';

let stage: Workers;
afterEach(() => stage.end());

describeWithRedis('two workers', () => {
  test('answer for each other, and one takes over what the other held', async () => {
    stage = await Workers.start('a', 'b');
    await stage.sandbox.contact(CONTACT);
    for (const [at, id] of ids.entries()) await stage.linked(at % 2 === 0 ? 'a' : 'b', id, phone(at));
    const send = async (by: string, id: string, text: string) => {
      // Until its ack is noted: whose worker is killed before sends it once more, under the same id.
      const message = { sessionId: id, to: `+${CONTACT}`, text, waitFor: 'sent', timeout: 30 };
      // What is told to come again comes again, with its key.
      await eventually(
        PATIENCE_MS,
        `${text} accepted`,
        () => stage.ask(by, 'POST', '/messages/text', message, text),
        ({ status }) => status !== 503,
      );
    };
    for (const id of ids) for (const by of ['a', 'b']) await send(by, id, `${id} by ${by}`);
    for (const id of ids) for (const by of ['a', 'b']) await stage.sandbox.received(CONTACT, `${id} by ${by}`, 30);
    for (const by of ['a', 'b']) {
      const { sessions } = await stage.api<{ sessions: { sessionId: string }[] }>(by, 'GET', '/sessions');
      expect(sessions.map(({ sessionId }) => sessionId)).toEqual(ids);
    }
    const reported = async (by: string) => {
      const report = await stage.api<{ operations: { send?: { total: number } } }>(by, 'GET', '/protocol/report');
      return report.operations.send?.total;
    };
    // Half of them went from each.
    for (const by of ['a', 'b']) expect(await reported(by)).toBe(2 * SESSIONS);
    await stage.worker('a').kill();
    for (const id of ids) await send('b', id, `${id} after the kill`);
    for (const id of ids) await stage.sandbox.received(CONTACT, `${id} after the kill`, 60);
    const { screen } = await stage.sandbox.screen(CONTACT);
    expect(screen.map(({ text, arrivals }) => [text, arrivals]).sort()).toEqual(
      ids.flatMap((id) => [`${id} after the kill`, `${id} by a`, `${id} by b`].map((text) => [text, 1])).sort(),
    );
  }, 300_000);
});
