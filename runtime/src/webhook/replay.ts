/** Events told once more to one subscriber, from the logs of the sessions it listens to. */
import type { DeliveryQueue } from './delivery-queue.ts';
import { positionAt, type EventLog } from './event-log.ts';
import { covered, fromEnd, inOrder, type KnownSession } from './event-stream.ts';
import { wants, type EventFilter } from './filter.ts';
import type { Replayed, ReplayRange, Subscription } from './webhook.ts';

/** One replay's most; the answer says where to go on. */
export const MOST_REPLAYED = 10_000;

interface Replay {
  events: EventLog;
  queue: DeliveryQueue;
  sessions: () => KnownSession[];
}

/** Has the events of a range, or the last ones, delivered again in their order; those still waiting are not doubled. */
export async function replay(room: Replay, subscription: Subscription, range: ReplayRange): Promise<Replayed> {
  const { events, queue } = room;
  const sessions = covered(room.sessions(), subscription);
  const before = positionAt((range.to ?? Number.MAX_SAFE_INTEGER / 2_000) + 1);
  let after = positionAt(range.from ?? 0) - 1;
  if (range.last !== undefined)
    after = Math.max(after, await beginningOf(events, subscription, sessions, before, range.last));
  let queued = 0;
  for (;;) {
    const page = await inOrder(events, sessions, { after, before });
    for (const event of page) {
      after = event.position;
      if (!wants(subscription, event.envelope)) continue;
      if (await queue.repeat(subscription.webhookId, event)) queued += 1;
      if (queued === MOST_REPLAYED) return { queued, nextFrom: event.envelope.timestamp + 1 };
    }
    if (page.length === 0) return { queued, nextFrom: null };
  }
}

/** Behind which position the last so many that are wanted are. */
async function beginningOf(
  events: EventLog,
  filter: EventFilter,
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
      if (wants(filter, envelope)) left -= 1;
      if (left === 0) return position - 1;
    }
  }
}
