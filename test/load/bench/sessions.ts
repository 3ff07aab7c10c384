/** How fast a process starts, how much memory sessions take that are linked and at rest, and how fast they come back. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { within } from '../../support/deadline.ts';
import { loginsOf } from '../../support/storm.ts';
import { residentAfterCollection, type Bench } from './bench.ts';
import type { Measured, Scenario, Stage } from './scenario.ts';

/** What a client does after its login, and the timers it leaves behind, take half a minute. */
const REST_MS = 35_000;
const BACK_WITHIN_MS = 300_000;
const STARTS = 5;
const AUTH_FILE = 'bare-auth.json';

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1_000;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** The median of a few starts, for the first reads its files from the disk. */
async function start(bench: Bench): Promise<Measured> {
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < STARTS; turn++) {
    ours.push(await secondsOf(() => bench.startRuntime()));
    await bench.stopRuntime();
    theirs.push(await secondsOf(() => bench.startBare()));
    await bench.stopBare();
  }
  return { value: median(ours), bare: median(theirs) };
}

export const startStage = (): Stage => ({
  prepare: () => Promise.resolve(),
  scenarios: [
    {
      name: 'start',
      what: 'from the start of a process without sessions until it answers',
      ...{ unit: 's', goals: [{ of: 'value', atMost: 30 }], measure: start },
    },
  ],
});

const kilobytesNow = async ({ runtime, bare }: Bench): Promise<Measured> => ({
  value: (await residentAfterCollection(runtime)) / 1024,
  bare: (await residentAfterCollection(bare)) / 1024,
});

/** Seconds until all these accounts have logged in from when it begins. */
async function backIn(bench: Bench, phones: readonly string[], begin: () => Promise<unknown>): Promise<number> {
  const back = loginsOf(bench.sandbox, phones);
  return await secondsOf(async () => {
    await begin();
    await within(BACK_WITHIN_MS, 'all sessions back', back);
  });
}

/** The process of bare clients is killed, and started anew on what it had saved: seconds until all are logged in. */
export async function bareAnew(bench: Bench): Promise<number> {
  const file = join(bench.directory, AUTH_FILE);
  await bench.tellBare({ what: 'save', file });
  await bench.stopBare();
  return await backIn(bench, bench.bare.phones, async () => {
    await bench.startBare();
    await bench.loadBare(file);
  });
}

async function restart(bench: Bench): Promise<Measured> {
  const bare = await bareAnew(bench);
  await bench.stopRuntime();
  return { value: await backIn(bench, bench.runtime.phones, () => bench.startRuntime()), bare };
}

/** All are cut at once. Bare clients do as the client's own example: whoever is cut connects anew at once. */
async function storm(bench: Bench): Promise<Measured> {
  const cut = (phones: readonly string[]) => async () => {
    for (const phone of phones) bench.sandbox.trouble.begin({ name: 'tcp-reset', phone });
  };
  await bench.returningBare();
  const bare = await backIn(bench, bench.bare.phones, cut(bench.bare.phones));
  return { value: await backIn(bench, bench.runtime.phones, cut(bench.runtime.phones)), bare };
}

const returns = (sessions: number): Scenario[] => [
  {
    name: `restart-${sessions}`,
    what: `from the start of a process until all its ${sessions} sessions are logged in`,
    ...{ unit: 's', goals: [{ of: 'ratio', atMost: 1.3 }], measure: restart },
  },
  {
    name: `storm-${sessions}`,
    what: `${sessions} sessions are cut at once: until all are logged in`,
    ...{ unit: 's', goals: [{ of: 'value', atMost: 60 }], measure: storm },
  },
];

/** So many sessions in one process; with `returning`, their coming back too. */
export function idleStage(sessions: number, { returning = false } = {}): Stage {
  let empty: Measured = { value: 0, bare: 0 };
  return {
    async prepare(bench) {
      await bench.startRuntime();
      await bench.startBare();
      empty = await kilobytesNow(bench);
      await bench.link(sessions);
    },
    scenarios: [
      {
        name: `idle-${sessions}`,
        what: `memory (RSS) of each of ${sessions} idle sessions in one process`,
        unit: 'KB',
        goals: [
          { of: 'ratio', atMost: 2 },
          { of: 'value', atMost: 50 * 1024 },
        ],
        async measure(bench) {
          await pause(REST_MS);
          await bench.allOnline();
          const full = await kilobytesNow(bench);
          return { value: (full.value - empty.value) / sessions, bare: (full.bare - empty.bare) / sessions };
        },
      },
      ...(returning ? returns(sessions) : []),
    ],
  };
}
