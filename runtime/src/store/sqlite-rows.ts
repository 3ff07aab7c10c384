/** All rows of a SQLite file, out and in. */
import type { EntryRow, JobRow, Row, ValueRow } from './stored-rows.ts';
import type { SqliteFile } from './sqlite-file.ts';
import type { Preparing } from './sqlite-statement.ts';

const PAGE = 500;

export const rowStatements = (database: Preparing) => ({
  values: database.prepare(
    `SELECT namespace, key, value AS text, expires_at AS expiresAt FROM key_value
     WHERE (namespace, key) > (?, ?) ORDER BY namespace, key LIMIT ?`,
  ),
  jobs: database.prepare(
    `SELECT sequence, queue, id, lane, CASE step WHEN 'active' THEN 'returned' ELSE step END AS step, data, note, priority,
       place, run_at AS runAt, due_at AS dueAt, created_at AS createdAt, attempts_made AS attemptsMade, attempts, started,
       reason, finished_at AS finishedAt
     FROM job WHERE sequence > ? ORDER BY sequence LIMIT ?`,
  ),
  entries: database.prepare(
    `SELECT name AS ledger, sequence, id, position, body FROM ledger
     WHERE (name, sequence) > (?, ?) ORDER BY name, sequence LIMIT ?`,
  ),
  putValue: database.prepare(
    `INSERT INTO key_value (namespace, key, value, expires_at) VALUES (:namespace, :key, :text, :expiresAt)
     ON CONFLICT DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`,
  ),
  // One that was written before an interruption has its place already.
  putJob: database.prepare(
    `INSERT INTO job (queue, id, lane, step, data, note, priority, place, run_at, due_at, created_at, attempts_made, attempts,
       started, reason, finished_at)
     VALUES (:queue, :id, :lane, :step, :data, :note, :priority, :place, :runAt, :dueAt, :createdAt, :attemptsMade, :attempts,
       :started, :reason, :finishedAt) ON CONFLICT (queue, id) DO NOTHING`,
  ),
  putEntry: database.prepare(
    `INSERT INTO ledger (name, sequence, id, position, body) VALUES (:ledger, :sequence, :id, :position, :body)
     ON CONFLICT DO NOTHING`,
  ),
  erase: ['key_value', 'job', 'ledger'].map((table) => database.prepare(`DELETE FROM ${table}`)),
});

/** Pages, so that a large file is never in memory as a whole. */
export async function* readRows(file: SqliteFile): AsyncGenerator<Row[], void> {
  const { values, jobs, entries } = file.prepared(rowStatements);
  yield* paged<ValueRow>((last) => values.all(last?.namespace ?? '', last?.key ?? '', PAGE), 'value');
  yield* paged<JobRow & { sequence?: number }>(
    (last) => jobs.all(last?.sequence ?? 0, PAGE),
    'job',
    ({ sequence: _, ...row }) => row,
  );
  yield* paged<EntryRow>((last) => entries.all(last?.ledger ?? '', last?.sequence ?? 0, PAGE), 'entry');
}

function* paged<Of extends Row>(
  next: (last: Of | undefined) => unknown[],
  kind: Of['kind'],
  shown: (row: Of) => Row = (row) => row,
): Generator<Row[], void> {
  let last: Of | undefined;
  for (;;) {
    const page = next(last) as Of[];
    last = page.at(-1);
    if (page.length > 0) yield page.map((row) => ({ ...shown(row), kind }) as Row);
    if (page.length < PAGE) return;
  }
}

/** All of them or none; what is there already stays as it is, or becomes the same. */
export function writeRows(file: SqliteFile, rows: readonly Row[]): void {
  const { putValue, putJob, putEntry } = file.prepared(rowStatements);
  file.transaction(() => {
    for (const { kind, ...row } of rows) {
      if (kind === 'value') putValue.run(row as Omit<ValueRow, 'kind'> & Record<string, string | number | null>);
      else if (kind === 'job') putJob.run(row as Omit<JobRow, 'kind'> & Record<string, string | number | null>);
      else putEntry.run(row as Omit<EntryRow, 'kind'> & Record<string, string | number | null>);
    }
  });
}

export function eraseRows(file: SqliteFile): void {
  const { erase } = file.prepared(rowStatements);
  file.transaction(() => {
    for (const statement of erase) statement.run();
  });
}
