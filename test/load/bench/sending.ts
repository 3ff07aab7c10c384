/** How many messages a second WhatsApp acknowledges, written by one session and by many. */
import { eventually, within } from '../../support/deadline.ts';
import { startReceiver } from '../../support/receiver.ts';
import { inParallel } from '../bare-sockets.ts';
import type { Writing } from './bare-clients.ts';
import { Bench, round, sessionName, type Row } from './bench.ts';

/** Three messages in a row to one person are no burst yet. */
const TO_EACH = 3;
const FIRST_CONTACT = 15_550_190_000;
const LEAST_SHARE = 0.9;
const KNOWN_WITHIN_MS = 300_000;
const ACKED_WITHIN_MS = 300_000;
/** Callers of the API at once. */
const CALLERS = 16;

interface Load {
  sessions: number;
  /** People each session writes to. */
  people: number;
}

const contact = (at: number) => String(FIRST_CONTACT + at);

function writingsOf({ sessions, people }: Load): Writing[] {
  const writings: Writing[] = [];
  for (let round = 0; round < TO_EACH; round++)
    for (let at = 0; at < people; at++)
      for (let session = 0; session < sessions; session++)
        writings.push({ session, to: contact(at), text: `${session} to ${at}, ${round}` });
  return writings;
}

/** Everybody writes to everybody once, so that nothing sent to them is a first word and both sides have keys. */
async function befriend(bench: Bench, { people }: Load, phones: readonly string[]): Promise<void> {
  for (const phone of phones)
    for (let at = 0; at < people; at++)
      await bench.sandbox.contact(contact(at)).say(bench.sandbox.account(phone), 'hello');
}

/** Acks per second to these accounts from when it begins until all of so many are there. */
async function acked(bench: Bench, phones: readonly string[], count: number, begin: () => Promise<unknown>) {
  const ours = new Set(phones);
  const all = Promise.withResolvers<undefined>();
  let acks = 0;
  bench.sandbox.events.on('stanza', ({ phone, direction, node }) => {
    if (direction !== 'out' || node.tag !== 'ack' || node.attrs['class'] !== 'message') return;
    if (phone !== null && ours.has(phone) && ++acks === count) all.resolve(undefined);
  });
  const began = performance.now();
  await Promise.all([begin(), within(ACKED_WITHIN_MS, `${count} acks`, all.promise)]);
  return (1_000 * count) / (performance.now() - began);
}

export async function sendingRow(load: Load): Promise<Row> {
  return await Bench.with(async (bench) => {
    const { sessions, people } = load;
    await bench.startRuntime();
    await bench.linkRuntime(sessions);
    const receiver = await startReceiver();
    const { webhookId } = await bench.call<{ webhookId: string }>('POST', '/webhooks', {
      ...{ url: receiver.url, events: ['message'] },
    });
    await befriend(bench, load, bench.runtime.phones);
    const greetings = sessions * people;
    await eventually(
      KNOWN_WITHIN_MS,
      'everybody known',
      () => new Set(receiver.events.map(({ id }) => id)).size,
      (told) => told >= greetings,
    );
    await bench.call('DELETE', `/webhooks/${webhookId}`);
    await receiver.stop();
    await bench.startBare();
    await bench.linkBare(sessions);
    await befriend(bench, load, bench.bare.phones);
    const writings = writingsOf(load);
    const value = await acked(bench, bench.runtime.phones, writings.length, () =>
      inParallel(writings, CALLERS, async ({ session, to, text }) => {
        await bench.call('POST', '/messages/text', { sessionId: sessionName(session), to, text });
      }),
    );
    const bare = await acked(bench, bench.bare.phones, writings.length, () =>
      bench.tellBare({ what: 'write', writings }),
    );
    const ratio = round(value / bare, 2);
    return {
      ...{ scenario: `messages acknowledged, from ${sessions} session${sessions === 1 ? '' : 's'}` },
      ...{ value: round(value, 0), unit: 'a second', bare: round(bare, 0), ratio },
      ...{ goal: `at least ${LEAST_SHARE}x bare`, ok: ratio >= LEAST_SHARE },
    };
  });
}
