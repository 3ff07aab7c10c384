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

test('what must survive a power cut is synced to the disk at each commit, the progress of a job is not', () => {
  const file = new SqliteFile(path);
  expect(pragma(file, 'journal_mode')).toBe('wal');
  const [NORMAL, FULL] = [1, 2];
  const levels = (['power-cut', 'crash', 'power-cut'] as const).map((survives) => {
    file.transaction(() => insert(file, `${survives}-${Math.random()}`), survives);
    return pragma(file, 'synchronous');
  });
  expect(levels).toEqual([FULL, NORMAL, FULL]);
  file.database.close();
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
