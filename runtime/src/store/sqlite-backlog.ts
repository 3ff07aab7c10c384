/** What a queue has still to do, counted by its indexes: what is done, which is most, is not looked at. */
import type { JobRow } from './sqlite-job-statements.ts';
import type { Backlog } from './store.ts';
import type { Preparing } from './sqlite-statement.ts';

export const backlogStatements = (database: Preparing) => ({
  unfinished: database.prepare(
    `SELECT step, count(*) AS jobs FROM job WHERE queue = ?
     AND step IN ('scheduled', 'queued', 'ready', 'active', 'held', 'returned', 'aside', 'dead') GROUP BY step`,
  ),
  fronts: database.prepare(
    `SELECT step, reason, count(*) AS jobs, min(run_at) AS oldest FROM job WHERE queue = ?
     AND step IN ('ready', 'active', 'held', 'returned', 'aside') GROUP BY step, reason`,
  ),
});

const COUNTED_AS: Partial<Record<JobRow['step'], 'scheduled' | 'active' | 'dead'>> = {
  scheduled: 'scheduled',
  active: 'active',
  dead: 'dead',
};

const AS: Partial<Record<JobRow['step'], 'active' | 'held'>> = { active: 'active', held: 'held', aside: 'held' };

export function readBacklog(sql: ReturnType<typeof backlogStatements>, queue: string): Backlog {
  const backlog: Backlog = { scheduled: 0, waiting: 0, active: 0, dead: 0, fronts: [] };
  const rows = sql.unfinished.all(queue) as Pick<JobRow & { jobs: number }, 'step' | 'jobs'>[];
  for (const { step, jobs } of rows) backlog[COUNTED_AS[step] ?? 'waiting'] += jobs;
  const fronts = sql.fronts.all(queue) as (Omit<Backlog['fronts'][number], 'state'> & Pick<JobRow, 'step'>)[];
  for (const { step, reason, jobs, oldest } of fronts)
    backlog.fronts.push({ state: AS[step] ?? 'ready', reason, jobs, oldest });
  return backlog;
}
