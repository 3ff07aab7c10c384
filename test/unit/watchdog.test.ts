import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { judge, judgePhone, remedyFor, type Observation } from '../../runtime/src/watchdog/judge.ts';
import { Standstills } from '../../runtime/src/watchdog/standstills.ts';

const NOW = 1_800_000_000_000;
const DAY_MS = 86_400_000;
const seen = (
  secondsAgo: { frame?: number; inbound?: number | null; since?: number; stoodStill?: number },
  unechoed = 0,
  doubts = 0,
) =>
  judge({
    vitals: {
      lastFrameAt: NOW - (secondsAgo.frame ?? 1) * 1_000,
      lastInboundAt: secondsAgo.inbound === null ? null : NOW - (secondsAgo.inbound ?? 1) * 1_000,
      unechoed,
    },
    since: NOW - (secondsAgo.since ?? 3_600) * 1_000,
    now: NOW,
    pingIntervalMs: 15_000,
    doubts,
    stoodStillSince: () => (secondsAgo.stoodStill ?? 0) * 1_000,
  } satisfies Observation);

describe('what the vital signs say', () => {
  test.each([
    ['frames come', seen({}), 'healthy'],
    ['the answer to a ping is a little late', seen({ frame: 22 }), 'healthy'],
    ['nothing came although a ping must have been answered', seen({ frame: 24 }), 'silent'],
    ['nothing was read while the process stood still', seen({ frame: 34, stoodStill: 11 }), 'healthy'],
    ['it stood still, and nothing came before and after', seen({ frame: 34, stoodStill: 10 }), 'silent'],
    [
      'three messages without a receipt, the process standing still',
      seen({ inbound: 40, stoodStill: 11 }, 3),
      'healthy',
    ],
    ['a quiet account that sends nothing', seen({ inbound: 80_000 }), 'healthy'],
    ['two messages without a receipt', seen({ inbound: 80_000 }, 2), 'healthy'],
    ['three messages without a receipt, not for long', seen({ inbound: 29 }, 3), 'healthy'],
    ['three messages without a receipt, for long', seen({ inbound: 31 }, 3), 'deaf'],
    ['nothing ever came, but the connection is new', seen({ inbound: null, since: 20 }, 9), 'healthy'],
    ['nothing ever came on an older connection', seen({ inbound: null, since: 40 }, 9), 'deaf'],
    ['suspected once in vain', seen({ inbound: 31 }, 3, 1), 'healthy'],
    ['suspected once in vain, and twice as long', seen({ inbound: 61 }, 3, 1), 'deaf'],
    ['suspected often in vain, and an hour', seen({ inbound: 3_601, since: 9_000 }, 3, 30), 'deaf'],
  ])('%s', (_what, verdict, expected) => {
    expect(verdict).toBe(expected);
  });

  test('a connection that brings messages is never called deaf, whatever was sent on it', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.nat(50), fc.nat(29), (unechoed, doubts, inbound) => {
        expect(seen({ inbound }, unechoed, doubts)).toBe('healthy');
      }),
    );
  });
});

test('what the process stood still counts since a time, the part of it that came after', () => {
  let now = NOW;
  const standstills = new Standstills(() => now);
  standstills.note(4_000);
  now += 10_000;
  standstills.note(30);
  standstills.note(2_000);
  expect([-20_000, -1_000, 0, 9_000, 10_000].map((from) => standstills.since(NOW + from))).toEqual([
    ...[6_000, 3_000, 2_000, 1_000, 0],
  ]);
});

test('the remedies become stronger with each suspicion, and never weaker', () => {
  expect([0, 1, 3, 4, 6, 7, 100].map(remedyFor)).toEqual([
    ...['reconnect', 'reconnect', 'other_proxy', 'restart', 'restart', 'brake', 'brake'],
  ]);
});

test('a phone is asked after ten days and missed after twelve', () => {
  expect([0, 9, 11, 13].map((days) => judgePhone(NOW - days * DAY_MS, NOW))).toEqual([
    'seen',
    'seen',
    'ask',
    'missing',
  ]);
});
