/** The reports of several workers as one. */
import { expect, test } from '@jest/globals';
import type { Finding } from '../../runtime/src/protocol-monitor/findings.ts';
import { joinReports, reportOf } from '../../runtime/src/protocol-monitor/report.ts';
import { parseSessionId } from '../../runtime/src/ids.ts';

const found = (more: Partial<Finding>): Finding => ({
  ...{ kind: 'notification', name: 'new', firstSeen: 100, lastSeen: 200, count: 1, since: 100 },
  ...{ session: parseSessionId('sales'), state: 'firing', told: true },
  ...more,
});

const one = reportOf({ start: 10, end: 1_000 }, new Map([['send', { total: 20, success: 19 }]]), [
  found({ state: 'resolved', count: 2 }),
  found({ kind: 'message_refusal', name: '479', count: 1 }),
]);
const other = reportOf(
  { start: 20, end: 1_010 },
  new Map([
    ['send', { total: 10, success: 8 }],
    ['query', { total: 3, success: 3 }],
  ]),
  [
    found({ firstSeen: 50, lastSeen: 900, count: 5 }),
    found({ kind: 'message_refusal', name: '479', firstSeen: 40, count: 2, state: 'resolved' }),
  ],
);

test('counts are added, what both found stands once, and as long as it does at one of them', () => {
  const joined = joinReports([one, other]);
  expect(joined.period).toEqual({ start: 10, end: 1_010 });
  expect(joined.operations).toEqual({
    send: { total: 30, success: 27, failure: 3, unknownErrors: [{ code: 479, count: 3 }] },
    query: { total: 3, success: 3, failure: 0, unknownErrors: [] },
  });
  expect(joined.anomalies.map(({ timestamp, details }) => ({ timestamp, ...details }))).toEqual([
    { timestamp: 40, kind: 'message_refusal', name: '479', count: 3, lastSeen: 200, state: 'firing' },
    { timestamp: 50, kind: 'notification', name: 'new', count: 7, lastSeen: 900, state: 'firing' },
  ]);
  expect(joined.recommendations).toHaveLength(2);
});

test('that of one worker is what it says itself', () => {
  expect(joinReports([one])).toEqual(one);
});
