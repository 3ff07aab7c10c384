/**
 * `npm run test:long [-- --kills 300 --minutes 20 --sessions 50 --seed N --json --snapshots DIR]`: the runtime killed at random
 * moments, and many sessions under random faults for a long time. One table, or one line of JSON a test; 0 leaves a test out.
 * A run is repeated with the seed it printed.
 */
import { parseArgs } from 'node:util';
import { toError } from '../../runtime/src/errors.ts';
import { dice } from '../support/dice.ts';
import { killAtRandom, MESSAGES } from '../support/random-kills.ts';
import { soak } from '../support/soak.ts';

/** So many kills are done on one sandbox; what fails in one batch does not end the others. */
const BATCH = 30;
const MINUTE_MS = 60_000;
/** The heap is read first after this part of a run, but no later than after two minutes. */
const WARM_UP_SHARE = 0.3;
const MOST_GROWTH_PERCENT = 5;
/** Each of fifty sessions has one about every two minutes, so that most have come to rest before the next. */
const FAULTS = { everyMs: 2_500, quick: false };
/** The client leaves timers of half a minute behind. */
const REST_MS = 35_000;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '300' },
    minutes: { type: 'string', default: '20' },
    sessions: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Math.floor(2 ** 31 * Math.random())) },
    snapshots: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const [kills, minutes, sessions, seed] = [values.kills, values.minutes, values.sessions, values.seed].map(Number) as [
  ...[number, number, number, number],
];
const print = (line: string) => void process.stdout.write(`${line}\n`);
const note = (line: string) => void process.stderr.write(`${line}\n`);

/** What one test came to: a row of the table. */
interface Outcome {
  test: 'kills' | 'soak';
  ok: boolean;
  seed: number;
  seconds: number;
  /** Kills, or faults. */
  troubles: number;
  messages: number;
  lost: number;
  doubled: number;
  heapBeforeMb?: number;
  heapAfterMb?: number;
  growthPercent?: number;
  /** How many rounds of each kind there were; how often a half-made link had to be made anew. */
  linking?: number;
  sending?: number;
  receiving?: number;
  linkedAgain?: number;
  /** What is not as it should be. */
  problems: string[];
}

async function killed(): Promise<Outcome> {
  const random = dice(seed);
  const began = performance.now();
  const done = { linking: 0, sending: 0, receiving: 0, linkedAgain: 0 };
  const problems: string[] = [];
  for (let left = kills; left > 0; left -= BATCH) {
    let round = '';
    const heard = (text: string) => note(`kill ${kills - left} + ${(round = text)}`);
    try {
      const counts = await killAtRandom(Math.min(BATCH, left), random, heard);
      for (const key of Object.keys(done) as (keyof typeof done)[]) done[key] += counts[key];
    } catch (error) {
      problems.push(`${round}: ${toError(error).message}`);
    }
  }
  const seconds = Math.round((performance.now() - began) / 1_000);
  const messages = (done.sending + done.receiving) * MESSAGES;
  // A kill that loses or doubles something is told as a problem, with what it was.
  const counts = { troubles: kills, messages, lost: 0, doubled: 0, problems };
  return { test: 'kills', seconds, ...counts, ...done, seed, ok: problems.length === 0 };
}

async function soaked(): Promise<Outcome> {
  const durationMs = minutes * MINUTE_MS;
  const warmUpMs = Math.min(2 * MINUTE_MS, WARM_UP_SHARE * durationMs);
  const { snapshots } = values;
  const parts = {
    durationMs,
    warmUpMs,
    restMs: REST_MS,
    faults: FAULTS,
    ...(snapshots !== undefined && { snapshots }),
  };
  const result = await soak({ sessions, seed, note, ...parts });
  const { lost, doubled, growthPercent, problems, faults: troubles, received, sent } = result;
  const ok = lost === 0 && doubled === 0 && problems.length === 0 && growthPercent <= MOST_GROWTH_PERCENT;
  return { test: 'soak', ...result, troubles, messages: received + sent, ok };
}

const row = (cells: unknown[]) => `| ${cells.join(' | ')} |`;
const heap = ({ heapBeforeMb, heapAfterMb, growthPercent }: Outcome) =>
  heapBeforeMb === undefined ? '-' : `${heapBeforeMb} → ${heapAfterMb} MB (${growthPercent} %)`;

function table(outcomes: Outcome[]): string {
  const head = ['test', 'seconds', 'kills or faults', 'messages', 'lost', 'doubled', 'heap', 'ok'];
  const rows = outcomes.map((each) => {
    const { test, seconds, troubles, messages, lost, doubled, problems, ok } = each;
    return row([
      test,
      seconds,
      troubles,
      messages,
      lost,
      doubled,
      heap(each),
      ok ? 'ok' : `NOT OK ${problems.join('; ')}`,
    ]);
  });
  return [row(head), row(head.map(() => '---')), ...rows].join('\n');
}

note(`seed ${seed}`);
const outcomes: Outcome[] = [];
if (kills > 0) outcomes.push(await killed());
if (minutes > 0) outcomes.push(await soaked());
print(values.json ? outcomes.map((outcome) => JSON.stringify(outcome)).join('\n') : table(outcomes));
process.exit(outcomes.every(({ ok }) => ok) ? 0 : 1);
