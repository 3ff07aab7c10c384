/**
 * What is known of a day of sending, and what of the limits of spec.md 9.5 it shows, with numbers copied from there. Knows
 * nothing of the code that plans.
 */

/** A message somebody asked for. */
export interface Asked {
  at: number;
  kind: 'asked';
  id: string;
  chat: string;
  rank: 'reply' | 'proactive' | 'bulk';
  profile: 'fast' | 'normal' | 'slow' | 'instant';
  making: 'typed' | 'recorded' | 'picked';
  length: number;
  seconds: number;
  text: string;
  quotes: boolean;
}
export interface Refused {
  at: number;
  kind: 'refused';
  id: string;
  code: string;
  retryAfter: number;
}
/** Done for one message; `begun` is when its turn came. */
export interface Done {
  at: number;
  kind: 'begun' | 'available' | 'subscribe' | 'read' | 'composing' | 'recording' | 'paused' | 'sent';
  id: string;
}
export type Entry =
  | Asked
  | Refused
  | Done
  | { at: number; kind: 'heard'; chat: string; length: number }
  | { at: number; kind: 'unavailable' };

/** What was agreed for the day. */
export interface Agreed {
  /** Chats with messages from before. */
  known: readonly string[];
  dailyLimit: number;
  /** Hours by UTC; `to` is on the next morning. */
  quiet: { from: number; to: number };
}

export const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** One message with all that was done for it. */
export interface Story {
  asked: Asked;
  refused: Refused | undefined;
  done: Done[];
  begun: number;
  sent: number;
}
export interface Seen extends Agreed {
  log: readonly Entry[];
  stories: Story[];
  /** Those that went, in the order they were begun. */
  gone: Story[];
}

export const firstOf = ({ done }: Story, kind: Done['kind']) =>
  done.find((step) => step.kind === kind)?.at ?? Number.NaN;
export const sentTo = ({ gone }: Seen, chat: string) =>
  gone.flatMap(({ asked, sent }) => (asked.chat === chat ? [sent] : [])).sort((a, b) => a - b);
export const chatsOf = ({ gone }: Seen) => [...new Set(gone.map(({ asked }) => asked.chat))];

/** More than ten of these within a minute: every window is looked at. */
export const overTen = (sent: readonly number[]): string[] =>
  sent.flatMap((start, i) => {
    const inWindow = sent.filter((at) => at >= start && at < start + MINUTE).length;
    return inWindow > 10 ? [`${inWindow} within a minute of message ${i}`] : [];
  });

/** Three in quick succession, of any three in a row, without 30 s of rest after them. */
export const withoutRest = (sent: readonly number[]): string[] =>
  sent.flatMap((first, i) => {
    const [second = Infinity, third = Infinity, fourth = Infinity] = sent.slice(i + 1, i + 4);
    const rapid = second - first <= 10 * SECOND && third - second <= 10 * SECOND;
    return rapid && fourth - third < 30 * SECOND ? [`burst at ${i}`] : [];
  });

/** The recipient had enough of these messages for another at that time. */
export function isHeldBack(before: Seen, chat: string, at: number): boolean {
  const sent = [...sentTo(before, chat), at];
  return overTen(sent).length > 0 || withoutRest(sent).length > 0;
}

export function isQuiet({ quiet }: Agreed, at: number): boolean {
  const time = at % DAY;
  return time >= quiet.from * HOUR || time < quiet.to * HOUR;
}

/** The text was accepted or sent less than five minutes before; gives when it may go again. */
export function repeats({ stories }: Seen, { asked: { id, chat, text, at } }: Story): number | null {
  const earlier = stories
    .filter(({ asked, refused }) => !refused && asked.id !== id && asked.chat === chat && asked.text === text)
    .flatMap(({ asked, sent }) => [asked.at, sent])
    .filter((time) => time <= at && at - time < 5 * MINUTE);
  return earlier.length === 0 ? null : Math.max(...earlier) + 5 * MINUTE;
}

export function isOverLimit({ stories, dailyLimit }: Seen, { asked }: Story): boolean {
  const today = stories.filter(
    (other) =>
      !other.refused && other.asked.at < asked.at && Math.floor(other.asked.at / DAY) === Math.floor(asked.at / DAY),
  );
  return today.length >= dailyLimit;
}

/** Refused for this, with the right time to come back, exactly when it had to be. */
export function refusedWrongly(story: Story, code: string, until: number | null): boolean {
  const isRefused = story.refused?.code === code;
  if (until === null) return isRefused;
  return !isRefused || story.refused?.retryAfter !== Math.ceil((until - story.asked.at) / SECOND);
}

const isDone = (entry: Entry): entry is Done => 'id' in entry && entry.kind !== 'asked' && entry.kind !== 'refused';

/** The log, message by message. */
export function seenOf(log: readonly Entry[], agreed: Agreed): Seen {
  const stories = log.flatMap((asked): Story[] => {
    if (asked.kind !== 'asked') return [];
    const own = log.filter((entry) => 'id' in entry && entry.id === asked.id);
    const refused = own.find((entry) => entry.kind === 'refused');
    const done = own.filter(isDone);
    const story = { asked, refused, done, begun: 0, sent: 0 };
    return [{ ...story, begun: firstOf(story, 'begun'), sent: firstOf(story, 'sent') }];
  });
  const gone = stories.filter(({ sent }) => !Number.isNaN(sent)).sort((a, b) => a.begun - b.begun || a.sent - b.sent);
  return { ...agreed, log, stories, gone };
}
