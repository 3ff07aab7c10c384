import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { NEW_CHAT, PROFILES, plan, recordReceived, recordSent } from '../../runtime/src/pacing/pacing.ts';
import type { BuiltInProfile } from '../../runtime/src/pacing/pacing.ts';
import { KNOWN, NOW, brief, input, sentAt, stepsOf, waited } from '../support/pacing-input.ts';
import { overTen, withoutRest } from '../support/paced-day-log.ts';

const RUNS = { numRuns: 1_000 };
const draws = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 8, maxLength: 8 });
const dice = (values: number[]) => {
  let next = 0;
  return () => values[next++ % values.length] ?? 0;
};
const person = fc.constantFrom<BuiltInProfile>('fast', 'normal', 'slow');

test('typing stays within 0.8 s and 30 s, is announced at least every 20 s, and a plan ends by sending once', () => {
  fc.assert(
    fc.property(person, fc.nat({ max: 100_000 }), draws, fc.boolean(), (name, length, values, isNew) => {
      const chat = isNew ? NEW_CHAT : recordReceived(KNOWN, { now: NOW - 1, length });
      const steps = stepsOf(
        plan(input({ profile: PROFILES[name], chat, random: dice(values), message: { length, readBefore: true } })),
      );
      const typed = waited(steps, 'typing');
      expect(typed).toBeGreaterThanOrEqual(800);
      expect(typed).toBeLessThanOrEqual(30_000);
      expect(steps.findIndex(({ kind }) => kind === 'send')).toBe(steps.length - 1);
      let announced: number | null = null;
      for (const step of steps) {
        if (step.kind === 'composing') announced = 0;
        else if (step.kind === 'paused') announced = null;
        else if (step.kind === 'wait' && announced !== null) {
          announced += step.ms;
          expect(announced).toBeLessThanOrEqual(20_000);
        } else if (step.kind === 'wait') expect(step.why).not.toBe('typing');
      }
      expect(announced).toBeNull();
    }),
    RUNS,
  );
});

test('without a person nothing is shown and nothing is typed, whatever was asked for', () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.nat(5_000),
      fc.option(fc.nat(30_000), { nil: undefined }),
      fc.boolean(),
      (off, length, delayAsked, readBefore) => {
        const message = { length, readBefore, isReply: readBefore, humanize: !off };
        const made = plan(
          input({
            profile: off ? PROFILES.slow : PROFILES.instant,
            message: delayAsked === undefined ? message : { ...message, typingDelay: delayAsked },
          }),
        );
        expect(brief(made)).toBe(readBefore ? 'read send' : 'send');
      },
    ),
    RUNS,
  );
});

// A sender that obeys: the gap before each message, then its plan, until it has gone out.
function simulate(gaps: number[], profile: BuiltInProfile, humanize: boolean, values: number[]): number[] {
  const random = dice(values);
  const sent: number[] = [];
  let chat = NEW_CHAT;
  let now = NOW;
  for (const [i, gap] of gaps.entries()) {
    now += gap;
    const message = { textHash: `t${i}`, length: (i * 7) % 60, humanize };
    let made = plan(input({ chat, now, random, profile: PROFILES[profile], message }));
    while (made.kind === 'wait') {
      expect(made.until).toBeGreaterThan(now);
      now = made.until;
      made = plan(input({ chat, now, random, profile: PROFILES[profile], message }));
    }
    now += waited(stepsOf(made));
    sent.push(now);
    chat = recordSent(chat, { now, textHash: message.textHash });
  }
  return sent;
}

const violations = (sent: number[]) => [...overTen(sent), ...withoutRest(sent)];

test('the checker of the next test sees what breaks the rules', () => {
  expect(violations([0, 1, 2, 30_001])).toEqual(['burst at 0']);
  expect(violations([0, 1, 2, 30_002])).toEqual([]);
  const pairs = Array.from({ length: 11 }, (_, i) => Math.floor(i / 2) * 10_500 + (i % 2));
  expect(violations(pairs)).toEqual(['11 within a minute of message 0']);
});

test('a sender that obeys never exceeds ten a minute nor breaks a cooldown, over hundreds of messages', () => {
  const gap = fc.oneof(
    fc.constantFrom(0, 1, 9_999, 10_000, 10_001, 29_999, 30_000, 59_999, 60_000),
    fc.nat({ max: 15_000 }),
  );
  // Pairs more than 10 s apart never make a burst: only the rate stops them.
  const pairs = fc.constantFrom([0, 10_001], [1, 10_050], [500, 10_200]);
  const gaps = fc.oneof(
    fc.array(gap, { minLength: 40, maxLength: 60 }),
    fc.array(pairs, { minLength: 20, maxLength: 30 }).map((all) => all.flat()),
  );
  const profile = fc.constantFrom<BuiltInProfile>('fast', 'normal', 'slow', 'instant');
  fc.assert(
    fc.property(gaps, profile, fc.boolean(), draws, (between, name, humanize, values) => {
      expect(violations(simulate(between, name, humanize, values))).toEqual([]);
    }),
    RUNS,
  );
  const long = Array.from({ length: 600 }, (_, i) => (i % 5 === 0 ? 10_001 : 0));
  for (const humanize of [true, false]) expect(violations(simulate(long, 'fast', humanize, [0.3, 0.7]))).toEqual([]);
});

test('limits do not depend on humanising', () => {
  const history = fc
    .array(fc.nat({ max: 70_000 }), { maxLength: 14 })
    .map((ago) => sentAt(...ago.sort((a, b) => b - a)));
  fc.assert(
    fc.property(history, fc.nat({ max: 2 }), fc.constantFrom('h', 'x'), (chat, sentToday, hash) => {
      const day = { sentToday, limit: 2, resetsAt: NOW + 1_000 };
      const known = { ...chat, texts: [{ hash, at: NOW - 1_000 }] };
      const verdict = (change: Parameters<typeof input>[0]) => {
        const made = plan(input({ chat: known, day, ...change }));
        return made.kind === 'go' ? 'go' : made;
      };
      const human = verdict({});
      expect(verdict({ message: { humanize: false } })).toEqual(human);
      expect(verdict({ profile: PROFILES.instant })).toEqual(human);
    }),
    RUNS,
  );
});
