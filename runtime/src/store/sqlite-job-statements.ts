/** The SQL of a queue, prepared once. Every statement is a search of one index of `schema.ts`. */
import type { Step } from './job-steps.ts';
import type { Preparing } from './sqlite-statement.ts';

export interface JobRow {
  sequence: number;
  queue: string;
  id: string;
  lane: string;
  step: Step;
  data: string;
  priority: number;
  place: number;
  run_at: number;
  due_at: number | null;
  created_at: number;
  attempts_made: number;
  attempts: number | null;
  started: number;
  reason: string | null;
  finished_at: number | null;
  note: string | null;
}

export const jobStatements = (database: Preparing) => ({
  byId: database.prepare('SELECT * FROM job WHERE queue = ? AND id = ?'),
  insert: database.prepare(
    `INSERT INTO job (queue, id, lane, step, data, priority, place, run_at, due_at, created_at, attempts)
     VALUES (:queue, :id, :lane, :step, :data, :priority, :place, :runAt, :dueAt, :now, :attempts)`,
  ),
  lastPlace: database.prepare('SELECT max(place) AS place FROM job WHERE queue = ?'),
  removeById: database.prepare('DELETE FROM job WHERE queue = ? AND id = ?'),
  recover: database.prepare(`UPDATE job SET step = 'returned' WHERE queue = ? AND step = 'active'`),

  ready: database.prepare(
    `SELECT * FROM job WHERE queue = ? AND step IN ('ready', 'returned') ORDER BY priority, place LIMIT 1`,
  ),
  start: database.prepare(`UPDATE job SET step = 'active', started = started + 1 WHERE sequence = ?`),
  due: database.prepare(
    'SELECT sequence, step, lane FROM job WHERE queue = ? AND due_at <= ? ORDER BY due_at, sequence',
  ),
  nextDue: database.prepare('SELECT min(due_at) AS due FROM job WHERE queue = ? AND due_at IS NOT NULL'),

  front: database.prepare(
    `SELECT * FROM job WHERE queue = ? AND lane = ? AND step IN ('ready', 'active', 'held', 'returned') LIMIT 1`,
  ),
  firstQueued: database.prepare(
    `SELECT * FROM job WHERE queue = ? AND lane = ? AND step = 'queued' ORDER BY priority, place LIMIT 1`,
  ),
  promote: database.prepare(`UPDATE job SET step = 'ready' WHERE sequence = ?`),
  aside: database.prepare(
    `SELECT * FROM job INDEXED BY job_step WHERE queue = ? AND step = 'aside' AND lane = ? ORDER BY sequence`,
  ),
  takePlace: database.prepare('UPDATE job SET place = ? WHERE sequence = ?'),
  enqueue: database.prepare(`UPDATE job SET step = 'queued', due_at = NULL, reason = NULL WHERE sequence = ?`),
  unhold: database.prepare(`UPDATE job SET step = 'returned', due_at = NULL, reason = NULL WHERE sequence = ?`),

  finish: database.prepare(
    `UPDATE job SET step = ?, attempts_made = ?, reason = ?, finished_at = ?, note = coalesce(?, note)
     WHERE queue = ? AND id = ?`,
  ),
  hold: database.prepare(
    `UPDATE job SET step = ?, due_at = ?, attempts_made = ?, reason = ?, note = coalesce(?, note)
     WHERE queue = ? AND id = ?`,
  ),
  hasten: database.prepare(`UPDATE job SET due_at = ? WHERE queue = ? AND step = 'held' AND reason = ?`),
  hastenOne: database.prepare('UPDATE job SET due_at = ? WHERE sequence = ?'),
  joinLanes: database.prepare('UPDATE job SET lane = ? WHERE queue = ? AND lane = ?'),
  release: database.prepare(`UPDATE job SET step = 'returned', started = started - ? WHERE queue = ? AND id = ?`),
  bury: database.prepare(`UPDATE job SET step = 'dead', due_at = NULL, reason = ?, finished_at = ? WHERE sequence = ?`),
  redrive: database.prepare(
    `UPDATE job SET step = 'queued', attempts_made = 0, reason = NULL, finished_at = NULL WHERE sequence = ?`,
  ),

  counts: database.prepare('SELECT step, count(*) AS jobs FROM job WHERE queue = ? GROUP BY step'),
  oldest: listStatements(database, 'ASC'),
  newest: listStatements(database, 'DESC'),
  ...pageStatements(database),
  purge: database.prepare(
    `DELETE FROM job WHERE sequence IN
     (SELECT sequence FROM job WHERE queue = ? AND step = 'done' AND finished_at <= ? LIMIT ?)`,
  ),
});

const listStatements = (database: Preparing, direction: 'ASC' | 'DESC') => {
  const list = (lane: string) =>
    database.prepare(
      `SELECT * FROM job WHERE queue = :queue AND ${lane} step IN (SELECT value FROM json_each(:steps))
       ORDER BY sequence ${direction} LIMIT :limit`,
    );
  return { all: list(''), ofLane: list('lane = :lane AND') };
};

/** By its key alone, or by its lane: the rows come in order as they are, and a page ends the search. */
const pageStatements = (database: Preparing) => {
  const page = (index: string, lane: string) =>
    database.prepare(
      `SELECT * FROM job ${index} WHERE queue = :queue AND ${lane} sequence < :before
       AND step IN (SELECT value FROM json_each(:steps)) ORDER BY sequence DESC LIMIT :limit`,
    );
  return { page: page('NOT INDEXED', ''), pageOfLane: page('INDEXED BY job_lane', 'lane = :lane AND') };
};
