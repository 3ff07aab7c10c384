/**
 * Whether a day of sending kept the rules of spec.md 9 and architecture.md 8: judged from what others could see and when,
 * with numbers copied from those texts. Knows nothing of the code that plans.
 */
import {
  chatsOf,
  DAY,
  firstOf,
  isHeldBack,
  isOverLimit,
  isQuiet,
  overTen,
  refusedWrongly,
  repeats,
  SECOND,
  seenOf,
  sentTo,
  withoutRest,
  type Agreed,
  type Asked,
  type Entry,
  type Seen,
  type Story,
} from './paced-day-log.ts';

const PEOPLE = {
  fast: { speed: [6, 10], before: [300, 800], after: [200, 400] },
  normal: { speed: [3, 6], before: [500, 2_000], after: [300, 800] },
  slow: { speed: [1, 3], before: [1_000, 3_000], after: [500, 1_500] },
} as const;
// The texts give no number for these; nobody reads faster, chooses quicker or stays online longer than this.
const FASTEST_READING = 50;
const LONGEST_READING = 5 * SECOND;
const QUICKEST_CHOICE = 500;
const LONGEST_IDLING = 60 * SECOND;
const RANKS = ['reply', 'proactive', 'bulk'];

const within = (value: number, [min, max]: readonly [number, number]) => value >= min - 2 && value <= max + 2;
const making = ({ done }: Story) => done.filter(({ kind }) => kind === 'composing' || kind === 'recording');
const sayWhich = (stories: Story[]) => stories.map(({ asked }) => asked.id);
const isMade = ({ making: how, length }: Asked) => how !== 'picked' || length > 0;

const lastBefore = ({ done }: Story) => done.findLast(({ kind }) => kind !== 'sent')?.at ?? Number.NaN;

const byPeople = ({ gone }: Seen) =>
  gone.flatMap((story) => {
    const { profile } = story.asked;
    return profile === 'instant' ? [] : [{ story, person: PEOPLE[profile] }];
  });

/** Who wrote last before its turn came, when that is what it answers. */
function answers({ log, gone }: Seen, story: Story): { length: number } | null {
  const { asked, begun } = story;
  const heard = log.findLast((entry) => entry.kind === 'heard' && entry.chat === asked.chat && entry.at <= begun);
  if (heard?.kind !== 'heard') return null;
  const before = gone.slice(0, gone.indexOf(story));
  const answered = before.some((other) => other.asked.chat === asked.chat && other.sent >= heard.at);
  return answered && !asked.quotes ? null : heard;
}

const RULES = {
  'every accepted message goes once': ({ stories }: Seen) =>
    sayWhich(
      stories.filter(({ refused, done }) => done.filter(({ kind }) => kind === 'sent').length !== (refused ? 0 : 1)),
    ),

  'typing takes its time': (seen: Seen) =>
    byPeople(seen).flatMap(({ story, person: { speed } }) => {
      const { asked } = story;
      if (asked.making === 'recorded' || !isMade(asked)) return [];
      const [slowest, fastest] = [speed[0], speed[1]].map((perSecond) =>
        Math.min(Math.max((asked.length / perSecond) * SECOND, SECOND), 25 * SECOND),
      );
      const typed = firstOf(story, 'paused') - firstOf(story, 'composing');
      return within(typed, [(fastest ?? 0) * 0.8, (slowest ?? 0) * 1.2]) ? [] : sayWhich([story]);
    }),

  'typing is announced again every 20 s': ({ gone }: Seen) =>
    gone.flatMap((story) => {
      const shown = [...making(story).map(({ at }) => at), firstOf(story, 'paused')];
      return shown.some((at, i) => i > 0 && at - (shown[i - 1] ?? at) > 20 * SECOND) ? sayWhich([story]) : [];
    }),

  'a voice note shows recording': (seen: Seen) =>
    byPeople(seen).flatMap(({ story }) => {
      const { asked } = story;
      const wanted = asked.making === 'recorded' ? 'recording' : 'composing';
      if (making(story).some(({ kind }) => kind !== wanted)) return sayWhich([story]);
      if (asked.making !== 'recorded') return [];
      const long = Math.min(Math.max(asked.seconds * SECOND, SECOND), 25 * SECOND);
      const shown = firstOf(story, 'paused') - firstOf(story, 'recording');
      return within(shown, [long * 0.8, long * 1.2]) ? [] : sayWhich([story]);
    }),

  'what they wrote is read before it is answered': (seen: Seen) =>
    seen.gone.flatMap((story) => {
      const { asked } = story;
      const heard = answers(seen, story);
      const read = firstOf(story, 'read');
      if (!heard) return Number.isNaN(read) || asked.quotes ? [] : sayWhich([story]);
      if (asked.profile === 'instant') return read <= story.sent ? [] : sayWhich([story]);
      const needed =
        Math.min((heard.length / FASTEST_READING) * SECOND, LONGEST_READING) + PEOPLE[asked.profile].before[0];
      const next = Math.min(...making(story).map(({ at }) => at), story.sent);
      return next - read >= needed - 2 ? [] : sayWhich([story]);
    }),

  'one thinks before typing': (seen: Seen) =>
    byPeople(seen).flatMap(({ story, person: { before } }) => {
      const [first] = making(story);
      if (!first || firstOf(story, 'read') <= first.at) return [];
      const most = story.asked.making === 'picked' ? Infinity : 400 + before[1];
      return within(first.at - firstOf(story, 'available'), [200 + before[0], most]) ? [] : sayWhich([story]);
    }),

  'a picture is chosen': (seen: Seen) =>
    byPeople(seen).flatMap(({ story, person: { before, after } }) => {
      if (story.asked.making !== 'picked') return [];
      const next = making(story)[0]?.at ?? story.sent - after[0];
      return next - firstOf(story, 'available') >= 200 + before[0] + QUICKEST_CHOICE - 2 ? [] : sayWhich([story]);
    }),

  'one looks it over before sending': (seen: Seen) =>
    byPeople(seen).flatMap(({ story, person: { after } }) =>
      !isMade(story.asked) || within(story.sent - lastBefore(story), after) ? [] : sayWhich([story]),
    ),

  'typing stops before it is sent': ({ gone }: Seen) =>
    sayWhich(
      gone.filter(
        (story) => making(story).length > 0 && !making(story).every(({ at }) => at <= firstOf(story, 'paused')),
      ),
    ),

  'their presence is subscribed to': (seen: Seen) =>
    byPeople(seen).flatMap(({ story }) =>
      // A group has no presence of its own.
      story.asked.chat.endsWith('@g.us') ||
      firstOf(story, 'subscribe') <= Math.min(...making(story).map(({ at }) => at), story.sent)
        ? []
        : sayWhich([story]),
    ),

  'one is online while typing': (seen: Seen) =>
    byPeople(seen).flatMap(({ story }) =>
      firstOf(story, 'available') <= Math.min(...story.done.flatMap(({ kind, at }) => (kind === 'begun' ? [] : [at])))
        ? []
        : sayWhich([story]),
    ),

  'one goes offline after idling': ({ log }: Seen) => {
    let [online, lastAt] = [false, 0];
    const found: string[] = [];
    for (const entry of log) {
      if (entry.kind === 'asked' || entry.kind === 'heard' || entry.kind === 'refused') continue;
      if (online && entry.at - lastAt > LONGEST_IDLING) found.push(`idle at ${lastAt}`);
      if (entry.kind === 'available') online = true;
      else if (entry.kind === 'unavailable') online = false;
      lastAt = entry.at;
    }
    return online ? [...found, 'online at the end'] : found;
  },

  'ten a minute': (seen: Seen) => chatsOf(seen).flatMap((chat) => overTen(sentTo(seen, chat))),

  'rest after a burst': (seen: Seen) => chatsOf(seen).flatMap((chat) => withoutRest(sentTo(seen, chat))),

  'five seconds more for somebody new': ({ gone, log, known }: Seen) =>
    sayWhich(
      gone.filter(({ asked: { chat }, begun, done }) => {
        const met =
          known.includes(chat) ||
          log.some((entry) => entry.kind === 'heard' && entry.chat === chat && entry.at <= begun) ||
          gone.some((other) => other.asked.chat === chat && other.begun < begun);
        return !met && Math.min(...done.flatMap(({ kind, at }) => (kind === 'begun' ? [] : [at]))) - begun < 5 * SECOND;
      }),
    ),

  'no text twice': (seen: Seen) =>
    sayWhich(
      seen.stories.filter(
        (story) => !isOverLimit(seen, story) && refusedWrongly(story, 'duplicate_message', repeats(seen, story)),
      ),
    ),

  'no more than the day allows': (seen: Seen) =>
    sayWhich(
      seen.stories.filter((story) =>
        refusedWrongly(
          story,
          'daily_limit',
          isOverLimit(seen, story) ? (Math.floor(story.asked.at / DAY) + 1) * DAY : null,
        ),
      ),
    ),

  'nobody is written to first at night': (seen: Seen) =>
    sayWhich(seen.gone.filter(({ asked, begun }) => asked.rank !== 'reply' && isQuiet(seen, begun))),

  'one chat at a time': ({ gone }: Seen) =>
    sayWhich(gone.filter(({ begun }, i) => i > 0 && begun < (gone[i - 1]?.sent ?? 0))),

  'replies first, bulk last': (seen: Seen) =>
    sayWhich(
      seen.gone.filter(({ asked, begun }, i) =>
        seen.gone.some(
          (other) =>
            RANKS.indexOf(other.asked.rank) < RANKS.indexOf(asked.rank) &&
            other.asked.at < begun &&
            other.begun > begun &&
            !isHeldBack({ ...seen, gone: seen.gone.slice(0, i) }, other.asked.chat, begun),
        ),
      ),
    ),
} as const satisfies Record<string, (seen: Seen) => string[]>;

/** A rule of the day. */
export type Rule = keyof typeof RULES;
export const ALL_RULES = Object.keys(RULES) as Rule[];

/** The rules that the day broke, each with the messages or moments that did; empty when it kept them all. */
export function brokenRules(log: readonly Entry[], agreed: Agreed): Partial<Record<Rule, string[]>> {
  const seen = seenOf(log, agreed);
  return Object.fromEntries(
    ALL_RULES.map((rule) => [rule, RULES[rule](seen)] as const).filter(([, found]) => found.length > 0),
  );
}
