/** How much memory sessions take that are linked and at rest, and how fast they come back. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { within } from '../../support/deadline.ts';
import { loginsOf } from '../../support/storm.ts';
import { Bench, residentAfterCollection, round, type Row } from './bench.ts';

/** What a client does after its login, and the timers it leaves behind, take half a minute. */
const REST_MS = 35_000;
const BACK_WITHIN_MS = 180_000;
const MOST_MEMORY = 2;
const MOST_TIME = 1.3;
/** spec.md 7.2 and 13.3. */
const STORM_OVER_MS = 60_000;
const AUTH_FILE = 'bare-auth.json';

/** Memory of each of so many sessions, above what the process has without any. */
async function memory(bench: Bench, sessions: number): Promise<Row> {
  const empty = [await residentAfterCollection(bench.runtime), await residentAfterCollection(bench.bare)] as const;
  await bench.linkRuntime(sessions);
  await bench.linkBare(sessions);
  await pause(REST_MS);
  const each = (full: number, before: number) => (full - before) / sessions / 1024;
  const value = each(await residentAfterCollection(bench.runtime), empty[0]);
  const bare = each(await residentAfterCollection(bench.bare), empty[1]);
  const ratio = round(value / bare, 2);
  return {
    ...{ scenario: `memory of an idle session, ${sessions} in one process`, value: round(value, 0), unit: 'KB' },
    ...{ bare: round(bare, 0), ratio, goal: `at most ${MOST_MEMORY}x bare`, ok: ratio <= MOST_MEMORY },
  };
}

/** From the start of a process until the last of its sessions has logged in. */
async function restart(bench: Bench, sessions: number): Promise<Row> {
  const file = join(bench.directory, AUTH_FILE);
  await bench.tellBare({ what: 'save', file });
  await bench.stopBare();
  const bare = await timeOf(bench, bench.bare.phones, async () => {
    await bench.startBare();
    await bench.loadBare(file);
  });
  await bench.stopRuntime();
  const value = await timeOf(bench, bench.runtime.phones, () => bench.startRuntime());
  const ratio = round(value / bare, 2);
  return {
    ...{ scenario: `restart with ${sessions} sessions`, value: round(value / 1_000, 2), unit: 's' },
    ...{ bare: round(bare / 1_000, 2), ratio, goal: `at most ${MOST_TIME}x bare`, ok: ratio <= MOST_TIME },
  };
}

/** All are cut at once: until the last has logged in again. Bare clients do not come back by themselves. */
async function storm(bench: Bench, sessions: number): Promise<Row> {
  const cut = async () => {
    for (const phone of bench.runtime.phones) bench.sandbox.trouble.begin({ name: 'tcp-reset', phone });
  };
  const value = await timeOf(bench, bench.runtime.phones, cut);
  return {
    ...{ scenario: `reconnection storm of ${sessions} sessions`, value: round(value / 1_000, 2), unit: 's' },
    ...{ bare: null, ratio: null, goal: 'at most 60 s', ok: value <= STORM_OVER_MS },
  };
}

/** How long it takes, ms, until all these accounts have logged in from when it begins. */
async function timeOf(bench: Bench, phones: readonly string[], begin: () => Promise<void>): Promise<number> {
  const back = loginsOf(bench.sandbox, phones);
  const began = performance.now();
  await begin();
  await within(BACK_WITHIN_MS, 'all sessions back', back);
  return performance.now() - began;
}

/** The memory of so many sessions; `andReturns` measures their coming back too. */
export async function sessionRows(sessions: number, andReturns: boolean): Promise<Row[]> {
  return await Bench.with(async (bench) => {
    await bench.startRuntime();
    await bench.startBare();
    const rows = [await memory(bench, sessions)];
    if (andReturns) rows.push(await restart(bench, sessions), await storm(bench, sessions));
    return rows;
  });
}
