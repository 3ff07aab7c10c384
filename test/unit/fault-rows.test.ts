import { expect, test } from '@jest/globals';
import { FAULTS } from '../../runtime/sandbox/sandbox.ts';
import { FAULT_ROWS } from '../support/fault-rows.ts';

test('the fault matrix tries every fault the sandbox has', () => {
  const tried = new Set(FAULT_ROWS.map(({ name }) => name));
  expect(FAULTS.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([]);
});

test('no two rows have one name, and each gives its fault what it takes', () => {
  expect(new Set(FAULT_ROWS.map(({ fault }) => fault)).size).toBe(FAULT_ROWS.length);
  for (const { name, settings = {} } of FAULT_ROWS) {
    const kind = FAULTS.find((each) => each.name === name);
    expect(Object.keys(kind?.settings ?? {})).toEqual(expect.arrayContaining(Object.keys(settings)));
  }
});
