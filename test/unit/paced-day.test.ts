import { expect, test } from '@jest/globals';
import { dice } from '../support/dice.ts';
import { PacedDay } from '../support/paced-day.ts';
import type { Asked, Done, Entry } from '../support/paced-day-log.ts';
import { ALL_RULES, brokenRules, type Rule } from '../support/paced-day-rules.ts';
import { AGREED, RUSHED, traffic } from '../support/paced-day-traffic.ts';

function simulated(seed: number): { log: Entry[]; putOff: PacedDay['putOff'] } {
  const random = dice(seed);
  const day = new PacedDay(traffic(random), AGREED, random);
  return { log: inOrder(day.run()), putOff: day.putOff };
}
const inOrder = (log: readonly Entry[]) => [...log].sort((a, b) => a.at - b.at);

const { log, putOff } = simulated(1);
const asked = log.filter((entry): entry is Asked => entry.kind === 'asked');
const find = (id: string, kind: Entry['kind']) => log.find((one) => 'id' in one && one.id === id && one.kind === kind);

/** The first message that this holds for, with all that was done for it. */
function some(holds: (asked: Asked, done: Done['kind'][]) => boolean): Asked {
  const kindsOf = (id: string) =>
    log.flatMap((one) =>
      'id' in one && one.id === id && one.kind !== 'asked' && one.kind !== 'refused' ? [one.kind] : [],
    );
  const found = asked.find((one) => {
    const done = kindsOf(one.id);
    return done.includes('sent') && holds(one, done);
  });
  if (!found) throw new Error('the day has no such message');
  return found;
}

const timeOf = (id: string, kind: Entry['kind']) => find(id, kind)?.at ?? Number.NaN;
const without = (gone: (entry: Entry) => boolean) => log.filter((entry) => !gone(entry));
const withoutDone = (id: string, kind: Entry['kind']) => without((entry) => entry === find(id, kind));
const changed = (which: Entry | undefined, change: object) =>
  inOrder(log.map((entry) => (entry === which ? { ...entry, ...change } : entry)));
const moved = (id: string, kind: Entry['kind'], at: number) => changed(find(id, kind), { at });

/** The first messages to the chat that got most, as if sent at these times. */
function sentAtTimes(times: readonly number[]): Entry[] {
  const sends = log.filter((entry) => 'id' in entry && entry.kind === 'sent' && isTo(entry.id, RUSHED));
  const start = sends[0]?.at ?? 0;
  return inOrder(
    log.map((entry) => {
      const time = times[sends.indexOf(entry)];
      return time === undefined ? entry : { ...entry, at: start + time };
    }),
  );
}
const isTo = (id: string, chat: string) => asked.some((one) => one.id === id && one.chat === chat);

test.each([1, 2, 3, 4, 5])('a day of 300 mixed messages keeps every rule, dice %d', (seed) => {
  const day = simulated(seed);
  expect(brokenRules(day.log, AGREED)).toEqual({});
  expect(day.log.filter(({ kind }) => kind === 'asked')).toHaveLength(300);
});

test('the day has something for every rule to catch', () => {
  const count = (holds: (entry: Entry) => boolean) => log.filter(holds).length;
  expect(new Set(asked.map(({ chat }) => chat)).size).toBe(30);
  for (const rank of ['reply', 'proactive', 'bulk'])
    expect(asked.filter((one) => one.rank === rank).length).toBeGreaterThan(40);
  for (const making of ['typed', 'recorded', 'picked'])
    expect(asked.filter((one) => one.making === making).length).toBeGreaterThan(30);
  for (const code of ['duplicate_message', 'daily_limit'])
    expect(count((one) => one.kind === 'refused' && one.code === code)).toBeGreaterThan(2);
  expect(putOff.recipient_rate).toBeGreaterThan(0);
  expect(putOff.burst).toBeGreaterThan(0);
});

const isPersons = ({ profile }: Asked) => profile !== 'instant';
const typedOnce = (one: Asked, done: string[]) =>
  isPersons(one) && one.making === 'typed' && done.filter((kind) => kind === 'composing').length === 1;
const BREAKS: Record<Rule, () => Entry[]> = {
  'every accepted message goes once': () => withoutDone(some(() => true).id, 'sent'),
  'typing takes its time': () => {
    const { id } = some(typedOnce);
    return moved(id, 'composing', timeOf(id, 'paused') - 100);
  },
  'typing is announced again every 20 s': () => {
    const { id } = some((_, done) => done.filter((kind) => kind === 'composing').length > 2);
    return without((entry) => entry.kind === 'composing' && entry.id === id && entry !== find(id, 'composing'));
  },
  'a voice note shows recording': () => {
    const { id } = some((_, done) => done.includes('recording'));
    return changed(find(id, 'recording'), { kind: 'composing' });
  },
  'what they wrote is read before it is answered': () =>
    withoutDone(some((_, done) => done.includes('read')).id, 'read'),
  'one thinks before typing': () => {
    const { id } = some((one, done) => typedOnce(one, done) && !done.includes('read'));
    return moved(id, 'available', timeOf(id, 'composing') - 100);
  },
  'a picture is chosen': () => {
    const { id } = some((one) => isPersons(one) && one.making === 'picked' && one.length === 0);
    return moved(id, 'available', timeOf(id, 'sent') - 500);
  },
  'one looks it over before sending': () => {
    const { id } = some(typedOnce);
    return moved(id, 'sent', timeOf(id, 'paused') + 10);
  },
  'typing stops before it is sent': () => withoutDone(some(typedOnce).id, 'paused'),
  'their presence is subscribed to': () => withoutDone(some((_, done) => done.includes('subscribe')).id, 'subscribe'),
  'one is online while typing': () => withoutDone(some(typedOnce).id, 'available'),
  'one goes offline after idling': () => {
    const isNear = (at: number) => log.some((one) => one.kind === 'begun' && one.at > at && one.at < at + 60_000);
    const beforeRest = log.find(({ kind, at }) => kind === 'unavailable' && !isNear(at));
    return without((entry) => entry === beforeRest);
  },
  'ten a minute': () => sentAtTimes(Array.from({ length: 11 }, (_, i) => Math.floor(i / 2) * 10_500 + (i % 2))),
  'rest after a burst': () => sentAtTimes([0, 1_000, 2_000, 31_000]),
  'five seconds more for somebody new': () => {
    const { id } = some(({ id: own, chat }, done) => {
      const first = asked.find((one) => one.chat === chat)?.id === own;
      return first && done.includes('available') && timeOf(own, 'available') - timeOf(own, 'begun') === 5_000;
    });
    return moved(id, 'begun', timeOf(id, 'available'));
  },
  'no text twice': () => without((entry) => entry.kind === 'refused' && entry.code === 'duplicate_message'),
  'no more than the day allows': () => {
    const refused = log.find((entry) => entry.kind === 'refused' && entry.code === 'daily_limit');
    return changed(refused, { retryAfter: 60 });
  },
  'nobody is written to first at night': () => {
    const { id } = some(({ rank, at }) => rank === 'proactive' && at === asked[0]?.at);
    return moved(id, 'begun', asked[0]?.at ?? 0);
  },
  'one chat at a time': () => {
    const begun = log.filter((entry): entry is Done => entry.kind === 'begun');
    return moved(begun[1]?.id ?? '', 'begun', timeOf(begun[0]?.id ?? '', 'sent') - 1);
  },
  'replies first, bulk last': () => {
    // Waited while another bulk message was begun; had it been a reply, it would have gone first.
    const { id } = some(
      (late) =>
        late.rank === 'bulk' &&
        asked.some((early) => {
          const begun = timeOf(early.id, 'begun');
          const waits = late.at < begun && begun < timeOf(late.id, 'begun');
          const isFree = !log.some(
            (one) => one.kind === 'sent' && isTo(one.id, late.chat) && one.at > begun - 60_000 && one.at < begun,
          );
          return early.rank === 'bulk' && waits && isFree;
        }),
    );
    return changed(find(id, 'asked'), { rank: 'reply' });
  },
};

test.each(ALL_RULES)('the checker sees when this is broken: %s', (rule) => {
  expect(Object.keys(brokenRules(BREAKS[rule](), AGREED))).toContain(rule);
});
