import { expect, test } from '@jest/globals';
import { runFault } from '../support/fault-matrix.ts';
import { FAULT_ROWS } from '../support/fault-rows.ts';

// A few of each sort; `npm run faults` goes through all of them.
const SHORT = [
  'TCP reset',
  'two corrupt frames',
  'stream error 515',
  'device removed on the phone',
  'messages repeated',
];

test.each(FAULT_ROWS.filter(({ fault }) => SHORT.includes(fault)))(
  '$fault: nothing lost, nothing doubled, and the right state',
  async (row) => {
    expect(await runFault(row)).toMatchObject({ lost: 0, doubled: 0, ok: true });
  },
  90_000,
);
