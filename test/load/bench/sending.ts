/** How many messages a second WhatsApp acknowledges, written by one session and by many. */
import { within } from '../../support/deadline.ts';
import { inParallel } from '../../support/in-parallel.ts';
import { befriend } from './befriend.ts';
import type { Writing } from './bare-clients.ts';
import { sessionName, type Bench } from './bench.ts';
import type { Measured, Stage } from './scenario.ts';

/** Three messages in a row to one person are no burst yet. */
const TO_EACH = 3;
const FIRST_CONTACT = 15_550_190_000;
const ACKED_WITHIN_MS = 300_000;
/** Callers of the API at once. */
const CALLERS = 16;

interface Load {
  readonly sessions: number;
  /** People each session writes to. */
  readonly people: number;
}

const contactsOf = ({ people }: Load) => Array.from({ length: people }, (_none, at) => String(FIRST_CONTACT + at));

function writingsOf(load: Load): Writing[] {
  const writings: Writing[] = [];
  for (let round = 0; round < TO_EACH; round++)
    for (const to of contactsOf(load))
      for (let session = 0; session < load.sessions; session++)
        writings.push({ session, to, text: `${session} to ${to}, ${round}` });
  return writings;
}

/** Acks per second to these accounts from when it begins until each of so many messages has one. */
async function acked({ sandbox }: Bench, phones: readonly string[], count: number, begin: () => Promise<unknown>) {
  const ours = new Set(phones);
  const all = Promise.withResolvers<undefined>();
  const ids = new Set<string>();
  type Seen = Parameters<Parameters<typeof sandbox.events.on<'stanza'>>[1]>[0];
  const look = ({ phone, direction, node }: Seen) => {
    if (direction !== 'out' || node.tag !== 'ack' || node.attrs['class'] !== 'message') return;
    if (phone !== null && ours.has(phone)) ids.add(`${phone} ${node.attrs['id']}`);
    if (ids.size === count) all.resolve(undefined);
  };
  sandbox.events.on('stanza', look);
  const began = performance.now();
  try {
    await Promise.all([begin(), within(ACKED_WITHIN_MS, `${count} acks`, all.promise)]);
    return (1_000 * count) / (performance.now() - began);
  } finally {
    sandbox.events.off('stanza', look);
  }
}

async function sending(bench: Bench, load: Load): Promise<Measured> {
  const writings = writingsOf(load);
  const value = await acked(bench, bench.runtime.phones, writings.length, () =>
    inParallel(writings, CALLERS, async ({ session, to, text }) => {
      await bench.call('POST', '/messages/text', { sessionId: sessionName(session), to, text });
    }),
  );
  const bare = await acked(bench, bench.bare.phones, writings.length, () =>
    bench.tellBare({ what: 'write', writings }),
  );
  return { value, bare };
}

export const sendingStage = (load: Load): Stage => ({
  async prepare(bench) {
    await bench.startRuntime();
    await bench.startBare();
    await bench.link(load.sessions);
    await befriend(bench, contactsOf(load));
  },
  scenarios: [
    {
      name: load.sessions === 1 ? 'send-one' : `send-${load.sessions}`,
      what: `messages that WhatsApp acknowledges, from ${load.sessions} session${load.sessions === 1 ? '' : 's'}`,
      unit: 'a second',
      goals: [
        { of: 'ratio', atLeast: 0.9 },
        { of: 'value', atLeast: load.sessions === 1 ? 10 : 100 },
      ],
      measure: (bench) => sending(bench, load),
    },
  ],
});
