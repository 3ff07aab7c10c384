/** People who have written to every session before, so that nothing sent to them is a first word and both sides have keys. */
import { eventually } from '../../support/deadline.ts';
import { startReceiver } from '../../support/receiver.ts';
import type { Bench } from './bench.ts';

const KNOWN_WITHIN_MS = 300_000;

export async function befriend(bench: Bench, contacts: readonly string[]): Promise<void> {
  const receiver = await startReceiver();
  const subscription = { url: receiver.url, events: ['message'] };
  const { webhookId } = await bench.call<{ webhookId: string }>('POST', '/webhooks', subscription);
  for (const phone of [...bench.runtime.phones, ...bench.bare.phones]) {
    const account = bench.sandbox.account(phone);
    for (const contact of contacts) await bench.sandbox.contact(contact).say(account, 'hello');
  }
  const greetings = bench.runtime.phones.length * contacts.length;
  await eventually(
    KNOWN_WITHIN_MS,
    'everybody known to the runtime',
    () => new Set(receiver.events.map(({ id }) => id)).size,
    (told) => told >= greetings,
  );
  await bench.call('DELETE', `/webhooks/${webhookId}`);
  await receiver.stop();
}
