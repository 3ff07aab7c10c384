/** All rows of a database in Redis, out and in. */
import type { RedisAccess } from './redis-access.ts';
import { QUEUE_LIBRARY } from './redis-jobs-lua.ts';
import { ROWS_LIBRARY } from './redis-key-value.ts';
import { LEDGER_LIBRARY, toEntry } from './redis-ledger.ts';
import type { EntryRow, JobRow, Row, ValueRow } from './stored-rows.ts';

const PAGE = 200;
/** Before all times: nothing is over, and nothing is purged. */
const NO_TIME = 0;
/** No runner is told of new jobs: none works with them yet. */
const NOBODY = '';

type Fields = Record<string, string | undefined>;

/** Pages, so that no more than the names of a large database is in memory at one time. */
export async function* readRows(access: RedisAccess): AsyncGenerator<Row[], void> {
  const { keys } = access;
  const names = await namesOf(access);
  const behind = (beginning: string, end = '') =>
    names
      .filter((name) => name.startsWith(beginning) && name.endsWith(end))
      .map((name) => name.slice(beginning.length, name.length - end.length));
  for (const namespace of behind(keys.rows('')))
    for await (const page of hashed(access, keys.rows(namespace)))
      yield page.map(([key, row]) => toValue(namespace, key, row));
  for (const queue of behind(keys.queue(''), ':rows')) yield* jobsOf(access, queue);
  for (const ledger of behind(keys.ledger('rows', '')))
    for await (const page of hashed(access, keys.ledger('rows', ledger)))
      yield page.map(([sequence, row]): Row => ({ kind: 'entry', ledger, ...toEntry(sequence, row) }));
}

async function namesOf(access: RedisAccess): Promise<string[]> {
  const names = new Set<string>();
  let cursor = '0';
  do {
    const [next, found] = (await access.command('SCAN', [cursor, 'MATCH', access.keys.pattern, 'COUNT', 1_000])) as [
      string,
      string[],
    ];
    for (const name of found) names.add(name);
    cursor = next;
  } while (cursor !== '0');
  return [...names].sort();
}

/** A hash by its fields' names; nobody writes to it meanwhile. */
async function* hashed(access: RedisAccess, hash: string): AsyncGenerator<[field: string, value: string][], void> {
  const fields = ((await access.command('HKEYS', [hash])) as string[]).sort();
  for (let at = 0; at < fields.length; at += PAGE) {
    const page = fields.slice(at, at + PAGE);
    const values = (await access.command('HMGET', [hash, ...page])) as (string | null)[];
    yield page.flatMap((field, index): [string, string][] => {
      const value = values[index];
      return typeof value === 'string' ? [[field, value]] : [];
    });
  }
}

function toValue(namespace: string, key: string, row: string): ValueRow {
  const bar = row.indexOf('|');
  const expiresAt = bar > 0 ? Number(row.slice(0, bar)) : null;
  return { kind: 'value', namespace, key, text: row.slice(bar + 1), expiresAt };
}

async function* jobsOf(access: RedisAccess, queue: string): AsyncGenerator<Row[], void> {
  const base = access.keys.queue(queue);
  const order: { id: string; sequence: number }[] = [];
  for await (const page of hashed(access, `${base}:rows`))
    for (const [id, row] of page) order.push({ id, sequence: Number((JSON.parse(row) as Fields)['sequence']) });
  order.sort((one, other) => one.sequence - other.sequence);
  for (let at = 0; at < order.length; at += PAGE) {
    const ids = order.slice(at, at + PAGE).map(({ id }) => id);
    const [rows, data, notes] = (await Promise.all(
      ['rows', 'data', 'notes'].map((part) => access.command('HMGET', [`${base}:${part}`, ...ids])),
    )) as [string[], string[], (string | null)[]];
    yield ids.map((_id, index) =>
      toJobRow(queue, JSON.parse(rows[index] ?? '') as Fields, data[index] ?? '', notes[index] ?? null),
    );
  }
}

const numberOf = (text: string | undefined): number | null => (text === undefined ? null : Number(text));

function toJobRow(queue: string, row: Fields, data: string, note: string | null): JobRow {
  return {
    ...{ kind: 'job', queue, id: row['id'] ?? '', lane: row['lane'] ?? '', data, note },
    step: (row['step'] === 'active' ? 'returned' : row['step']) as JobRow['step'],
    priority: Number(row['priority']),
    place: Number(row['place']),
    runAt: Number(row['runAt']),
    dueAt: numberOf(row['dueAt']),
    createdAt: Number(row['createdAt']),
    attemptsMade: Number(row['attemptsMade']),
    attempts: numberOf(row['attempts']),
    started: Number(row['started']),
    reason: row['reason'] ?? null,
    finishedAt: numberOf(row['finishedAt']),
  };
}

/** Each page whole; what was restored before stays, so that it may be repeated. */
export async function writeRows(access: RedisAccess, rows: readonly Row[]): Promise<void> {
  for (const of of Object.values(Object.groupBy(rows, placeOf))) {
    for (let at = 0; at < (of?.length ?? 0); at += PAGE) await write(access, of?.slice(at, at + PAGE) ?? []);
  }
}

const placeOf = (row: Row): string =>
  JSON.stringify(row.kind === 'value' ? row.namespace : row.kind === 'job' ? [row.queue] : [[row.ledger]]);

async function write(access: RedisAccess, page: readonly Row[]): Promise<void> {
  const { keys } = access;
  const [first] = page;
  if (first?.kind === 'value') {
    const names = [keys.rows(first.namespace), keys.expiries, keys.versions];
    const set = (page as ValueRow[]).flatMap(({ key, text, expiresAt }) => [key, expiresAt ?? '', text]);
    const args = [keys.rows(''), first.namespace, NO_TIME, page.length, ...set];
    await access.write(ROWS_LIBRARY, 'write', names, args);
  } else if (first?.kind === 'job') {
    const args = (page as JobRow[]).flatMap((row) => [fieldsOf(row), row.data, row.note ?? '']);
    await access.write(QUEUE_LIBRARY, 'restore', [keys.queue(first.queue)], [NO_TIME, NO_TIME, NOBODY, ...args]);
  } else if (first) {
    const names = (['rows', 'ids', 'ends'] as const).map((part) => keys.ledger(part, first.ledger));
    const args = (page as EntryRow[])
      .toSorted((one, other) => one.sequence - other.sequence)
      .flatMap(({ sequence, id, position, body }) => [sequence, position, encodeURIComponent(id), body]);
    await access.write(LEDGER_LIBRARY, 'restore', names, args);
  }
}

/** Numbers as texts; what there is none of is left out. */
function fieldsOf({ kind: _kind, queue: _queue, data: _data, note: _note, ...row }: JobRow): string {
  const fields = Object.entries(row).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]]));
  return JSON.stringify(Object.fromEntries(fields));
}
