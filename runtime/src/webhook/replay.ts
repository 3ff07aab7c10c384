/** Events told once more to one subscriber, from the logs of the sessions it listens to. */
import type { EventEnvelope } from '../events.ts';
import type { DeliveryQueue } from './delivery-queue.ts';
import { positionAt, type EventLog } from './event-log.ts';
import { covered, fromEnd, inOrder, type KnownSession } from './event-stream.ts';
import { wants } from './filter.ts';
import type { Replayed, ReplayRange, Subscription } from './webhook.ts';

/** One replay's most; the answer says where to go on. */
export const MOST_REPLAYED = 10_000;

/**
 * A range is of the times that events tell, by the clock of who wrote them; where they stand goes by that of Redis, when they
 * are there. They are looked for so far around it.
 */
const CLOCKS_APART_MS = 60_000;

interface Replay {
  events: EventLog;
  queue: DeliveryQueue;
  sessions: () => Promise<KnownSession[]>;
}

/** Has the events of a range, or the last ones, delivered again in their order; those still waiting are not doubled. */
export async function replay(room: Replay, subscription: Subscription, range: ReplayRange): Promise<Replayed> {
  const { events, queue } = room;
  let sessions = covered(await room.sessions(), subscription);
  const { from = 0, to = Number.MAX_SAFE_INTEGER / 2_000 - CLOCKS_APART_MS } = range;
  const fits = (event: EventEnvelope) => event.timestamp >= from && event.timestamp <= to && wants(subscription, event);
  const before = positionAt(to + CLOCKS_APART_MS);
  let after = positionAt(from - CLOCKS_APART_MS);
  if (range.last !== undefined) after = Math.max(after, await beginningOf(events, fits, sessions, before, range.last));
  let queued = 0;
  const rest = new Rest();
  for (;;) {
    const { page, more } = await inOrder(events, sessions, { after, before });
    sessions = more;
    for (const event of page) {
      after = event.position;
      if (after > rest.until) return { queued, nextFrom: rest.from };
      if (!fits(event.envelope)) continue;
      if (queued === MOST_REPLAYED) rest.add(event.envelope);
      else if (await queue.repeat(subscription.webhookId, event)) queued += 1;
    }
    if (page.length === 0) return { queued, nextFrom: rest.from };
  }
}

/** What is more than goes at once. */
class Rest {
  /** The earliest time of them. */
  from: number | null = null;
  /** Behind this position none is earlier. */
  until = Number.POSITIVE_INFINITY;

  add({ timestamp }: EventEnvelope): void {
    if (this.from === null) this.until = positionAt(timestamp + 2 * CLOCKS_APART_MS);
    this.from = Math.min(timestamp, this.from ?? timestamp);
  }
}

/** Behind which position the last so many that are wanted are. */
async function beginningOf(
  events: EventLog,
  fits: (event: EventEnvelope) => boolean,
  sessions: ReturnType<typeof covered>,
  before: number,
  last: number,
): Promise<number> {
  let left = last;
  let end = before;
  for (;;) {
    const page = await fromEnd(events, sessions, end);
    if (page.length === 0) return 0;
    for (const { envelope, position } of page) {
      end = position;
      if (fits(envelope)) left -= 1;
      if (left === 0) return position - 1;
    }
  }
}
