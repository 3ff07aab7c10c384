/** What happens on the day: 300 messages to 30 chats, by dice, with something for every rule to catch. */
import { oneOf } from './dice.ts';
import type { Arrival } from './paced-day.ts';
import type { Agreed, Asked } from './paced-day-log.ts';

const SECOND = 1_000;
const HOUR = 3_600_000;
/** 15 January 2027, 00:00 UTC. */
const MIDNIGHT = 1_799_971_200_000;
const PEOPLE = Array.from({ length: 24 }, (_, i) => `155501${String(i).padStart(2, '0')}@s.whatsapp.net`);
const GROUPS = Array.from({ length: 6 }, (_, i) => `12036300000000000${i}@g.us`);
const CHATS = [...PEOPLE, ...GROUPS];
const MESSAGES = 300;
/** Gets more than ten a minute. */
export const RUSHED = '15550100@s.whatsapp.net';

export const AGREED: Agreed = {
  // The others are new.
  known: [...PEOPLE.slice(0, 12), ...GROUPS],
  dailyLimit: 265,
  quiet: { from: 22, to: 6 },
};

/** Asks for messages as dice fall. */
function asking(random: () => number) {
  const arrivals: Arrival[] = [];
  const between = (min: number, max: number) => Math.floor(min + random() * (max - min));
  const ask = (at: number, chat: string, change: Partial<Asked> = {}): Asked => {
    const id = `m${arrivals.length}`;
    const length = oneOf([between(1, 12), between(10, 60), between(40, 150), between(300, 2_000)], random);
    const profile = oneOf(['normal', 'normal', 'normal', 'normal', 'fast', 'fast', 'slow', 'instant'] as const, random);
    const made = oneOf(['typed', 'typed', 'typed', 'typed', 'recorded', 'picked', 'picked'] as const, random);
    const makings = {
      typed: { making: made, length, seconds: 0 },
      recorded: { making: made, length: 0, seconds: between(0, 40) },
      picked: { making: made, length: oneOf([0, between(1, 60)], random), seconds: 0 },
    };
    const base = { at, kind: 'asked', id, chat, rank: 'proactive', profile, text: id, quotes: false } as const;
    const asked: Asked = { ...base, ...makings[made], ...change };
    arrivals.push(asked);
    return asked;
  };
  const answer = (at: number, chat: string) => {
    arrivals.push({ at: at - between(1_000, 20_000), kind: 'heard', chat, length: between(1, 400) });
    ask(at, chat, { rank: 'reply', quotes: random() < 0.4 });
  };
  const any = (at: number) => {
    const chat = oneOf(CHATS, random);
    if (random() < 0.45) answer(at, chat);
    else ask(at, chat, { rank: random() < 0.5 ? 'bulk' : 'proactive' });
  };
  const count = () => arrivals.filter(({ kind }) => kind === 'asked').length;
  return { arrivals, between, ask, answer, any, count };
}

export function traffic(random: () => number): Arrival[] {
  const { arrivals, between, ask, answer, any, count } = asking(random);
  // Before dawn: the first words wait, the answers go.
  for (const [i, chat] of PEOPLE.slice(0, 4).entries()) ask(MIDNIGHT + 4 * HOUR + i * 60 * SECOND, chat);
  for (const [i, chat] of PEOPLE.slice(4, 8).entries()) answer(MIDNIGHT + 5 * HOUR + i * 60 * SECOND, chat);
  // In pairs that are no bursts, more than ten a minute; and five at once.
  const short = { profile: 'instant', making: 'typed', length: 5 } as const;
  for (let i = 0; i < 16; i += 1) {
    ask(MIDNIGHT + 7 * HOUR + Math.floor(i / 2) * 10_500 + (i % 2), RUSHED, short);
  }
  const group = oneOf(GROUPS, random);
  for (let i = 0; i < 5; i += 1) ask(MIDNIGHT + 7.5 * HOUR, group, short);
  // Busy moments, when more is asked for than one person can write at a time.
  const late = 20;
  while (count() < MESSAGES - late) {
    const moment = MIDNIGHT + 8 * HOUR + between(0, 12 * HOUR);
    for (let i = between(1, 9); i > 0 && count() < MESSAGES - late; i -= 1) any(moment + between(0, 20_000));
    // Asked for again: some within five minutes, some after.
    if (random() < 0.4 && count() < MESSAGES - late) {
      const chat = oneOf(CHATS, random);
      const { text } = ask(moment, chat);
      ask(moment + oneOf([0, 1_000, 299_999, 900_000], random), chat, { text });
    }
  }
  // In the evening the day's number is used up.
  while (count() < MESSAGES - 3) any(MIDNIGHT + 21 * HOUR + count() * SECOND);
  while (count() < MESSAGES) answer(MIDNIGHT + 23 * HOUR + count() * SECOND, oneOf(CHATS, random));
  return arrivals;
}
