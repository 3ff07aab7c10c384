/**
 * Moves all that is kept from one engine of the store to the other: first each session's database, then the instance's. A
 * mark in both instance databases, made before anything is copied, keeps a runtime from starting on either until all has come
 * over and been compared; so whatever is interrupted is gone on with by asking again, and given up by `abandon`.
 */
import { randomUUID } from 'node:crypto';
import { CannotStart } from './errors.ts';
import type { Config } from './config.ts';
import { parseSessionId, type SessionId } from './ids.ts';
import { sumOf, type Row } from './store/stored-rows.ts';
import { openSharedStore, openStore, type Database, type KeyValue, type Store } from './store/store.ts';

/** Where something is moved to, as the command names it. */
export type Engine = 'redis' | 'directory';

interface Mark {
  /** Of one migration: both its databases have the same. */
  id: string;
  to: Engine;
  state: 'leaving' | 'arriving' | 'left';
  /** Sessions that have come over and been compared. */
  done: SessionId[];
}

const NAMESPACE = 'migration';
const MARK = 'mark';
/** Where `session/vault.ts` keeps the records. */
const RECORDS = 'sessions';
const BATCH = 500;

const USAGE =
  'Say where to: "whatsapp-runtime migrate redis" or "whatsapp-runtime migrate directory"; --abandon gives up a move that was not finished.';

/**
 * The command: between SESSIONS_DIR and the Redis of REDIS_URL, while no runtime works with either. Returns what there is to say.
 * Throws `CannotStart`.
 */
export async function runMigration(
  [to, option, ...more]: readonly string[],
  { redisUrl, redisPrefix, sessionsDir }: Pick<Config, 'redisUrl' | 'redisPrefix' | 'sessionsDir'>,
  log: (line: string) => void,
): Promise<string> {
  const isKnown = (to === 'redis' || to === 'directory') && (option === undefined || option === '--abandon');
  if (!isKnown || more.length > 0) throw new CannotStart(USAGE);
  if (redisUrl === undefined) throw new CannotStart('Set REDIS_URL to the Redis that is moved to or from.');
  const directory = openStore({ directory: sessionsDir });
  try {
    let isLost = false;
    const onLost = () => (isLost = true);
    const redis = await openSharedStore({ url: redisUrl, prefix: redisPrefix, onLost });
    try {
      const sides: [Store, Store] = to === 'redis' ? [directory, redis] : [redis, directory];
      const said = option ? await abandon(...sides) : await migrate(...sides, to, log);
      if (isLost) throw new CannotStart('Redis was away, or a runtime began to work with it meanwhile. Ask again.');
      return said;
    } finally {
      await redis.close();
    }
  } finally {
    await directory.close();
  }
}

const markOf = ({ instance }: Store): KeyValue => instance.keyValue(NAMESPACE);

/** Throws `CannotStart` when what is kept here has been moved elsewhere, or is only partly here. */
export async function refuseMoved(store: Store): Promise<void> {
  const mark = await markOf(store).get<Mark>(MARK);
  if (!mark) return;
  const { to, state } = mark;
  const where = to === 'redis' ? 'Redis' : 'SESSIONS_DIR';
  if (state === 'left')
    throw new CannotStart(
      to === 'redis'
        ? 'The sessions were moved to Redis. Set REDIS_URL, or move them back with "whatsapp-runtime migrate directory".'
        : 'The sessions were moved to SESSIONS_DIR. Unset REDIS_URL, or move them back with "whatsapp-runtime migrate redis".',
    );
  throw new CannotStart(
    `The sessions are being moved to ${where}. Finish it with "whatsapp-runtime migrate ${to}", or give it up with ` +
      `"whatsapp-runtime migrate ${to} --abandon".`,
  );
}

/** Moves everything; says what it did. Throws `CannotStart`, and changes nothing, when there are sessions on the other side. */
export async function migrate(source: Store, target: Store, to: Engine, log: (line: string) => void): Promise<string> {
  const former = await markOf(source).get<Mark>(MARK);
  if (former?.state === 'left') {
    await finish(source, target, former);
    return 'The sessions had been moved already.';
  }
  const mark = await begin(source, target, to, former);
  const sessions = await sessionsOf(source.instance);
  for (const id of sessions) {
    if (mark.done.includes(id)) continue;
    const rows = await copy(source.session(id), target.session(id));
    mark.done.push(id);
    await markOf(target).set(MARK, mark);
    log(`${id}: ${rows} rows`);
  }
  const rows = await copy(source.instance, target.instance);
  log(`the instance: ${rows} rows`);
  await finish(source, target, mark);
  return `${sessions.length} sessions were moved and compared. What they were moved from stays as it is, and is not used any more.`;
}

/** What was moved so far is removed, and the runtime starts where it did. Throws `CannotStart` when all has been moved. */
export async function abandon(source: Store, target: Store): Promise<string> {
  const mark = await markOf(source).get<Mark>(MARK);
  if (!mark) return 'Nothing is being moved.';
  if (mark.state === 'left') throw new CannotStart('The sessions have been moved. Move them back the other way.');
  const arriving = await markOf(target).get<Mark>(MARK);
  if (arriving?.id === mark.id) await clear(target, [...arriving.done, ...(await sessionsOf(source.instance))]);
  await markOf(source).delete(MARK);
  return 'The sessions stay where they were.';
}

/** The mark on the side things come to; what an abandoned or a former migration left there is removed. */
async function begin(source: Store, target: Store, to: Engine, former: Mark | undefined): Promise<Mark> {
  const there = await markOf(target).get<Mark>(MARK);
  if (there && there.id === former?.id) return there;
  const left = await sessionsOf(target.instance);
  if (!there && left.length > 0)
    throw new CannotStart(
      `There are ${left.length} sessions where these were to be moved to. Remove them, or choose another place.`,
    );
  const leaving: Mark = { id: former?.id ?? randomUUID(), to, state: 'leaving', done: [] };
  await markOf(source).set(MARK, leaving);
  const arriving: Mark = { ...leaving, state: 'arriving' };
  await clear(target, [...(there?.done ?? []), ...left, ...(await sessionsOf(source.instance))]);
  await markOf(target).set(MARK, arriving);
  return arriving;
}

/** The mark of what has left is the last: before it either side says how to go on. */
async function finish(source: Store, target: Store, mark: Mark): Promise<void> {
  const there = await markOf(target).get<Mark>(MARK);
  await markOf(source).set(MARK, { ...mark, state: 'left' } satisfies Mark);
  if (there?.id === mark.id) await markOf(target).delete(MARK);
}

async function clear(target: Store, sessions: SessionId[]): Promise<void> {
  for (const id of new Set(sessions)) await target.session(id).erase();
  await target.instance.erase();
}

/** Copies all rows and compares what has come; says how many. */
async function copy(from: Database, into: Database): Promise<number> {
  for await (const rows of moved(from)) {
    for (let at = 0; at < rows.length; at += BATCH) await into.restore(rows.slice(at, at + BATCH));
  }
  const [left, came] = [await sumOf(moved(from)), await sumOf(moved(into))];
  if (left.digest !== came.digest)
    throw new Error(`Of ${left.rows} rows ${came.rows} have come over, or not as they were. Ask again.`);
  return came.rows;
}

/** All but the mark itself. */
async function* moved(database: Database): AsyncGenerator<Row[], void> {
  for await (const rows of database.rows())
    yield rows.filter((row) => row.kind !== 'value' || row.namespace !== NAMESPACE);
}

async function sessionsOf(instance: Database): Promise<SessionId[]> {
  return (await instance.snapshot(RECORDS)).map(([id]) => parseSessionId(id));
}
