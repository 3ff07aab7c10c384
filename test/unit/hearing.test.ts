/** What sessions tell and nobody waits for: its failure is trouble, until the store closes. */
import { expect, test } from '@jest/globals';
import { UnderWay } from '../../runtime/src/hearing.ts';
import { parseSessionId } from '../../runtime/src/ids.ts';
import { createLog } from '../../runtime/src/log.ts';

test('what fails while the runtime runs is an error, and what the closing store interrupts is none', async () => {
  const lines: string[] = [];
  const underWay = new UnderWay(createLog('debug', { write: (line) => void lines.push(line) }));
  const session = parseSessionId('sales');
  const fails = (what: string) => {
    const work = Promise.reject(new Error('the store is closed'));
    underWay.watch(session, what, work);
    return work.catch(() => undefined);
  };
  await fails('receipt');
  const late = Promise.withResolvers<undefined>();
  underWay.watch(session, 'publishing', late.promise);
  underWay.end();
  late.reject(new Error('the store is closed'));
  await Promise.all([late.promise.catch(() => undefined), fails('outbox')]);
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { level: 50, sessionId: 'sales', msg: 'receipt failed' },
    { level: 20, sessionId: 'sales', msg: 'publishing failed' },
    { level: 20, sessionId: 'sales', msg: 'outbox failed' },
  ]);
});
