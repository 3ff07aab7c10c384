/** One SQLite file: what its transactions promise, and what it refuses to open. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { SqliteFile } from '../../runtime/src/store/sqlite-file.ts';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sqlite-file-'));
  path = join(directory, 'inner', 'test.sqlite');
});
afterEach(() => rmSync(directory, { recursive: true }));

const insert = (file: SqliteFile, key: string) =>
  file.database.prepare(`INSERT INTO key_value VALUES ('a', ?, 'v', NULL)`).run(key);
const pragma = (file: SqliteFile, name: string) =>
  Object.values(file.database.prepare(`PRAGMA ${name}`).get() ?? {})[0];

test('a transaction that throws leaves nothing, and the next one works', () => {
  const file = new SqliteFile(path);
  const broken = () =>
    file.transaction(() => {
      insert(file, 'one');
      insert(file, 'one');
    });
  expect(broken).toThrow(/UNIQUE/);
  file.transaction(() => insert(file, 'two'));
  expect(file.database.prepare('SELECT key FROM key_value').all()).toEqual([{ key: 'two' }]);
  file.database.close();
});

test('a commit waits for no disk; those who wait for theirs share one sync, and later ones get another', async () => {
  const file = new SqliteFile(path);
  expect([pragma(file, 'journal_mode'), pragma(file, 'synchronous')]).toEqual(['wal', 1]);
  file.transaction(() => insert(file, 'one'));
  const first = file.saved();
  file.transaction(() => insert(file, 'two'));
  expect(file.saved()).toBe(first);
  await first;
  file.transaction(() => insert(file, 'three'));
  const second = file.saved();
  expect(second).not.toBe(first);
  await second;
  await file.close();
  await file.close();
});

test('who waits while the file is being closed is told all the same', async () => {
  const file = new SqliteFile(path);
  file.transaction(() => insert(file, 'one'));
  const waiting = file.saved();
  await file.close();
  await waiting;
  const again = new SqliteFile(path);
  expect(again.database.prepare('SELECT key FROM key_value').all()).toEqual([{ key: 'one' }]);
  await again.close();
});

test('a file of a newer version is refused and left as it is', () => {
  new SqliteFile(path).database.close();
  const newer = new DatabaseSync(path);
  newer.exec('PRAGMA user_version = 999');
  newer.close();
  expect(() => new SqliteFile(path)).toThrow(/newer version/);
});

test('only its owner may enter the directory that is made for it', () => {
  new SqliteFile(path).database.close();
  expect(statSync(join(directory, 'inner')).mode & 0o777).toBe(0o700);
});
