/** What real traffic leaves in a session's keys. */
import { expect, test } from '@jest/globals';
import { parseSessionId } from '../../runtime/src/ids.ts';
import { type Flow, onFlow, PHONE } from '../support/flow.ts';

const LIMIT = 60_000;
const TEXTS = 8;
const WITNESS = '15550100399';

/** How many rows of each kind are kept. */
async function rowsOf(flow: Flow, sessionId: string): Promise<Record<string, number>> {
  const store = await flow.kept();
  const session = store.session(parseSessionId(sessionId));
  const keys = (await session.snapshot('auth')).map(([key]) => key.split('/')[0] ?? '');
  const kinds = Object.groupBy(keys, (kind) => kind);
  const counts = Object.entries(kinds).map(([kind, of]): [string, number] => [kind, of?.length ?? 0]);
  const journal = (await session.snapshot('journal')).length;
  await store.close();
  return { ...Object.fromEntries(counts), journal };
}

test(
  'messages that were told leave no plaintext once the server cannot send them again, and a pre-key that was used is gone',
  async () => {
    await onFlow(async (flow, receiver) => {
      await flow.link('sales', PHONE, { webhookUrl: receiver.url });
      const talk = async (round: string) => {
        for (let person = 0; person < TEXTS; person++) {
          const text = `${round} ${person}`;
          const contact = flow.sandbox.contact(String(15_550_100_300 + person));
          await contact.say(flow.sandbox.account(PHONE), text);
          await receiver.next(({ event, data }) => event === 'message' && data.text === text);
        }
        await flow.stopRuntime();
        await flow.startRuntime();
        await flow.reaches('sales', 'connected');
        // It comes behind what the server had kept.
        await flow.sandbox.contact(WITNESS).say(flow.sandbox.account(PHONE), round);
        await receiver.next(({ event, data }) => event === 'message' && data.text === round);
        await flow.stopRuntime();
        const rows = await rowsOf(flow, 'sales');
        await flow.startRuntime();
        await flow.reaches('sales', 'connected');
        return rows;
      };
      const first = await talk('first');
      const second = await talk('second');
      expect(first['inbound-plaintext'] ?? 0).toBeLessThanOrEqual(3);
      expect(first['journal'] ?? 0).toBeLessThanOrEqual(3);
      expect(second).toEqual(first);
      expect(first['session']).toBe(TEXTS + 2);
      expect(first['pre-key']).toBeLessThanOrEqual(811 - TEXTS);
    });
  },
  LIMIT,
);
