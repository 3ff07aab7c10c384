/** A session's keys where they are kept: never half written, wherever a process dies, and not more and more of them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import { openAuthState } from '../../runtime/src/session/auth-state.ts';
import { openStore } from '../../runtime/src/store/store.ts';
import { lastStep, SEAL, SESSION, writeStep } from '../support/auth-steps.ts';
import { within } from '../support/deadline.ts';
import { describeEachEngine } from '../support/engines.ts';

const VICTIM = join(import.meta.dirname, '../support/auth-victim.ts');
const DAY = 24 * 3_600_000;
const root = mkdtempSync(join(tmpdir(), 'auth-state-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describeEachEngine((engine) => {
  test('killed twenty times at random moments of writing, the keys open each time, whole and not older than was said', async () => {
    let last = 0;
    for (let round = 0; round < 20; round++) {
      const child = spawn(process.execPath, [VICTIM, ...engine.place()], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(child, 'exit');
      let said = '';
      const { promise: began, resolve } = Promise.withResolvers<undefined>();
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        resolve(undefined);
      });
      await within(30_000, 'the first step', began);
      await pause(Math.random() * 30);
      child.kill('SIGKILL');
      expect((await ended)[1]).toBe('SIGKILL');
      const promised = Number(said.slice(0, said.lastIndexOf('\n')).split('\n').at(-1));
      const found = await lastStep(engine.place());
      expect(promised).toBeGreaterThan(last);
      expect(found).toBeGreaterThanOrEqual(promised);
      expect(found).toBeLessThanOrEqual(promised + 1);
      last = found;
    }
  }, 120_000);
});

test('cut off at any byte of what was being written, the keys open, each step whole or not there', async () => {
  const directory = join(root, 'whole');
  const store = openStore({ directory });
  const auth = await openAuthState(store.session(SESSION), SEAL, SESSION);
  for (let step = 1; step <= 6; step++) await writeStep(auth, step);
  const log = join(SESSION, 'session.sqlite-wal');
  const length = readFileSync(join(directory, log)).length;
  const steps = new Set<number>();
  const cuts = Array.from({ length: 150 }, (_none, at) => Math.floor((length * at) / 150));
  for (const cut of [...cuts, length - 1, length]) {
    const copy = join(root, 'cut');
    cpSync(directory, copy, { recursive: true });
    truncateSync(join(copy, log), cut);
    steps.add(await lastStep(['sqlite', copy]));
    rmSync(copy, { recursive: true });
  }
  await store.close();
  expect([...steps].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
}, 180_000);

test('in three years of ever new people the rows of those who are long gone are forgotten, and of the pre-keys the newest stay', async () => {
  const directory = join(root, 'grown');
  let now = Date.UTC(2026, 0, 1);
  const store = openStore({ directory, now: () => now });
  const { keys } = await openAuthState(store.session(SESSION), SEAL, SESSION);
  const bytes = Buffer.alloc(10);
  let preKey = 0;
  for (let day = 0; day < 3 * 365; day++, now += DAY) {
    const people = [0, 1, 2, 3].map((person) => `${day}-${person}`);
    const each = <T>(value: T) => Object.fromEntries(people.map((id) => [id, value]));
    const preKeys = Array.from({ length: 8 }, () => [++preKey, { public: bytes, private: bytes }]);
    await keys.set({
      ...{ session: each(bytes), 'identity-key': each(bytes), 'device-list': each(['0']) },
      ...{ 'sender-key': each(bytes), 'sender-key-memory': each({ one: true }), tctoken: each({ token: bytes }) },
      ...{ ['inbound-plaintext' as 'session']: each(bytes), 'pre-key': Object.fromEntries(preKeys) },
    });
    // The one that talks every day is never forgotten.
    await keys.set({ session: { friend: bytes } });
  }
  expect(await keys.get('session', ['friend', '1094-0', '1-0'])).toEqual({
    friend: expect.anything(),
    '1094-0': expect.anything(),
  });
  await store.close();
  // What is really in the file, not what may be seen of it.
  const file = new DatabaseSync(join(directory, SESSION, 'session.sqlite'), { readOnly: true });
  const rows = file.prepare("SELECT key FROM key_value WHERE namespace = 'auth'").all() as { key: string }[];
  file.close();
  const count = Object.groupBy(rows, ({ key }) => key.slice(0, key.indexOf('/')));
  const counts = Object.fromEntries(Object.entries(count).map(([type, of]) => [type, of?.length ?? 0]));
  const aYear = 365 * 4;
  expect(counts['session']).toBeLessThan(aYear + 60);
  expect(counts['identity-key']).toBeLessThan(aYear + 60);
  expect(counts['sender-key']).toBeLessThan(aYear + 60);
  expect(counts['sender-key-memory']).toBeLessThan(180 * 4 + 60);
  expect(counts['tctoken']).toBeLessThan(60 * 4 + 60);
  expect(counts['device-list']).toBeLessThan(30 * 4 + 60);
  expect(counts['inbound-plaintext']).toBeLessThan(3 * 4 + 60);
  expect(counts['pre-key']).toBe(5_000);
}, 60_000);
