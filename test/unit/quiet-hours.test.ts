import { expect, test } from '@jest/globals';
import { isTimeZone, quietUntil } from '../../runtime/src/pacing/pacing.ts';

const NIGHT = { from: '21:00', to: '08:00', timeZone: 'Europe/Berlin' };
const at = (text: string) => Date.parse(text);
const ends = (hours: Parameters<typeof quietUntil>[0], now: string) => {
  const until = quietUntil(hours, at(now));
  return until === null ? null : new Date(until).toISOString();
};

test.each([
  // Berlin is UTC+1 in winter and UTC+2 in summer.
  ['the last minute before', '2026-01-15T19:59:59Z', null],
  ['the first minute', '2026-01-15T20:00:00Z', '2026-01-16T07:00:00.000Z'],
  ['past midnight', '2026-01-16T03:20:30Z', '2026-01-16T07:00:00.000Z'],
  ['the last quiet second', '2026-01-16T06:59:59Z', '2026-01-16T07:00:00.000Z'],
  ['the first minute after', '2026-01-16T07:00:00Z', null],
  ['in summer', '2026-07-15T19:30:00Z', '2026-07-16T06:00:00.000Z'],
  ['the night the clocks go forward', '2026-03-28T22:00:00Z', '2026-03-29T06:00:00.000Z'],
  ['the night the clocks go back', '2026-10-24T22:00:00Z', '2026-10-25T07:00:00.000Z'],
])('the night ends where its session lives: %s', (_name, now, until) => {
  expect(ends(NIGHT, now)).toBe(until);
});

test('quiet hours may lie within a day, in another part of the world', () => {
  const siesta = { from: '13:00', to: '15:30', timeZone: 'Asia/Kolkata' };
  expect(ends(siesta, '2026-05-01T07:29:00Z')).toBeNull();
  expect(ends(siesta, '2026-05-01T07:30:00Z')).toBe('2026-05-01T10:00:00.000Z');
  expect(ends(siesta, '2026-05-01T10:00:00Z')).toBeNull();
});

test('at every minute of a year it is quiet exactly from the one time to the other, and never beyond the next end', () => {
  const clock = new Intl.DateTimeFormat('en-GB', { timeZone: NIGHT.timeZone, timeStyle: 'short' });
  for (let now = at('2026-01-01T00:00:00Z'); now < at('2027-01-01T00:00:00Z'); now += 13 * 60_000) {
    const time = clock.format(now);
    const until = quietUntil(NIGHT, now);
    expect([time, until !== null]).toEqual([time, time >= '21:00' || time < '08:00']);
    if (until !== null) {
      expect(clock.format(until)).toBe('08:00');
      expect(until - now).toBeLessThanOrEqual(12 * 3_600_000);
    }
  }
});

test('time zones are known by their names', () => {
  expect(['UTC', 'Europe/Berlin', 'Mars/Olympus', ''].map(isTimeZone)).toEqual([true, true, false, false]);
});
