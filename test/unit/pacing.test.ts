import { describe, expect, test } from '@jest/globals';
import {
  MAX_TYPING_DELAY_MS,
  NEW_CHAT,
  PROFILES,
  plan,
  recordReceived,
  recordSent,
} from '../../runtime/src/pacing/pacing.ts';
import type { ChatHistory, PacedMessage, Plan, BuiltInProfile } from '../../runtime/src/pacing/pacing.ts';
import { KNOWN, NOW, brief, input, sentAt, stepsOf, waited } from '../support/pacing-input.ts';

describe('the humanised flow of spec 9.3', () => {
  test.each([
    // 30 characters at 3, 4.5 and 6 a second: 10 s, 6.667 s, 5 s; jitter 0.8, 1, 1.2.
    [0, 'available subscribe subscribe:200 thinking:500 composing typing:8000 paused reviewing:300 send'],
    [0.5, 'available subscribe subscribe:300 thinking:1250 composing typing:6667 paused reviewing:550 send'],
    [0.999999, 'available subscribe subscribe:400 thinking:2000 composing typing:6000 paused reviewing:800 send'],
  ])('with every draw at %d a text of 30 characters is timed exactly', (draw, expected) => {
    expect(brief(plan(input({ random: () => draw })))).toBe(expected);
  });

  test.each<[BuiltInProfile, number, string]>([
    ['fast', 0, 'available subscribe subscribe:200 thinking:300 composing typing:4000 paused reviewing:200 send'],
    ['fast', 0.5, 'available subscribe subscribe:300 thinking:550 composing typing:3750 paused reviewing:300 send'],
    ['slow', 0, 'available subscribe subscribe:200 thinking:1000 composing typing:20000 paused reviewing:500 send'],
    ['slow', 0.5, 'available subscribe subscribe:300 thinking:2000 composing typing:15000 paused reviewing:1000 send'],
    ['instant', 0.5, 'send'],
  ])('profile %s with draws at %d has the numbers of spec 9.4', (name, draw, expected) => {
    expect(brief(plan(input({ profile: PROFILES[name], random: () => draw })))).toBe(expected);
  });

  test.each([
    ['an empty text takes the minimum, jittered', 0, 0, [800]],
    ['a short text takes the minimum, jittered', 1, 0.999999, [1_200]],
    ['a text just over the minimum is not clamped', 9, 0.5, [2_000]],
    ['a long text is clamped before the jitter, so it may end below 25 s', 5_000, 0, [20_000]],
    ['a long text is clamped at 25 s and refreshed after 20 s', 5_000, 0.5, [20_000, 5_000]],
    ['a long text may take 30 s with jitter, refreshed after 20 s', 5_000, 0.9999999, [20_000, 10_000]],
  ])('%s', (_name, length, draw, chunks) => {
    const steps = stepsOf(plan(input({ message: { length }, random: () => draw })));
    expect(steps.flatMap((step) => (step.kind === 'wait' && step.why === 'typing' ? [step.ms] : []))).toEqual(chunks);
    const refreshes = chunks.length > 1 ? chunks.length : 0;
    expect(steps.filter(({ kind }) => kind === 'composing')).toHaveLength(1 + refreshes);
  });

  test('a typingDelay is taken exactly, refreshed every 20 s, and bounded', () => {
    const typed = (typingDelay: number) =>
      waited(stepsOf(plan(input({ message: { typingDelay }, random: () => 0.9 }))), 'typing');
    expect(typed(1_234)).toBe(1_234);
    expect(typed(40_000)).toBe(40_000);
    expect(typed(10 * MAX_TYPING_DELAY_MS)).toBe(MAX_TYPING_DELAY_MS);
    expect(brief(plan(input({ message: { typingDelay: 0 } })))).toBe(
      'available subscribe subscribe:200 thinking:500 reviewing:300 send',
    );
  });

  test('a custom profile may leave out the subscription and the pause', () => {
    const profile = { ...PROFILES.normal, subscribePresence: false, showPaused: false };
    expect(brief(plan(input({ profile })))).toBe('available thinking:500 composing typing:8000 reviewing:300 send');
  });
});

describe('what is not typed', () => {
  const made = (message: Partial<PacedMessage>) => brief(plan(input({ message, random: () => 0.5 })));
  const before = 'available subscribe subscribe:300 thinking:1250';

  test.each([
    ['a voice note shows recording as long as it is', 7, 'recording recording:7000 paused'],
    ['a very short one at least a second', 0, 'recording recording:1000 paused'],
    [
      'a long one no longer than typing, shown again before it fades',
      600,
      'recording recording:20000 recording recording:5000 recording paused',
    ],
  ])('%s', (_name, seconds, shown) => {
    expect(made({ kind: 'recorded', length: 0, seconds })).toBe(`${before} ${shown} reviewing:550 send`);
  });

  test('what is picked takes a short pause, and the caption is typed', () => {
    const message = { kind: 'picked', length: 0 } as const;
    expect(made(message)).toBe(`${before} choosing:2000 reviewing:550 send`);
    expect(made({ ...message, length: 18 })).toBe(
      `${before} choosing:2000 composing typing:4000 paused reviewing:550 send`,
    );
  });

  test('a tap shows nobody at a keyboard', () => {
    expect(made({ kind: 'tapped', length: 0 })).toBe('send');
  });
});

describe('reading before a reply', () => {
  test.each([
    ['200 characters at 20 a second are clamped to 8 s', 200, 0, 8_000],
    ['100 characters at 25 a second take 4 s', 100, 0.5, 4_000],
    ['a word takes the minimum', 3, 0.5, 500],
  ])('%s', (_name, length, draw, ms) => {
    const chat = recordReceived(KNOWN, { now: NOW - 1_000, length });
    const made = plan(input({ chat, message: { readBefore: true }, random: () => draw }));
    expect(brief(made)).toContain(`read reading:${ms} thinking`);
  });

  test('nothing is read when it was not asked for, or when the last message is already answered', () => {
    const chat = recordReceived(KNOWN, { now: NOW - 2_000, length: 100 });
    expect(brief(plan(input({ chat })))).not.toContain('read ');
    const answered = recordSent(chat, { now: NOW - 1_000, textHash: 'other' });
    expect(brief(plan(input({ chat: answered, message: { readBefore: true } })))).not.toContain('read ');
  });

  test('a quoted reply reads even an answered message', () => {
    const chat = recordSent(recordReceived(KNOWN, { now: NOW - 2_000, length: 100 }), {
      now: NOW - 1_000,
      textHash: 'other',
    });
    expect(brief(plan(input({ chat, message: { readBefore: true, isReply: true } })))).toContain('read reading:5000');
  });

  test('without humanising the receipt goes, without a pause', () => {
    const chat = recordReceived(KNOWN, { now: NOW - 2_000, length: 100 });
    expect(brief(plan(input({ chat, message: { readBefore: true, humanize: false } })))).toBe('read send');
  });
});

describe('limits', () => {
  const spread = Array.from({ length: 10 }, (_, i) => 59_000 - i * 5_900); // gaps of 5.9 s would be a burst
  test.each<[string, ChatHistory, Partial<Plan>]>([
    [
      'nine messages in a minute leave room for a tenth',
      sentAt(59_000, 58_999, 47_000, 46_999, 35_000, 34_999, 23_000, 22_999, 11_000),
      { kind: 'go' },
    ],
    [
      'after ten the next waits until the oldest is a minute old',
      sentAt(59_000, 58_999, 47_000, 46_999, 35_000, 34_999, 23_000, 22_999, 11_000, 10_999),
      { kind: 'wait', until: NOW + 1_000, reason: 'recipient_rate' },
    ],
    [
      'a message exactly a minute old no longer counts',
      sentAt(60_000, 58_999, 47_000, 46_999, 35_000, 34_999, 23_000, 22_999, 11_000, 10_999),
      { kind: 'go' },
    ],
    [
      'of eleven the tenth from the end decides',
      sentAt(59_500, 59_000, 47_000, 46_999, 35_000, 34_999, 23_000, 22_999, 11_000, 10_999, 500),
      { kind: 'wait', until: NOW + 1_000, reason: 'recipient_rate' },
    ],
    ['two rapid messages are no burst', sentAt(2_000, 1_000), { kind: 'go' }],
    [
      'three rapid messages bring 30 s of silence',
      sentAt(21_000, 11_000, 1_000),
      { kind: 'wait', until: NOW + 29_000, reason: 'burst' },
    ],
    [
      'three messages of which one came after more than 10 s are no burst',
      sentAt(21_001, 11_000, 1_000),
      { kind: 'go' },
    ],
    ['a burst 30 s ago is over', sentAt(30_200, 30_100, 30_000), { kind: 'go' }],
    [
      'a burst not quite 30 s ago is not',
      sentAt(30_200, 30_100, 29_999),
      { kind: 'wait', until: NOW + 1, reason: 'burst' },
    ],
    [
      'of both limits the later end counts',
      sentAt(...spread),
      { kind: 'wait', until: NOW - 5_900 + 30_000, reason: 'burst' },
    ],
    [
      'times far in the future, from a clock set back, are ignored',
      sentAt(-3_600_000, -3_600_001, -3_600_002),
      { kind: 'go' },
    ],
  ])('%s', (_name, chat, expected) => {
    expect(plan(input({ chat }))).toMatchObject(expected);
    expect(plan(input({ chat, message: { humanize: false } }))).toMatchObject(expected);
    expect(plan(input({ chat, profile: PROFILES.instant }))).toMatchObject(expected);
  });

  test.each([
    [0, 300],
    [1, 300],
    [299_000, 1],
    [299_001, 1],
    [299_999, 1],
  ])('the same text sent %d ms ago is refused for %d more seconds', (ago, retryAfter) => {
    const chat = recordSent(KNOWN, { now: NOW - ago, textHash: 'h' });
    expect(plan(input({ chat }))).toEqual({ kind: 'refuse', code: 'duplicate_message', retryAfter });
    expect(plan(input({ chat, message: { humanize: false } }))).toMatchObject({ kind: 'refuse' });
  });

  test('the same text after five minutes, another text, or the same message again is no duplicate', () => {
    const chat = recordSent(KNOWN, { now: NOW - 300_000, textHash: 'h', messageId: 'A' });
    expect(plan(input({ chat })).kind).toBe('go');
    const fresh = recordSent(KNOWN, { now: NOW - 1_000, textHash: 'h', messageId: 'A' });
    expect(plan(input({ chat: fresh, message: { textHash: 'other' } })).kind).toBe('go');
    expect(plan(input({ chat: fresh, message: { messageId: 'A' } })).kind).toBe('go');
    expect(plan(input({ chat: fresh, message: { messageId: 'B' } })).kind).toBe('refuse');
  });

  test('the daily limit refuses until the day ends, and says so before anything else', () => {
    const chat = recordSent(KNOWN, { now: NOW, textHash: 'h' });
    const day = { sentToday: 5, limit: 5, resetsAt: NOW + 90_500 };
    expect(plan(input({ chat, day }))).toEqual({ kind: 'refuse', code: 'daily_limit', retryAfter: 91 });
    expect(plan(input({ day: { ...day, sentToday: 4 } })).kind).toBe('go');
  });

  test('somebody new waits 5 s more, humanised or not, and only the first time', () => {
    expect(brief(plan(input({ chat: NEW_CHAT })))).toMatch(/^new_contact:5000 available /);
    expect(brief(plan(input({ chat: NEW_CHAT, message: { humanize: false } })))).toBe('new_contact:5000 send');
    expect(brief(plan(input({ chat: NEW_CHAT, profile: PROFILES.instant })))).toBe('new_contact:5000 send');
    const written = recordSent(NEW_CHAT, { now: NOW - 60_000, textHash: 'other' });
    const heard = recordReceived(NEW_CHAT, { now: NOW, length: 3 });
    for (const chat of [written, heard]) expect(brief(plan(input({ chat })))).not.toContain('new_contact');
  });
});

describe('the history', () => {
  test('it forgets what no limit looks at, but for the last send', () => {
    let chat = recordSent(NEW_CHAT, { now: NOW, textHash: 'a' });
    chat = recordSent(chat, { now: NOW + 300_000, textHash: 'b' });
    expect(chat).toEqual({ known: true, sentAt: [NOW, NOW + 300_000], texts: [{ hash: 'b', at: NOW + 300_000 }] });
    chat = recordSent(chat, { now: NOW + 900_000, textHash: 'c', messageId: 'M' });
    expect(chat.sentAt).toEqual([NOW + 900_000]);
    expect(chat.texts).toEqual([{ hash: 'c', at: NOW + 900_000, messageId: 'M' }]);
    expect(JSON.parse(JSON.stringify(chat))).toEqual(chat);
  });

  test('it stays small and leaves the value it was given alone', () => {
    const before = JSON.stringify(NEW_CHAT);
    let chat = NEW_CHAT;
    for (let i = 0; i < 500; i += 1) chat = recordSent(chat, { now: NOW + i, textHash: `t${i}` });
    expect(chat.sentAt).toHaveLength(100);
    expect(chat.texts).toHaveLength(100);
    expect(chat.sentAt.at(-1)).toBe(NOW + 499);
    expect(JSON.stringify(NEW_CHAT)).toBe(before);
  });
});
