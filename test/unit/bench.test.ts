import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { chosen, wishOf } from '../load/bench/order.ts';
import { BENCH_PAGE, replaced, tableLine, verdict } from '../load/bench/report.ts';
import { failedRow, percentile, rowOf, rowWithout, Skipped, type Stage } from '../load/bench/scenario.ts';
import { stagesOf } from '../load/bench/stages.ts';

const names = (stages: readonly Stage[]) => stages.flatMap(({ scenarios }) => scenarios.map(({ name }) => name));
const ALL = names(stagesOf(false));
const subject = {
  name: 'idle',
  unit: 'KB',
  goals: [
    { of: 'ratio', atMost: 2 },
    { of: 'value', atMost: 500 },
  ],
} as const;

test('a line of JSON has just the fields that are promised, in their order', () => {
  const line = JSON.stringify(rowOf(subject, { value: 300, bare: 200 }));
  expect(line).toBe(
    '{"scenario":"idle","value":300,"unit":"KB","bare":200,"ratio":1.5,"goal":"at most 2x bare, at most 500 KB","ok":true}',
  );
  expect(Object.keys(failedRow(subject))).toEqual(Object.keys(JSON.parse(line) as object));
});

test.each([
  [{ value: 401, bare: 200 }, 'the ratio, though it is shown as 2'],
  [{ value: 501, bare: 300 }, 'the value'],
])('a goal is missed by %j: %s', (measured) => {
  expect(rowOf(subject, measured).ok).toBe(false);
});

test('at least: less is missed, as much is met', () => {
  const sending = { name: 'send', unit: 'a second', goals: [{ of: 'ratio', atLeast: 0.9 }] } as const;
  expect(rowOf(sending, { value: 89, bare: 100 }).ok).toBe(false);
  expect(rowOf(sending, { value: 90, bare: 100 }).ok).toBe(true);
});

test('a scenario that failed is in the table and among the missed', () => {
  expect(tableLine(failedRow(subject), 'memory')).toContain('| `idle` | memory | failed |');
  expect(verdict([failedRow(subject)])).toBe('Goals missed: `idle`.');
});

test('a scenario that was skipped says why, and its goal is not met', () => {
  const row = rowWithout(subject, new Skipped('no redis-server here'));
  expect(tableLine(row, 'memory')).toContain('| `idle` | memory | skipped: no redis-server here |');
  expect(row.ok).toBe(false);
  expect(rowWithout(subject, new Error('broken'))).toEqual(failedRow(subject));
});

test('a percentile is a value that was measured', () => {
  const values = Array.from({ length: 100 }, (_none, at) => 100 - at);
  expect(percentile(values, 0.95)).toBe(95);
});

test('all scenarios have names of their own, and are run when none is named', () => {
  expect(new Set(ALL).size).toBe(ALL.length);
  expect(names(chosen(stagesOf(true), []))).toEqual(ALL);
});

test('scenarios are chosen by name; what none is left of is not prepared', () => {
  const stages = chosen(stagesOf(false), ['accept', 'restart-200']);
  expect(stages.map(({ scenarios }) => scenarios.map(({ name }) => name))).toEqual([['restart-200'], ['accept']]);
});

test.each([
  [['idle-200', 'idel-50'], 'No such scenario: idel-50.'],
  [['--quik'], '--quik'],
  [['--profile'], '--profile'],
  [['--write', 'accept'], 'written whole'],
])('%j is refused with a list of what there is', (args, why) => {
  expect(() => wishOf(args, ALL)).toThrow(why);
  expect(() => wishOf(args, ALL)).toThrow(`Scenarios: ${ALL.join(', ')}.`);
});

test('what a run made takes the place of what an earlier one made, and nothing else', () => {
  const page = readFileSync(BENCH_PAGE, 'utf8');
  const again = replaced(replaced(page, 'made before'), 'made last');
  expect(again).toContain('made last');
  expect(again).not.toContain('made before');
  expect(again.split('<!--')[0]).toBe(page.split('<!--')[0]);
  expect(again.split('-->').at(-1)).toBe(page.split('-->').at(-1));
});
