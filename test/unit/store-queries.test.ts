/** What keeps the queue fast however full it is: every statement that runs for each job is a search of an index. */
import { afterAll, describe, expect, test } from '@jest/globals';
import { backlogStatements } from '../../runtime/src/store/sqlite-backlog.ts';
import { SqliteFile } from '../../runtime/src/store/sqlite-file.ts';
import { jobStatements } from '../../runtime/src/store/sqlite-job-statements.ts';

const file = new SqliteFile(':memory:');
const { database } = file;
const { oldest, newest, counts, page, pageOfLane, ...perJob } = file.prepared(jobStatements);
afterAll(() => database.close());

const planOf = (sql: string) =>
  database
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all()
    .map(({ detail }) => String(detail));

describe('the query plan of', () => {
  test.each(Object.entries(perJob).filter(([name]) => name !== 'insert'))(
    '%s searches and sorts nothing',
    (_name, { sourceSQL }) => {
      const plan = planOf(sourceSQL);
      expect(plan.length).toBeGreaterThan(0);
      for (const step of plan) expect(step).toMatch(/^(SEARCH|LIST SUBQUERY|CORRELATED|USING|SCALAR)/);
    },
  );

  test.each([
    ['ready', 'job_ready'],
    ['front', 'job_front'],
    ['firstQueued', 'job_queued'],
    ['nextDue', 'job_due'],
    ['due', 'job_due'],
    ['purge', 'job_done'],
  ] as const)('%s uses the index %s', (name, index) => {
    expect(planOf(perJob[name].sourceSQL).join('\n')).toContain(index);
  });

  test('the lists and counts reads no table from end to end', () => {
    const { unfinished, fronts } = file.prepared(backlogStatements);
    expect(planOf(unfinished.sourceSQL).join()).toContain('USING COVERING INDEX job_step');
    for (const { sourceSQL } of [
      unfinished,
      fronts,
      oldest.all,
      oldest.ofLane,
      newest.all,
      newest.ofLane,
      counts,
      page,
      pageOfLane,
    ]) {
      for (const step of planOf(sourceSQL)) expect(step).not.toMatch(/SCAN job/);
    }
  });
});
