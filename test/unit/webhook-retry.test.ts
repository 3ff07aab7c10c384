/** When a failed delivery is tried again. */
import { expect, test } from '@jest/globals';
import { DEFAULT_RETRY, parseRetryAfter, pauseAfter } from '../../runtime/src/webhook/retry.ts';

const failure = { overloaded: false, retryAfter: undefined };
const middle = () => 0.5;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

test('the pauses grow from seconds to a day, and after the tenth there is no further attempt', () => {
  const pauses = Array.from({ length: 11 }, (_, index) => pauseAfter(index + 1, failure, DEFAULT_RETRY, middle));
  expect(pauses).toEqual([
    ...[5_000, 30_000, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE],
    ...[HOUR, 2 * HOUR, 5 * HOUR, 10 * HOUR, 24 * HOUR],
    undefined,
  ]);
});

test('a pause varies by a fifth in both directions', () => {
  expect(pauseAfter(1, failure, DEFAULT_RETRY, () => 0)).toBe(4_000);
  expect(pauseAfter(1, failure, DEFAULT_RETRY, () => 1)).toBe(6_000);
});

test('an overloaded receiver gets a minute at least, and more when the schedule says more', () => {
  const overloaded = { ...failure, overloaded: true };
  expect(pauseAfter(1, overloaded, DEFAULT_RETRY, middle)).toBe(MINUTE);
  expect(pauseAfter(4, overloaded, DEFAULT_RETRY, middle)).toBe(10 * MINUTE);
});

test('what the receiver asks for goes before schedule and minute, within a second and a day', () => {
  const pause = (retryAfter: number) => pauseAfter(4, { overloaded: true, retryAfter }, DEFAULT_RETRY, middle);
  expect([0, 30_000, 48 * HOUR].map(pause)).toEqual([1_000, 30_000, 24 * HOUR]);
  expect(pauseAfter(11, { ...failure, retryAfter: 1_000 }, DEFAULT_RETRY, middle)).toBeUndefined();
});

test.each([
  ['120', 120_000],
  [' 5 ', 5_000],
  ['Thu, 01 Jan 1970 00:01:30 GMT', 60_000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['-5', undefined],
  ['soon', undefined],
  ['1', 1_000],
  ['May GMT', undefined],
  [undefined, undefined],
])('Retry-After %j is %p ms', (value, expected) => {
  expect(parseRetryAfter(value, 30_000)).toBe(expected);
});
